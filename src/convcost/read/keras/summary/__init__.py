"""Reading a pasted Keras-style ``model.summary()`` table: text first, algebra later.

The stages, each in its own file::

    text -> clean (lines) -> segments (pieces between rules) -> row (cells) -> find (tables)

``shape`` and ``connections`` read the two cells that have a grammar of their own, ``draft`` is the
table that ``find`` fills, ``table`` holds the types that come out. The way in is
`convcost.read.keras.summary.find.find_tables`. Nothing here knows what a layer computes.
"""
