"""Networks as ONNX models.

`model` is the way in. Every op has a rule in `rules`, found by the kind of the op; `graph` collects
the nodes, and keeps track of the order of the axes: ONNX's convolutions want channels first,
whatever the source's order is.
"""
