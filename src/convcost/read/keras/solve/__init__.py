"""What a summary does not print, solved from shapes and parameter counts.

The stages, each in its own file::

    items -> wiring -> order -> repair -> activations -> rules -> totals

``items`` are the rows as layers, ``wiring`` tells connections that are cut off, ``order`` the axes,
``repair`` fills cut sizes (by ``widths``), ``activations`` finds or assumes them, a rule per class
(with ``convolution``, ``geometry``, ``pooling``; ``inside`` for wrappers) makes the op of a row,
where code stands beside the table ``by_code`` does; ``agree`` checks it against the row, ``lost``
stands in for layers that the text lacks, ``totals`` compares the sums. The way in is
`convcost.read.keras.solve.reading.network_of`.
"""
