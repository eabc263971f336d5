"""What a network is: sizes, tensors, parameters, layers, the graph. No format, no framework."""
