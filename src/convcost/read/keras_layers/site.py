"""Where a layer stands, and its configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from convcost.errors import NetworkError
from convcost.ops.activation import activation_name
from convcost.ops.window import AXES, Window, window

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

    def activation(self, default: str = "linear") -> str:
        """The standard name of the layer's activation.

        Raises:
            NetworkError: it is not one that convcost knows.
        """
        stated = self.get("activation", default)
        name: str | None = activation_name(str(stated))
        if name is None:
            raise NetworkError(f"activation {stated!r} is not known")
        return str(name)

    def axis(self, default: int = -1) -> str:
        """The name of the axis that the configuration gives by number."""
        position = self.get("axis", default)
        position = position[0] if isinstance(position, (tuple, list)) else position
        name = self.inputs[0].names[position]
        if name is None:
            raise NetworkError(f"axis {position} of {self.inputs[0]} has no name")
        return str(name)


def each(value: object, rank: int) -> tuple[Dim, ...]:
    """A value given once, or once per axis, as one per axis.

    Raises:
        NetworkError: it is neither.
    """
    values: list[Any] = list(value) if isinstance(value, (tuple, list)) else [value] * rank
    if len(values) != rank or not all(isinstance(v, int) for v in values):
        raise NetworkError(f"{value!r} is not {rank} whole number{'s' if rank > 1 else ''}")
    return tuple(values)


#: What makes an op of a configuration. It raises NetworkError where something is not stated.
Rule: TypeAlias = "Callable[[Site], Op]"
