"""Model code as text: found among prose, read as a syntax tree, never run.

    lines -> blocks -> interpret (expressions, calls, layers) -> freeze

`lines` finds the statements, `blocks` puts them together by indentation, `interpret` follows what
they do to layers, tensors and models, and `freeze` turns the models into configuration.
"""
