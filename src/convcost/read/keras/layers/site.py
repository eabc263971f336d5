"""Where a layer stands, and its configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from convcost.errors import NetworkError
from convcost.network.dataclass import dataclass
from convcost.ops.activation import activation_name
from convcost.ops.window import AXES, Window, window
from convcost.read.axis_names import axis_names
from convcost.read.keras.config import LayerConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcost.network.dims import Dim
    from convcost.network.op import Op
    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True)
class Site:
    """Where a layer stands: what its configuration has to be read against.

    Attributes:
        config: arguments by their Keras 3 names; absent ones have Keras's defaults.
        inputs: the tensors it is called on.
        channels_first: of the model, where the layer does not say.
    """

    config: Mapping[str, Any]
    inputs: tuple[Tensor, ...]
    channels_first: bool = False

    def get(self, name: str, default: Any = None) -> Any:
        """An argument, or its default."""
        value = self.config.get(name)
        return default if value is None else value

    def need(self, name: str) -> Any:
        """An argument without a default.

        Raises:
            NetworkError: the source does not state it.
        """
        value = self.config.get(name)
        if value is None or not isinstance(value, (int, float, str, tuple, list)):
            raise NetworkError(f"'{name}' is not stated")
        return value

    def windows(self, rank: int, size: str, *, stride: object = 1) -> tuple[Window, ...]:
        """The windows of a layer over so many axes."""
        kernel = self.need(size) if size == "kernel_size" else self.get(size, 2)
        return window(
            each(kernel, rank),
            each(self.get("strides", kernel if stride is None else stride), rank),
            padding=str(self.get("padding", "valid")).lower(),  # type: ignore[arg-type]
            dilation=each(self.get("dilation_rate", 1), rank),
            axes=AXES[rank],
        )

    def activation(self, default: str = "linear", argument: str = "activation") -> str:
        """The standard name of the layer's activation; none at all is ``linear``.

        Raises:
            NetworkError: it is not one that convcost knows.
        """
        stated = _function_name(self.config.get(argument, default))
        name: str | None = activation_name(stated)
        if name is None:
            raise NetworkError(f"activation {stated!r} is not known")
        return str(name)

    def real(self, argument: str, default: float) -> float:
        """An argument that is a plain number.

        Raises:
            NetworkError: it is not.
        """
        value = self.get(argument, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise NetworkError(f"{argument} is {value!r}; expected a number")
        return float(value)

    def names(self, rank: int) -> tuple[str | None, ...]:
        """Keras's names for the axes of a tensor of so many, the batch included."""
        return axis_names(rank, channels_first=self.channels_first)

    def axes(self, argument: str, default: object = -1) -> tuple[str, ...]:
        """The names of the axes that the configuration gives by number, one or several.

        Raises:
            NetworkError: there is no such axis, or it has no name.
        """
        stated = self.config.get(argument, default)
        positions = stated if isinstance(stated, (tuple, list)) else (stated,)
        return tuple(self.axis_name(position) for position in positions)

    def axis_name(self, position: object) -> str:
        """The name of an axis of the first input.

        Raises:
            NetworkError: there is no such axis, or it has no name.
        """
        tensor = self.inputs[0]
        rank = len(tensor.axes)
        if not isinstance(position, int) or not -rank <= position < rank:
            raise NetworkError(f"{tensor} has no axis {position!r}")
        name = tensor.names[position]
        if name is None:
            raise NetworkError(f"axis {position} of {tensor} has no name")
        return name

    def among(self, *inputs: Tensor, config: Mapping[str, Any]) -> Site:
        """The site of a layer inside this one."""
        return Site(config, inputs, self.channels_first)

    def axis(self, default: int = -1) -> str:
        """The name of the axis that the configuration gives by number."""
        position = self.get("axis", default)
        return self.axis_name(position[0] if isinstance(position, (tuple, list)) else position)


def each(value: object, rank: int) -> tuple[Dim, ...]:
    """A value given once, or once per axis, as one per axis.

    Raises:
        NetworkError: it is neither.
    """
    values: list[Any] = list(value) if isinstance(value, (tuple, list)) else [value] * rank
    if len(values) != rank or not all(isinstance(v, int) for v in values):
        raise NetworkError(f"{value!r} is not {rank} whole number{'s' if rank > 1 else ''}")
    return tuple(values)


def sides(stated: Any, rank: int) -> tuple[tuple[str, Any, Any], ...]:
    """Axes with the amounts before and after them, stated once, per axis, or per side of each.

    Raises:
        ValueError: there are other than so many.
    """
    listed = isinstance(stated, (tuple, list))
    amounts = []
    for axis, amount in zip(
        AXES[rank], stated if listed and rank > 1 else (stated,) * rank, strict=True
    ):
        before, after = amount if isinstance(amount, (tuple, list)) else (amount, amount)
        amounts.append((axis, before, after))
    return tuple(amounts)


def _function_name(stated: object) -> str | None:
    """A function by its name, or stated as a layer: ``activation=LeakyReLU()``."""
    if isinstance(stated, LayerConfig):
        return stated.class_name
    return None if stated is None else str(stated)


#: What makes an op of a configuration. It raises NetworkError where something is not stated.
Rule: TypeAlias = "Callable[[Site], Op]"
