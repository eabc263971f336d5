"""Reference networks, the seeds' networks among them. A family of networks is one file.

>>> names()[:3]
('alexnet', 'alexnet-caffe', 'googlenet')
>>> load("seed003?kernel=5&padding=same").layer("conv2d_2").outputs[0].shape
(N, 28, 28, 64)
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from importlib import import_module
from typing import TYPE_CHECKING

from convcost import folder
from convcost.errors import UsageError, unknown_name
from convcost.zoo.registry import ENTRIES, Accuracy, Entry, Setting, families

if TYPE_CHECKING:
    from convcost.network.network import Network

__all__ = ["Accuracy", "Entry", "Setting", "entries", "entry", "load", "matching", "names"]

#: Modules of this folder that hold no networks.
_HELPERS = frozenset({"chain", "keras_names", "registry"})


def load(name_with_query: str, /, **parameters: object) -> Network:
    """Build a network.

    Args:
        name_with_query: a name from `names`, and settings where wanted: ``seed003?kernel=5``.
        parameters: settings as Python values.

    Raises:
        UsageError: the name, a setting or its value is not known, or a setting is given twice.

    >>> load("seed001-cnn", filters=4).name
    'seed001-cnn?filters=4,4'
    """
    name, _, query = name_with_query.partition("?")
    found = entry(name)
    given: dict[str, object] = dict(parameters)
    for part in filter(None, query.split("&")):
        setting, equals, value = part.partition("=")
        if not equals:
            raise UsageError(f"'{part}' in {name}?{query}: expected parameter=value")
        if setting in given:
            raise UsageError(f"the parameter {setting} of {name} is given twice")
        given[setting] = value
    return found.build(given)


def matching(pattern: str) -> tuple[str, ...]:
    """The names, settings included, that a pattern stands for: ``resnet*``; a name is its own.

    Raises:
        UsageError: no network has such a name.

    >>> matching("alexnet*"), matching("alexnet?classes=10")
    (('alexnet', 'alexnet-caffe'), ('alexnet?classes=10',))
    """
    name, query, settings = pattern.partition("?")
    if "*" not in name:
        return (pattern,)
    found = tuple(f"{each}{query}{settings}" for each in names() if fnmatchcase(each, name))
    if not found:
        raise unknown_name("network of the zoo", name, names())
    return found


def entry(name: str) -> Entry:
    """What the zoo knows about a network; only its family is imported.

    Raises:
        UsageError: there is none of that name.
    """
    for family in _families().intersection(families(name)):
        import_module(f"{__name__}.{family}")
    if name not in ENTRIES:
        raise unknown_name("network of the zoo", name, names())
    return ENTRIES[name]


def names() -> tuple[str, ...]:
    """Names of all networks, sorted."""
    for family in _families():
        import_module(f"{__name__}.{family}")
    return tuple(sorted(ENTRIES))


def entries() -> tuple[Entry, ...]:
    """All networks, sorted by name."""
    return tuple(ENTRIES[name] for name in names())


def _families() -> set[str]:
    return folder.names(__name__) - _HELPERS
