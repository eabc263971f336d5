"""One file per format. To add one, add a file with a function under `registry.renderer`."""
