"""The arrays that a Keras file stores, found again for each layer of its configuration.

A file names arrays in one of two ways:

- ``.h5`` files of all Keras versions: a group per layer by its name; a model used as a layer has
  the arrays of all its layers in one list.
- ``.keras`` archives: groups nested as the layers are, by class and number:
  ``layers/conv2d_1/vars/0``, ``layers/bidirectional/forward_layer/cell/vars/2``.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, TypeAlias

from convcost.read.keras.config import Stored
from convcost.read.keras.snake_case import snake_case, snake_case_2

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Arrays by name, in groups.
Tree: TypeAlias = "Mapping[str, Tree | Stored]"

#: Where a model's layers are: Keras 3, and Keras 2.12 to 2.13.
_CONTAINERS = ("layers", "_layer_checkpoint_dependencies")
#: State of a layer that Keras counts in no total.
_NO_WEIGHTS = re.compile(r"seed_generator|_?seed_gen.*|optimizer|metrics?")
#: Parts of a layer in the order in which Keras lists their arrays, where that is no alphabet's.
_PARTS = ("query_dense", "_query_dense", "key_dense", "_key_dense", "value_dense", "_value_dense")
_FIRST_PARTS = ("forward_layer", *_PARTS)


class Group(ABC):
    """The arrays of one model."""

    @abstractmethod
    def layer(self, class_name: str, name: str) -> tuple[Stored, ...] | None:
        """Those of a layer; None where the source holds none. Layers are asked for in order."""

    @abstractmethod
    def model(self, class_name: str, name: str) -> Group:
        """Those of a model that is used as a layer."""

    @property
    def whole(self) -> tuple[Stored, ...] | None:
        """Those of all layers together, in Keras's order, where they are stored so."""
        return None

    @property
    def loose(self) -> tuple[Stored, ...]:
        """Those of the model itself."""
        return ()


class Nothing(Group):
    """A configuration without arrays."""

    def layer(self, class_name: str, name: str) -> None:
        """None."""
        del class_name, name

    def model(self, class_name: str, name: str) -> Nothing:
        """Nothing either."""
        del class_name, name
        return self


class ByClass(Group):
    """Groups of a ``.keras`` archive.

    Args:
        tree: the model's own group.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._numbers: dict[str, int] = {}
        found = (tree.get(name) for name in _CONTAINERS)
        self._layers: Tree = next((group for group in found if _is_group(group)), {})  # type: ignore[misc]

    def layer(self, class_name: str, name: str) -> tuple[Stored, ...]:
        """Arrays of the layer's group and of those below it."""
        del name
        return tuple(_arrays(self._next(class_name)))

    def model(self, class_name: str, name: str) -> ByClass:
        """The group of the same form one level below."""
        del name
        return ByClass(self._next(class_name))

    @property
    def loose(self) -> tuple[Stored, ...]:
        """Arrays that are the model's own."""
        own = self._tree.get("vars")
        return tuple(_arrays({"vars": own})) if own is not None else ()

    def _next(self, class_name: str) -> Tree:
        base = snake_case(class_name)
        number = self._numbers.get(base, 0)
        self._numbers[base] = number + 1
        names = (base, snake_case_2(class_name))
        found = (self._layers.get(f"{name}_{number}" if number else name) for name in names)
        group = next((group for group in found if group is not None), None)
        return {} if group is None or isinstance(group, Stored) else group


class ByName(Group):
    """Groups of an ``.h5`` file.

    Args:
        layers: the arrays of each layer, in order.
        loose: the model's own arrays.
    """

    def __init__(
        self, layers: Mapping[str, tuple[Stored, ...]], loose: tuple[Stored, ...] = ()
    ) -> None:
        self._layers = layers
        self._loose = loose

    def layer(self, class_name: str, name: str) -> tuple[Stored, ...]:
        """What the layer's own group holds."""
        del class_name
        return self._layers.get(name, ())

    def model(self, class_name: str, name: str) -> Group:
        """What the group of the model holds."""
        return WholeModel(self.layer(class_name, name))

    @property
    def loose(self) -> tuple[Stored, ...]:
        """What lies beside the layers."""
        return self._loose


class WholeModel(Group):
    """The arrays of a model that is used as a layer, all in one list, named by their layers.

    Args:
        arrays: in Keras's order: all trainable ones, then all others.
    """

    def __init__(self, arrays: tuple[Stored, ...]) -> None:
        self._arrays = arrays

    def layer(self, class_name: str, name: str) -> tuple[Stored, ...] | None:
        """Those that name the layer; None where none does."""
        del class_name
        own = tuple(array for array in self._arrays if _is_of(array.name, name))
        return own or None

    def model(self, class_name: str, name: str) -> WholeModel:
        """Those that name the model, if any do; else the same list."""
        return WholeModel(self.layer(class_name, name) or self._arrays)

    @property
    def whole(self) -> tuple[Stored, ...]:
        """All of them."""
        return self._arrays


def _is_of(path: str, layer: str) -> bool:
    """Whether an array's path has the layer's name in it; old files number it: ``conv2d_1_1``."""
    parts = path.split("/")[:-1]
    return layer in parts or any(
        part.startswith(f"{layer}_") and part[len(layer) + 1 :].isdigit() for part in parts[-1:]
    )


def _is_group(value: Tree | Stored | None) -> bool:
    return value is not None and not isinstance(value, Stored)


def _arrays(tree: Tree) -> Iterator[Stored]:
    """All arrays of a group: its own by number, then those of its parts."""
    own = tree.get("vars")
    if own is not None and not isinstance(own, Stored):
        numbered = [(name, item) for name, item in own.items() if isinstance(item, Stored)]
        yield from (item for _, item in sorted(numbered, key=lambda pair: _number(pair[0])))
    for name in sorted(tree, key=_part):
        part = tree[name]
        if name != "vars" and not isinstance(part, Stored) and not _NO_WEIGHTS.fullmatch(name):
            yield from _arrays(part)


def _number(name: str) -> tuple[int, str]:
    return (int(name[:9]) if name.isascii() and name.isdigit() else 0, name)


def _part(name: str) -> tuple[int, str]:
    order = _FIRST_PARTS.index(name) if name in _FIRST_PARTS else len(_FIRST_PARTS)
    return order, name
