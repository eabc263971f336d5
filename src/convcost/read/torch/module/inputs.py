"""Example inputs: what the user gives, as arguments of a forward pass at any batch."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any, TypeAlias

from convcost.errors import UsageError
from convcost.network.dataclass import dataclass
from convcost.read.given import batch_axes, is_shape, shape_of
from convcost.read.torch.module.capture import tensors_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BatchAxis: TypeAlias = "int | Sequence[int | None] | None"

_HINT = (
    "give one example tensor or shape per argument of forward, the batch axis included: "
    "inputs=torch.zeros(1, 3, 224, 224), or inputs=(1, 3, 224, 224); on the command line without "
    "it: --input 3,224,224"
)


@dataclass(frozen=True, slots=True)
class Examples:
    """Arguments of a forward pass.

    Attributes:
        args: positional ones; tensors, or whatever else the user gives.
        kwargs: named ones.
        axes: the batch axis of each tensor among them, in order; None for none.
    """

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    axes: tuple[int | None, ...]

    def names(self, arguments: Sequence[str]) -> list[str]:
        """The name of the argument that each tensor belongs to, where there is one."""
        named = [*zip_longest(arguments[: len(self.args)], self.args, fillvalue="")]
        named += self.kwargs.items()
        return [name for name, value in named for _ in tensors_in(value)]

    @property
    def has_batch(self) -> bool:
        """Whether any input has a batch axis."""
        return any(axis is not None for axis in self.axes)

    @property
    def batch(self) -> int:
        """The batch that the user gave.

        Raises:
            UsageError: inputs differ in it, or lack the axis.
        """
        tensors = tensors_in((self.args, *self.kwargs.values()))
        sizes = set()
        for tensor, axis in zip(tensors, self.axes, strict=True):
            if axis is None:
                continue
            if not -tensor.dim() <= axis < tensor.dim():
                raise UsageError(f"an input of shape {tuple(tensor.shape)} has no axis {axis}",
                                 hint="batch_axis names the batch axis of each input")  # fmt: skip
            sizes.add(int(tensor.shape[axis]))
        if len(sizes) > 1:
            raise UsageError(
                f"the inputs have batches of {' and '.join(map(str, sorted(sizes)))}",
                hint="give batch_axis as one axis per input, None where an input has no batch",
            )
        return sizes.pop() if sizes else 1

    def at(self, batch: int | None, *, real: bool) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments at another batch; None for the one given.

        Args:
            batch: its size.
            real: with values; otherwise tensors without memory.
        """
        axes = iter(self.axes)

        def resized(value: Any) -> Any:
            import torch

            if isinstance(value, torch.Tensor):
                return _resized(value, next(axes), batch, real=real)
            if isinstance(value, dict):
                return {key: resized(part) for key, part in value.items()}
            if isinstance(value, (list, tuple)) and any(True for _ in tensors_in(value)):
                return [resized(part) for part in value]
            return value

        args = tuple(resized(value) for value in self.args)
        return args, {key: resized(value) for key, value in self.kwargs.items()}


def examples_of(inputs: Any, batch_axis: BatchAxis, dtype: Any) -> Examples:
    """Arguments from what the user gives.

    Args:
        inputs: a tensor, an array, a shape, or a sequence of these, one per argument; a mapping for
            named arguments.
        batch_axis: of all inputs, one per input, or None.
        dtype: of inputs given as shapes.

    Raises:
        UsageError: they cannot be understood.
    """
    if inputs is None:
        raise UsageError("a PyTorch module needs example inputs to be read", hint=_HINT)
    kwargs: dict[str, Any] = {}
    if isinstance(inputs, dict):
        args: tuple[Any, ...] = ()
        kwargs = {key: _example(value, dtype) for key, value in inputs.items()}
    elif isinstance(inputs, (list, tuple)) and not is_shape(inputs):
        args = tuple(_example(value, dtype) for value in inputs)
    elif isinstance(inputs, (int, float, str)):
        raise UsageError(f"{type(inputs).__name__!r} is no input: expected a tensor, an array or "
                         "a shape", hint=_HINT)  # fmt: skip
    else:
        args = (_example(inputs, dtype),)
    count = sum(1 for _ in tensors_in((args, *kwargs.values())))
    return Examples(args, kwargs, tuple(batch_axes(batch_axis, count)))


def _example(value: Any, dtype: Any) -> Any:
    import torch

    if isinstance(value, torch.Tensor):
        return value
    if is_shape(value):
        sizes = [1 if size is None else size for size in shape_of(value)]
        return torch.empty(sizes, dtype=dtype, device="meta")
    if hasattr(value, "__array__"):
        return torch.as_tensor(value)
    if isinstance(value, (list, tuple)):
        return [_example(part, dtype) for part in value]
    return value


def _memory_format(tensor: Any) -> Any:
    """Channels last or first: it decides what later layers copy."""
    import torch

    last = {4: torch.channels_last, 5: torch.channels_last_3d}.get(tensor.dim())
    if last is None or tensor.is_contiguous() or not tensor.is_contiguous(memory_format=last):
        return torch.contiguous_format
    return last


def _resized(tensor: Any, axis: int | None, batch: int | None, *, real: bool) -> Any:
    import torch

    shape = list(tensor.shape)
    if batch is not None and axis is not None:
        shape[axis] = batch
    if not real:
        layout = _memory_format(tensor)
        return torch.empty(shape, dtype=tensor.dtype, device="meta", memory_format=layout)
    if tensor.is_meta:
        return torch.zeros(shape, dtype=tensor.dtype)
    if shape == list(tensor.shape) or axis is None:
        return tensor.detach().clone()
    places = torch.arange(shape[axis]) % tensor.shape[axis]
    return tensor.detach().index_select(axis, places)
