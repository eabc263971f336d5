"""Names of layers as names that Python and PyTorch accept."""

from __future__ import annotations

import keyword
import re

_FORBIDDEN = re.compile(r"[^A-Za-z0-9_]+")


class Names:
    """Paths of a module's parts, each given once.

    Only letters, digits and underscores are kept: paths become part of generated code. A part that
    has no parts of its own cannot become a container: what would be inside of it is named beside
    it.

    Args:
        reserved: attributes that a module has already.

    >>> names = Names(frozenset({"forward"}))
    >>> [names.path(name) for name in ("block.0", "block", "forward", "block.0.add", "a b/c", "7")]
    ['block.0', 'block_', 'forward_', 'block_0_add', 'a_b_c', '7']
    """

    def __init__(self, reserved: frozenset[str]) -> None:
        self._reserved = reserved
        self._leaves: set[str] = set()
        self._containers: set[str] = set()

    def path(self, name: str) -> str:
        """A path that is not taken."""
        parts = [self._part(part) for part in name.split(".") if part] or ["layer"]
        if any(".".join(parts[:end]) in self._leaves for end in range(1, len(parts))):
            parts = ["_".join(parts)]
        path = ".".join(parts)
        while path in self._leaves or path in self._containers:
            path += "_"
        self._leaves.add(path)
        self._containers.update(".".join(parts[:end]) for end in range(1, len(parts)))
        return path

    def _part(self, part: str) -> str:
        part = _FORBIDDEN.sub("_", part)
        return f"{part}_" if part in self._reserved or keyword.iskeyword(part) else part


def identifier(name: str) -> str:
    """A name as the name of a Python variable or class.

    >>> identifier("input 1"), identifier("3d"), identifier("in")
    ('input_1', '_3d', 'in_')
    """
    made = _FORBIDDEN.sub("_", name)
    made = made if made and not made[0].isdigit() else f"_{made}"
    return f"{made}_" if keyword.iskeyword(made) else made
