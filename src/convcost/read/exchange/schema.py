"""The frame of a file: its keys, and the rows of named sizes."""

from __future__ import annotations

import msgspec


class SizeRow(msgspec.Struct, forbid_unknown_fields=True):
    """A named size.

    Attributes:
        size: what formulas call it.
        formula: what it stands for; None for a size that is open.
        name: its name where another size of the file has the same.
    """

    size: str
    formula: str | None = None
    name: str | None = None


class NetworkRows(msgspec.Struct, forbid_unknown_fields=True):
    """A network whose rows are not looked into yet."""

    name: str
    layers: list[msgspec.Raw]
    parameters: list[msgspec.Raw]
    outputs: list[msgspec.Raw]
    framework: str | None = None
    sizes: list[SizeRow] = []
    modules: list[msgspec.Raw] = []
    missing: list[str] = []
    measured: list[msgspec.Raw] = []
    notes: list[msgspec.Raw] = []


class File(msgspec.Struct, forbid_unknown_fields=True):
    """All of it."""

    format: str
    networks: list[NetworkRows]
