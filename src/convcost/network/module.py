"""The structure that a source gives its layers: modules in modules, nested models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.dataclass import dataclass, replace

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(frozen=True, slots=True)
class Module:
    """A part of the source's own structure: a `torch.nn.Module`, a nested Keras model.

    Attributes:
        path: its qualified name, parts joined by dots; empty for the whole.
        kind: its class, qualified: ``torch.nn.modules.conv.Conv2d``.
        parameters: ids of those that it holds itself, not those of its parts.
    """

    path: str
    kind: str
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """What a source calls a layer, which other counters go by.

    Attributes:
        function: what was called, ``aten.conv2d``; with its overload where that is not the default
            one, ``aten.conv2d.padding``.
        module: path of the module that called it.
        call: which call of that module, from 0.
        part_of: the function that the source called where this is one of the functions that it
            consists of: ``aten.tensordot``; empty where it was called itself.
    """

    function: str
    module: str = ""
    call: int = 0
    part_of: str = ""


def holding(modules: tuple[Module, ...], table: Collection[str]) -> tuple[Module, ...]:
    """The source's modules with those of their parameters that are still there."""
    return tuple(
        replace(module, parameters=tuple(id_ for id_ in module.parameters if id_ in table))
        for module in modules
    )
