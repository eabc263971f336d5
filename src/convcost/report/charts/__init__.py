"""Our own small charts: values that know their numbers as a table and draw themselves as SVG.

One file per kind: `bars`, `curves`, `scatter`, `steps`. What they share: `axis` (what is drawn
along an edge), `scale` (numbers to pixels), `plot` (edges, grid and legend), `labels` (names that
do not overlap), `canvas` (elements), `theme` (colours), `svg` (a whole drawing). They know no
result.
"""
