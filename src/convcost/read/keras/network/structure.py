"""Models used as layers, kept as the structure of a Keras network that is written out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.dataclass import replace
from convcost.network.module import Module, Origin
from convcost.read.keras.classes import MODELS

if TYPE_CHECKING:
    from convcost.network.network import Network


class Structure:
    """Collects the models of a network and which of them calls which layer.

    Args:
        kind: the class of the whole, see `kind_of`; empty where the source does not tell.

    >>> structure = Structure("keras.Functional")
    >>> path = structure.part("", "encoder", "keras.Sequential")
    >>> path, structure.next_call(path), structure.next_call(path)
    ('encoder', 0, 1)
    """

    def __init__(self, kind: str) -> None:
        self._kinds = {"": kind}
        self._paths: dict[str, str] = {}
        self._calls: dict[str, int] = {}
        self._origins: dict[str, Origin] = {}

    def part(self, within: str, name: str, kind: str, key: str | None = None) -> str:
        """The path of a model that another one calls, once or several times.

        Args:
            within: path of the model that calls it.
            name: its own.
            kind: its class.
            key: the same for all calls of one model; default: its path.
        """
        path = f"{within}.{name}" if within else name
        path = self._paths.setdefault(key or path, path)
        self._kinds.setdefault(path, kind)
        return path

    def next_call(self, path: str) -> int:
        """The number of the next call of a model, from 0."""
        self._calls[path] = self._calls.get(path, -1) + 1
        return self._calls[path]

    def called(self, layer: str, function: str, module: str, call: int) -> None:
        """A layer of the network: its class, and the call of the model that it belongs to."""
        self._origins[layer] = Origin(function, module, call)

    def given_to(self, network: Network) -> Network:
        """The network with its models, and with the origins of its layers."""
        held: dict[str, list[str]] = {path: [] for path in self._kinds}
        free = {id_: None for id_, parameter in network.table.items() if parameter.learned}
        layers = []
        for layer in network.layers:
            origin = self._origins.get(layer.name)
            layers.append(replace(layer, origin=origin))
            own = [id_ for id_ in layer.parameters if id_ in free]
            held["" if origin is None else origin.module] += own
            for id_ in own:
                del free[id_]
        held[""] += free
        modules = tuple(Module(x, kind, tuple(held[x])) for x, kind in self._kinds.items())
        return replace(network, layers=tuple(layers), modules=modules)


def function_of(class_name: str, *, known: bool = True) -> str:
    """What a layer's class is called from outside: ``keras.Conv2D``; a custom one as it is.

    >>> function_of("Conv2D"), function_of("CapsuleLayer", known=False)
    ('keras.Conv2D', 'CapsuleLayer')
    """
    return f"keras.{class_name}" if known else class_name


def kind_of(class_name: str, custom: str | None) -> str:
    """The class of a model.

    Args:
        class_name: by which Keras connects its layers.
        custom: its own class, qualified, where that is not one of Keras's.

    >>> kind_of("Functional", None), kind_of("Functional", "mine.ResNet")
    ('keras.Functional', 'mine.ResNet')
    """
    return custom or function_of(class_name, known=class_name in MODELS)
