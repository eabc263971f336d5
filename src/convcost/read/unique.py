"""Names that are given once each."""

from __future__ import annotations


def unique(wanted: str, taken: dict[str, int], form: str = "{}_{}") -> str:
    """The name, with a number behind it where it is taken.

    Args:
        wanted: the name.
        taken: the last number of each name that was given; changed.
        form: of a name with its number.

    >>> taken = {}
    >>> [unique(name, taken) for name in ("add", "add", "add_3", "add")]
    ['add', 'add_2', 'add_3', 'add_4']
    """
    name = wanted
    while name in taken:
        taken[wanted] += 1
        name = form.format(wanted, taken[wanted])
    taken[name] = 1
    return name
