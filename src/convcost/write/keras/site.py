"""One layer on its way into a model: what a rule reads and writes."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from convcost.errors import NetworkError
from convcost.write.keras.graph import Numbers, Value
from convcost.write.layout import channels_first, plain_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from convcost.network.op import Op
    from convcost.network.parameter import Parameter
    from convcost.network.tensor import Tensor
    from convcost.write.keras.graph import Graph


@dataclass(frozen=True, slots=True)
class Part:
    """A layer inside another one, as an argument of it.

    Attributes:
        kind: its class in `keras.layers`, or the class itself.
        settings: arguments of the class.
    """

    kind: str | type
    settings: Mapping[str, Any]

    def made(self, **more: Any) -> Any:
        """The layer.

        Args:
            more: further arguments; those that are parts, too, become layers of the same dtype.

        Raises:
            NetworkError: this version of Keras has no such layer.
        """
        import keras

        kind = getattr(keras.layers, self.kind, None) if isinstance(self.kind, str) else self.kind
        if kind is None:
            raise NetworkError(f"Keras {keras.__version__} has no layer {self.kind}")
        dtype = {"dtype": more["dtype"]}

        def inner(value: Any) -> Any:
            if isinstance(value, list):
                return [inner(each) for each in value]
            return value.made(**dtype) if isinstance(value, Part) else value

        return kind(**{name: inner(value) for name, value in self.settings.items()}, **more)


@dataclass(slots=True, eq=False)
class Site:
    """One call of an op.

    Attributes:
        graph: collects layers and calls.
        op: what is to be written.
        own: the layer's name in the network.
        name: of whom it uses the layers: itself, or the first call of a shared layer.
        framework: whose conventions hold where the op does not tell.
        exact: whether the results count, not the cost alone.
        shared: whether several calls use the same layers.
        tensors: the op's inputs as the network has them.
        results: its outputs likewise.
        values: its inputs in the model.
        weights: the numbers of its parameters by the op's names, in the op's order of axes.
        parameters: these parameters by the same names.
        made: its outputs in the model, once they are given.
    """

    graph: Graph
    op: Op
    own: str
    name: str
    framework: str | None
    exact: bool
    shared: bool
    tensors: tuple[Tensor, ...]
    results: tuple[Tensor, ...]
    values: tuple[Value, ...]
    weights: dict[str, Any]
    parameters: dict[str, Parameter]
    made: dict[int, Value]

    def layer(
        self,
        kind: str | type,
        *inputs: Any,
        part: str = "",
        numbers: Mapping[str, Numbers] | None = None,
        call: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> Any:
        """Call a layer of `keras.layers`, which is made at its first call.

        Args:
            kind: its class, or that class's name.
            inputs: nodes; several ones that the layer takes as a list are given as a list.
            part: what its name has behind the network's layer; empty for the one that does the
                work.
            numbers: of its variables.
            call: further arguments of the call.
            settings: arguments of the class.

        Raises:
            NetworkError: this version of Keras has no such layer, or refuses its arguments.
        """
        policy = self.policy
        with _refusals():
            made, new = self.graph.layer(
                (self.name, part), (kind, settings),
                lambda name: Part(kind, settings).made(name=name, dtype=policy), self.own,
            )  # fmt: skip
            result = made(*inputs, **(call or {}))
        if new and numbers:
            self.graph.fill(made, numbers)
        return result

    def function(
        self, function: Callable[..., Any], *inputs: Any, part: str = "", **options: Any
    ) -> Any:
        """Call a function of `keras.ops`; `part` and errors as of `layer`."""
        with _refusals():
            made = function(*inputs, **options)
        return self.graph.named(made, self.own, part)

    @property
    def policy(self) -> str:
        """The dtype policy of its layers.

        Raises:
            NetworkError: Keras has none that computes and stores in these dtypes.
        """
        compute = self.results[0].dtype
        compute = compute if "float" in compute else "float32"
        stored = {p.dtype for p in self.parameters.values() if "float" in p.dtype} or {compute}
        if stored == {compute}:
            return compute
        if stored == {"float32"} and compute in {"float16", "bfloat16"}:
            return f"mixed_{compute}"
        raise NetworkError(f"it computes in {compute} with weights of {', '.join(sorted(stored))}")

    def numbers(self, weight: str, array: Any = None) -> Numbers:
        """A parameter's numbers; `array`: them in another order of axes."""
        array = self.weights[weight] if array is None else array
        return Numbers(array, (self.parameters[weight],))

    def turned(self, place: int, order: tuple[int, ...]) -> Any:
        """An input with its axes in that order."""
        return self.graph.turned(self.values[place], order, self.own)

    def plain(self, place: int = 0) -> Any:
        """An input with its axes in the network's order."""
        return self.turned(place, plain_order(self.tensors[place]))

    def channels_last(self, place: int = 0) -> Any:
        """An input as (batch, positions ..., channel).

        Raises:
            NetworkError: it has no such axes.
        """
        return self.turned(place, channels_last(self.tensors[place]))

    @property
    def positive(self) -> bool:
        """Whether no input holds a number below zero."""
        return all(value.positive for value in self.values)

    def give(
        self, node: Any, order: tuple[int, ...] | None = None, output: int = 0, *,
        positive: bool = False, zeros: bool = False,
    ) -> None:  # fmt: skip
        """A result, and how its axes lie; default: in the network's order."""
        order = plain_order(self.results[output]) if order is None else order
        self.made[output] = Value(node, order, positive, zeros)

    def give_channels_last(self, node: Any, *, positive: bool = False) -> None:
        """A result as (batch, positions ..., channel)."""
        self.give(node, channels_last(self.results[0]), positive=positive)

    def like_input(self, node: Any, *, positive: bool = False) -> None:
        """A result whose axes lie as those of the first input."""
        self.give(node, self.values[0].order, positive=positive)


@contextmanager
def _refusals() -> Iterator[None]:
    """What Keras refuses in its own words, as an error of convcost's."""
    try:
        yield
    except (TypeError, ValueError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise NetworkError(f"Keras refuses it: {first:.200}") from None


def channels_last(tensor: Tensor) -> tuple[int, ...]:
    """The places of the batch, of the axes that a window can slide over, and of the channels.

    Raises:
        NetworkError: there are others, or no channels.

    >>> from convcost.network.tensor import Tensor
    >>> channels_last(Tensor.of(batch=1, channel=3, height=8, width=8))
    (0, 2, 3, 1)
    """
    batch, channel, *positions = channels_first(tensor)
    return (batch, *positions, channel)


def is_image(tensor: Tensor) -> bool:
    """Whether the tensor has a batch, positions and channels, and nothing else."""
    try:
        return bool(channels_last(tensor))
    except NetworkError:
        return False


#: What writes an op into a model.
Rule: TypeAlias = "Callable[[Site], None]"
