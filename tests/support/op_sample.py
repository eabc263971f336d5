"""What a sample of an op is, and the tensors that several are called on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convcost.network.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcost.network.dims import Dim
    from convcost.network.op import Op

MODES = ("inference", "training")


def image(n: Dim, channels: int = 4) -> Tensor:
    return Tensor.of(batch=n, height=6, width=5, channel=channels)


def vector(n: Dim) -> Tensor:
    return Tensor.of(batch=n, feature=12)


def sequence(n: Dim, channels: int = 4) -> Tensor:
    return Tensor.of(batch=n, time=5, channel=channels)


def video(n: Dim) -> Tensor:
    return Tensor.of(batch=n, time=3, height=6, width=5, channel=4)


@dataclass(frozen=True)
class Sample:
    """An op and inputs for any batch, with what the general rule does not tell.

    Attributes:
        make: batch -> op and inputs.
        view_in: modes in which nothing is read or written.
        known: whether there is a cost.
        written_in_training: bytes written besides the results.
        weights_read: bytes of weights read for a batch of two, where that is not all of them.
        targets_read: bytes read for a batch of two that are no input.
        trains_by_products: whether training adds products.
        trains_unknown: whether the cost of training is not known.
        partial_products: whether the products are not yet the layer's results.
    """

    make: Callable[[Any], tuple[Op, tuple[Tensor, ...]]]
    view_in: tuple[str, ...] = ()
    known: bool = True
    weights_read: int | None = None
    targets_read: int = 0
    trains_by_products: bool = False
    trains_unknown: bool = False
    partial_products: bool = False
    written_in_training: int = 0
