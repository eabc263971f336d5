"""Parts found by their folder: a rule, a runtime, a reader is there because its file is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def modules(package: str) -> dict[str, Any]:
    """The modules of a package by their names, in alphabetical order; packages in it are left out.

    >>> "json" in modules("convcost.report.renderers")
    True
    """
    return {name: import_module(f"{package}.{name}") for name in sorted(names(package))}


def names(package: str) -> set[str]:
    """The names of a package's modules, none of which is imported; packages in it are left out."""
    found: set[str] = set()
    for path in import_module(package).__path__:
        if os.path.isdir(path):  # noqa: PTH112 - pathlib takes long to import
            files = (os.path.splitext(name) for name in os.listdir(path))  # noqa: PTH122, PTH208
            found |= {name for name, suffix in files if suffix in (".py", ".pyc")}
        else:  # an archive, which `pkgutil` looks into; it imports `inspect`
            from pkgutil import iter_modules

            found |= {module.name for module in iter_modules([path]) if not module.ispkg}
    return found - {"__init__"}


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


class NameTable(Mapping[Any, Any]):
    """What `table` gives, of which a file is imported when something that it has is asked for.

    Its package states in a table which file has what: that a process imports four files of twenty
    is worth a row per rule. A contract test holds the rows against what the files define.

    Args:
        package: whose modules define tables under the name.
        files: module -> what its table has, separated by blanks.
        name: of the tables.

    Raises:
        ValueError: two files are to have the same.
    """

    def __init__(self, package: str, files: Mapping[str, str], name: str = "RULES") -> None:
        self.package, self.name = package, name
        #: what -> the module that has it
        self.files: dict[str, str] = {}
        for module, names in files.items():
            for each in names.split():
                if self.files.setdefault(each, module) != module:
                    raise ValueError(f"{package} has two rows for {each}")
        self._found: dict[str, Any] = {}

    def __getitem__(self, key: Any) -> Any:
        if key not in self._found:
            module = import_module(f"{self.package}.{self.files[key]}")
            self._found[key] = getattr(module, self.name)[key]
        return self._found[key]

    def __contains__(self, key: object) -> bool:
        return key in self.files

    def __iter__(self) -> Iterator[Any]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)
