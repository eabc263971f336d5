"""Networks run on given numbers, in a process of their own where the runtime is a framework."""
