"""Reading a pasted Keras-style ``model.summary()`` table: text first, algebra later.

The stages, each in its own file and each knowing only the one before it::

    text -> clean (lines) -> segments (pieces between rules) -> row (cells) -> find (tables)

``shape`` and ``connections`` read the two cells that have a grammar of their own, ``table`` holds
the types that come out. Nothing here knows what a layer computes.
"""
