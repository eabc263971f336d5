"""Learn how long kernels take on this machine: networks are drawn, run, and fitted."""
