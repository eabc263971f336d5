"""How far solving looks: beyond these there are no layers that people write."""

from __future__ import annotations

#: Positions of a kernel that are multiplied: 32 by 32, or 10 by 10 by 10.
MAX_TAPS = 1024
#: One side of a kernel.
MAX_SIDE = 31
#: One side of a kernel that is taken for likely where several fit.
LIKELY_SIDE = 15
#: One side of a kernel that is tried for what a column cut off, where little else is known.
SMALL_SIDE = 11
#: One side of a pooling window.
MAX_WINDOW = 16
MAX_STRIDE = 16
MAX_DILATION = 16
#: Other readings that a note lists.
MOST_ALTERNATIVES = 4
