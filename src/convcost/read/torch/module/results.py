"""Results of frequent operators on tensors without memory, faster than the framework makes them.

Shapes and memory formats follow the operators' definitions; whatever is out of the ordinary is left
to the framework (`NotImplemented`).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@cache
def quick_results() -> Mapping[Any, Callable[..., Any]]:
    """Operator -> what makes its result."""
    import torch

    aten = torch.ops.aten
    like = (aten.relu, aten.silu, aten.sigmoid, aten.tanh, aten.gelu, aten.hardswish, aten.hardtanh,
            aten.hardsigmoid, aten.leaky_relu, aten.elu, aten.mish)  # fmt: skip
    in_place = (aten.relu_, aten.silu_, aten.hardtanh_, aten.leaky_relu_, aten.hardswish_,
                aten.sigmoid_, aten.hardsigmoid_)  # fmt: skip
    found: dict[Any, Callable[..., Any]] = {op.default: _like for op in like}
    found |= {op.default: _same for op in in_place}
    found |= {op.Tensor: _pair for op in (aten.add, aten.mul, aten.sub)}
    found |= {op.Tensor: _in_place_pair for op in (aten.add_, aten.mul_)}
    found[aten.batch_norm.default] = _like
    found[aten.conv2d.default] = _conv2d
    found[aten.linear.default] = _linear
    found[aten.dropout.default] = _dropout
    found[aten.lstm.input] = _lstm
    found |= {op.input: _recurrent for op in (aten.gru, aten.rnn_tanh, aten.rnn_relu)}
    return found


def _plain(tensor: Any) -> bool:
    return bool(tensor.is_meta and tensor.is_contiguous())


def _like(tensor: Any, *_: Any, **__: Any) -> Any:
    import torch

    if not _plain(tensor):
        return NotImplemented
    return torch.empty(tensor.shape, dtype=tensor.dtype, device="meta")


def _same(tensor: Any, *_: Any, **__: Any) -> Any:
    return tensor if tensor.is_meta else NotImplemented


def _dropout(tensor: Any, _: float, train: bool) -> Any:
    return tensor if tensor.is_meta and not train else NotImplemented


def _equal(left: Any, right: Any) -> bool:
    import torch

    return (
        isinstance(right, torch.Tensor) and left.shape == right.shape and left.dtype == right.dtype
    )


def _pair(left: Any, right: Any, **kwargs: Any) -> Any:
    import torch

    if kwargs or not (_equal(left, right) and _plain(left) and _plain(right)):
        return NotImplemented
    return torch.empty(left.shape, dtype=left.dtype, device="meta")


def _in_place_pair(left: Any, right: Any, **kwargs: Any) -> Any:
    return left if not kwargs and _equal(left, right) and left.is_meta else NotImplemented


def _linear(tensor: Any, weight: Any, bias: Any = None) -> Any:
    import torch

    fits = weight.dim() == 2 and tensor.dim() > 0 and tensor.shape[-1] == weight.shape[1]
    fits = fits and (bias is None or bias.shape == weight.shape[:1])
    if not (fits and _plain(tensor) and tensor.dtype == weight.dtype):
        return NotImplemented
    return torch.empty((*tensor.shape[:-1], weight.shape[0]), dtype=tensor.dtype, device="meta")


def _lstm(
    tensor: Any, states: Any, params: Any, has_biases: bool, num_layers: int, dropout: float,
    train: bool, bidirectional: bool, batch_first: bool,
) -> Any:  # fmt: skip
    import torch

    del params, has_biases, num_layers, dropout, train, batch_first
    if not tensor.is_meta or tensor.dim() != 3:
        return NotImplemented
    features = states[0].shape[-1] * (1 + bidirectional)
    result = torch.empty((*tensor.shape[:-1], features), dtype=tensor.dtype, device="meta")
    return (result, *(torch.empty(s.shape, dtype=s.dtype, device="meta") for s in states))


def _recurrent(tensor: Any, state: Any, *args: Any) -> Any:
    result = _lstm(tensor, (state,), *args)
    return result if result is NotImplemented else (result[0], result[1])


def _conv2d(
    tensor: Any, weight: Any, bias: Any = None, stride: Any = (1, 1), padding: Any = (0, 0),
    dilation: Any = (1, 1), groups: int = 1,
) -> Any:  # fmt: skip
    import torch

    del bias
    fits = tensor.dim() == weight.dim() == 4 and tensor.shape[1] == weight.shape[1] * groups
    fits = fits and weight.shape[0] % groups == 0 and tensor.dtype == weight.dtype
    if not (fits and tensor.is_meta):
        return NotImplemented
    sizes = []
    for axis in (0, 1):
        s, p, d = (v[axis if len(v) > 1 else 0] for v in (stride, padding, dilation))
        extent = d * (weight.shape[axis + 2] - 1) + 1
        sizes.append((tensor.shape[axis + 2] + 2 * p - extent) // s + 1)
    if min(sizes) < 1:
        return NotImplemented
    shape = (tensor.shape[0], weight.shape[0], *sizes)
    return torch.empty(
        shape, dtype=tensor.dtype, device="meta", memory_format=_conv_format(tensor, weight)
    )


def _conv_format(tensor: Any, weight: Any) -> Any:
    """Channels last where the input or the kernel is so: the rule of the CPU's convolutions."""
    import torch

    for given in (tensor, weight):
        if not given.is_contiguous() and given.is_contiguous(memory_format=torch.channels_last):
            return torch.channels_last
    return torch.contiguous_format
