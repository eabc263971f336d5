"""Windows, their padding and their kernels as Keras wants them: channels last."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import number
from convcost.write.windows import in_order, pads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.tensor import Tensor
    from convcost.ops.window import Window
    from convcost.write.keras.site import Site


def check_axes(count: int) -> None:
    """Refuse windows over so many axes that Keras has no layer for them.

    Raises:
        NetworkError: there are none, or more than three.
    """
    if not 1 <= count <= 3:
        raise NetworkError(f"windows over {count} axes; Keras has them over 1, 2 and 3")


def window_settings(windows: Sequence[Window]) -> dict[str, Any]:
    """Kernel, strides and dilations as Keras's convolutions have them."""
    return {
        "kernel_size": tuple(number(w.kernel, "kernel") for w in windows),
        "strides": tuple(number(w.stride, "stride") for w in windows),
        "dilation_rate": tuple(number(w.dilation, "dilation") for w in windows),
    }


def taps_in_order(kernel: Any, tensor: Tensor, windows: Sequence[Window]) -> Any:
    """A kernel of (taps ..., two others) with its taps in the order of the tensor's axes."""
    given = [w.axis for w in windows]
    taps = [given.index(w.axis) for w in in_order(tensor, windows)]
    return kernel.transpose([*taps, kernel.ndim - 2, kernel.ndim - 1])


def is_same(tensor: Tensor, windows: Sequence[Window]) -> bool:
    """Whether the windows' padding is what ``same`` gives for this tensor."""
    amounts = pads(tensor, windows)
    for window, amount in zip(windows, amounts, strict=True):
        same, size = replace(window, padding="same"), tensor.size(window.axis)
        if same.pads(size) != amount or same.output(size) != window.output(size):
            return False
    return True


def padded(site: Site, windows: Sequence[Window], *, causal: bool = False) -> tuple[Any, str]:
    """The input as (batch, positions ..., channel), and the padding that its layer is to have.

    Other padding than ``valid`` and ``same`` is a layer before it, unless it comes to one of these;
    where calls share a layer it stays one, since their inputs may have other sizes.

    Args:
        site: of the layer.
        windows: in the order of the positions.
        causal: whether the layer can pad before the axis only.
    """
    check_axes(len(windows))
    tensor, node = site.tensors[0], site.channels_last()
    stated = {window.padding for window in windows}
    if stated <= {"valid"}:
        return node, "valid"
    if stated == {"same"}:
        return node, "same"
    if stated == {"causal"} and causal:
        return node, "causal"
    amounts = pads(tensor, windows)
    if not any(map(any, amounts)):
        return node, "valid"
    if not site.shared and is_same(tensor, windows):
        return node, "same"
    return zeros_around(site, node, amounts), "valid"


def zeros_around(
    site: Site, node: Any, amounts: Sequence[tuple[int, int]], part: str = "pad"
) -> Any:
    """Zeros around the positions of (batch, positions ..., channel), by a layer."""
    rank = len(amounts)
    padding = amounts[0] if rank == 1 else tuple(amounts)
    return site.layer(f"ZeroPadding{rank}D", node, part=part, padding=padding)


def cut(site: Site, node: Any, amounts: Sequence[tuple[int, int]], part: str = "crop") -> Any:
    """The positions without those at their ends, by a layer."""
    rank = len(amounts)
    cropping = amounts[0] if rank == 1 else tuple(amounts)
    return site.layer(f"Cropping{rank}D", node, part=part, cropping=cropping)
