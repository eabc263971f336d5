"""Parts found by their folder: a rule, a runtime, a reader is there because its file is."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Any


def modules(package: str) -> dict[str, Any]:
    """The modules of a package by their names, in alphabetical order; packages in it are left out.

    >>> "json" in modules("convcost.report.renderers")
    True
    """
    path = import_module(package).__path__
    names = sorted(module.name for module in iter_modules(path) if not module.ispkg)
    return {name: import_module(f"{package}.{name}") for name in names}


def defined(package: str, name: str) -> list[Any]:
    """What the modules of a package define under a name; those that do not are passed over."""
    found = modules(package).values()
    return [getattr(module, name) for module in found if hasattr(module, name)]


def by_name(package: str, name: str) -> dict[str, Any]:
    """The same by the ``name`` of each."""
    return {each.name: each for each in sorted(defined(package, name), key=lambda x: x.name)}


def table(package: str, name: str = "RULES") -> dict[Any, Any]:
    """The tables that the modules of a package define under a name, as one.

    Raises:
        ValueError: two files have a rule for the same.
    """
    merged: dict[Any, Any] = {}
    for part in defined(package, name):
        twice = merged.keys() & part.keys()
        if twice:
            raise ValueError(f"{package} has two rules for {', '.join(map(str, sorted(twice)))}")
        merged |= part
    return merged
