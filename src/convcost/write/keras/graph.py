"""The model while it is built: its layers, their calls, how tensors lie in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.write.keras.names import Names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from convcost.network.parameter import Parameter


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor of the model.

    Attributes:
        node: symbolic; or a constant that depends on no input.
        order: for each of its axes, the position of that axis in the network's tensor.
        positive: whether it is known to hold no number below zero.
        zeros: whether it is known to hold nothing but zeros; there is no node then.
    """

    node: Any
    order: tuple[int, ...]
    positive: bool = False
    zeros: bool = False


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a variable of a layer holds.

    Attributes:
        array: the numbers as Keras orders them.
        parameters: whose numbers these are.
    """

    array: Any
    parameters: tuple[Parameter, ...]


class Graph:
    """Layers and their calls.

    Args:
        layers: the names of the network's layers.
    """

    def __init__(self, layers: Iterable[str]) -> None:
        self.names = Names(layers)
        self.inputs: list[Any] = []
        #: layers by what was asked for, so that shared layers share them, and their settings
        self._layers: dict[tuple[str, str], tuple[Any, Any]] = {}
        self._homes: dict[str, int] = {}
        self._turned: dict[tuple[int, tuple[int, ...]], Any] = {}

    def layer(
        self, key: tuple[str, str], settings: Any, make: Callable[[str], Any], owner: str
    ) -> tuple[Any, bool]:
        """The layer of that key, and whether it is new: made at its first call.

        Args:
            key: whose it is, and which part of it.
            settings: calls with other settings get another layer, under the owner's name.
            make: makes it under a name.
            owner: the layer of the network that is being written.
        """
        known = self._layers.get(key)
        if known is not None and known[1] == settings:
            return known[0], False
        made = make(self.names.of(owner if known else key[0], key[1]))
        self._layers.setdefault(key, (made, settings))
        return made, True

    def fill(self, layer: Any, numbers: Mapping[str, Numbers]) -> None:
        """Give the layer's variables their numbers, and freeze what is frozen.

        Args:
            layer: built.
            numbers: by the variables' attributes: ``kernel``, ``cell.cells.0.bias``.

        Raises:
            NetworkError: a parameter is another layer's already: in Keras each has its own.
        """
        learned = [p for each in numbers.values() for p in each.parameters if p.learned]
        if learned and not any(p.trainable for p in learned):
            layer.trainable = False
        for path, each in numbers.items():
            variable = _variable(layer, path)
            for parameter in each.parameters:
                if self._homes.setdefault(parameter.id, id(layer)) != id(layer):
                    raise NetworkError(
                        f"'{parameter.id}' is used by several layers; a weight of Keras belongs "
                        "to one"
                    )
            if variable.trainable and not any(p.trainable for p in each.parameters):
                variable.trainable = False
            variable.assign(each.array)
        if hasattr(layer, "finalize_state"):  # it computes with copies of its statistics
            layer.finalize_state()

    def turned(self, value: Value, order: tuple[int, ...], owner: str) -> Any:
        """The value with its axes in another order, by a layer of the owner's.

        Raises:
            NetworkError: it has no node: it holds zeros, which Keras makes itself where they are
                used.
        """
        if value.zeros:
            raise NetworkError("a tensor of zeros is used by something else than a recurrent layer")
        if value.order == order:
            return value.node
        key = (id(value.node), order)
        if key not in self._turned:
            steps = tuple(value.order.index(position) for position in order)
            self._turned[key] = value.node, self._permuted(value, order, steps, owner)
        return self._turned[key][1]

    def _permuted(
        self, value: Value, order: tuple[int, ...], steps: tuple[int, ...], owner: str
    ) -> Any:
        """By a Reshape where only axes of one value change places."""
        import keras

        if not is_symbolic(value.node):
            return keras.ops.transpose(value.node, steps)
        node, dtype = value.node, _policy(value.node.dtype)
        if steps[0] == 0 and same_values(node.shape, value.order, order):
            target = tuple(node.shape[step] for step in steps[1:])
            name = self.names.of(owner, "reshape")
            return keras.layers.Reshape(target, name=name, dtype=dtype)(node)
        if steps[0] == 0:
            name = self.names.of(owner, "permute")
            return keras.layers.Permute(steps[1:], name=name, dtype=dtype)(node)
        return self.named(keras.ops.transpose(node, steps), owner, "permute")

    def named(self, made: Any, owner: str, part: str) -> Any:
        """The result of a function of `keras.ops`, whose call gets a name.

        What is made of constants is one itself.
        """
        first = made[0] if isinstance(made, (tuple, list)) else made
        if not is_symbolic(first):
            return made
        # Keras has no other way to name what a function adds to a graph
        first._keras_history.operation.name = self.names.of(owner, part)  # noqa: SLF001
        return made

    def finished(self, name: str, results: Sequence[Any]) -> Any:
        """The whole as a `keras.Model`."""
        import keras

        single = len(self.inputs) == 1
        return keras.Model(
            self.inputs[0] if single else self.inputs,
            results[0] if len(results) == 1 else list(results),
            name=name,
        )


def is_symbolic(node: Any) -> bool:
    """Whether a node depends on an input; else it is a constant."""
    return hasattr(node, "_keras_history")


def _variable(layer: Any, path: str) -> Any:
    """What is found by attributes, and by numbers in lists."""
    for step in path.split("."):
        layer = layer[int(step)] if step.isdecimal() else getattr(layer, step)
    return layer


def _policy(dtype: str) -> str:
    """The policy of a layer that only moves values of that dtype."""
    return dtype if "float" in dtype else "float32"


def same_values(sizes: Sequence[int | None], order: Sequence[int], wanted: Sequence[int]) -> bool:
    """Whether a tensor's values come in the same sequence in another order of its axes.

    Args:
        sizes: in the order in which it lies; None for one that is not known.
        order: in which it lies.
        wanted: the other one.

    >>> same_values((None, 1, 1, 8), (0, 2, 3, 1), (0, 1, 2, 3))
    True
    >>> same_values((None, 2, 1, 8), (0, 2, 3, 1), (0, 1, 2, 3))
    False
    """
    long = {place for size, place in zip(sizes, order, strict=True) if size != 1}
    return [p for p in order if p in long] == [p for p in wanted if p in long]
