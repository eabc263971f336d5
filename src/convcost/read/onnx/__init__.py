"""ONNX files as networks: read from the bytes alone, nothing is run.

`wire` scans the file without copying tensor data, `messages` are what it finds, `graph` makes
layers of the nodes by the name tables in `rules`.
"""
