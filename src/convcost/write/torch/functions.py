"""Functions that a written module calls where PyTorch has none of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


def squareplus(x: Any) -> Any:
    """``(x + sqrt(x*x + 4)) / 2``."""
    return (x + (x * x + 4).sqrt()) / 2


def sparse_sigmoid(x: Any) -> Any:
    """``(x + 1) / 2`` between 0 and 1."""
    return ((x + 1) / 2).clamp(0, 1)


def sparse_plus(x: Any) -> Any:
    """0 up to -1, ``x`` from 1 on, ``(x + 1)**2 / 4`` between them."""
    return (x + 1).clamp(0, 2).square() / 4 + (x - 1).relu()


def leaky(x: Any, slopes: Any) -> Any:
    """``x`` where it is positive, else its product with slopes, which broadcast."""
    return x.relu() - slopes * (-x).relu()


def unit_length(x: Any, places: Sequence[int], epsilon: float) -> Any:
    """Divided by the Euclidean length, whose square is at least epsilon, along axes."""
    return x * x.square().sum(tuple(places), keepdim=True).clamp_min(epsilon).rsqrt()


def normalized(x: Any, mean: Any, variance: Any, least: float) -> Any:
    """Less the mean, divided by the deviation, which is at least a number; all broadcast."""
    return (x - mean) / variance.sqrt().clamp(min=least)


def filled(like: Any, axis: int, shape: Sequence[int], number: float, dtype: str) -> Any:
    """A number everywhere; -1 in the shape is the size of an axis of `like`."""
    import torch

    sizes = [like.shape[axis] if size < 0 else size for size in shape]
    return like.new_full(sizes, number, dtype=getattr(torch, dtype))


def average_inside(
    x: Any, pads: Sequence[int], kernel: Sequence[int], stride: Sequence[int]
) -> Any:
    """The average of what each window covers of the input; x is (batch, channel, positions ...)."""
    import torch
    from torch.nn import functional

    pool: Any = (functional.avg_pool1d, functional.avg_pool2d, functional.avg_pool3d)[
        len(kernel) - 1
    ]
    inside = torch.ones_like(x[:1, :1])
    sums, counts = (pool(functional.pad(each, tuple(pads)), kernel, stride) for each in (x, inside))
    return sums / counts


def recurrent(
    x: Any, kernel: Any, recurrent_kernel: Any, bias: Any, *,
    kind: str, activation: str, gate: str,
) -> Any:  # fmt: skip
    """The results of a cell at every step, as Keras computes them.

    Args:
        x: (batch, time, features).
        kernel: (features, gates * units), its gates in Keras's order.
        recurrent_kernel: (units, gates * units).
        bias: (gates * units,), or None.
        kind: ``simple``, ``gru`` (the reset gate before the product), ``lstm``.
        activation: a function by its name in PyTorch.
        gate: the gates' function likewise.
    """
    import torch

    act, sigma = _function(activation), _function(gate)
    units = recurrent_kernel.shape[0]
    products = x @ kernel if bias is None else x @ kernel + bias
    state = memory = x.new_zeros(x.shape[0], units)
    results = []
    for product in products.unbind(1):
        if kind == "simple":
            state = act(product + state @ recurrent_kernel)
        elif kind == "lstm":
            given, forget, new, out = (product + state @ recurrent_kernel).chunk(4, 1)
            memory = sigma(forget) * memory + sigma(given) * act(new)
            state = sigma(out) * act(memory)
        else:
            both = product[:, : 2 * units] + state @ recurrent_kernel[:, : 2 * units]
            update, reset = sigma(both).chunk(2, 1)
            new = act(product[:, 2 * units :] + (reset * state) @ recurrent_kernel[:, 2 * units :])
            state = update * state + (1 - update) * new
        results.append(state)
    return torch.stack(results, 1)


def _function(name: str) -> Any:
    import torch

    return getattr(torch.nn.functional, name, None) or getattr(torch, name)
