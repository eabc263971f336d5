"""Pasted printouts of PyTorch models: torchsummary, torchinfo, torch-scan, torchstat, fastai.

The stages, each in its own file and each knowing only those before it::

    text -> find (tables) -> layout (leaves, containers) -> network (ops, by ``rules``)

``cells``, ``tree`` and ``flat`` hold the grammars of rows, ``names`` the classes, ``inputs`` what a
row was given; ``check`` compares a tool's own figures with ours. Importing this package loads none
of them.
"""

from __future__ import annotations

import re

_TRACES = re.compile(
    r"depth-idx|\(var_name\)|[├└]─ ?\w|module name +input shape|\(Input shape: |mult-adds"
    r"|Estimated Total Size|\d x \d++ x \d|Total trainable params|Multiply-Accumulations"
    r"|\w-\d++ ++\[|\n *\+ [A-Z]\w++ {2}|[a-z][123]d ++\[\d"
)
_ENTITY = re.compile(r"&(?:#[0-9]{1,5}|#x[0-9a-fA-F]{1,4}|[a-z]{2,6});")


def looks_like(text: str) -> bool:
    """Whether a text may hold such a printout; the cheap question before the reading.

    >>> looks_like("Conv2d-1  [-1, 64, 8, 8]  576"), looks_like("conv (Conv2D) (None, 8, 4) 40")
    (True, False)
    """
    if "&" in text:
        text = _ENTITY.sub(" ", text)
    return _TRACES.search(text) is not None
