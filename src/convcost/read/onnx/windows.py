"""Windows as ONNX states them: pads, auto_pad, ceil_mode."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import ceil_div, maximum
from convcost.ops.window import AXES, Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.dims import Dim
    from convcost.ops.window import Padding
    from convcost.read.onnx.site import Site
    from convcost.read.onnx.values import Value


def stated_pads(site: Site, spatial: int) -> tuple[int, ...] | None:
    """The pads that are stated in numbers: all before, then all after."""
    pads = site.integers("pads")
    if pads is None:
        return None
    if len(pads) != 2 * spatial:
        raise NetworkError(f"its attribute 'pads' has {len(pads)} numbers; expected {2 * spatial}")
    return pads


def each(site: Site, name: str, spatial: int) -> tuple[int, ...]:
    """An attribute with one number per window axis; 1 where it is missing.

    Raises:
        NetworkError: it has another number of them, or one below 1.
    """
    found = site.integers(name)
    if not found:
        return (1,) * spatial
    if len(found) != spatial or min(found) < 1:
        raise NetworkError(f"its attribute '{name}' is {found}; expected {spatial} numbers from 1")
    return found


def conv_windows(site: Site, tensor: Value, taps: Sequence[int]) -> tuple[Window, ...]:
    """The windows of a convolution.

    Raises:
        NetworkError: the attributes contradict each other.
    """
    spatial = len(taps)
    if site.attribute("kernel_shape") is not None and each(site, "kernel_shape", spatial) != taps:
        raise NetworkError(f"kernel_shape is {site.attribute('kernel_shape')}, its kernel {taps}")
    return windows_of(site, tensor, taps, ceil=False)


def windows_of(site: Site, tensor: Value, taps: Sequence[int], *, ceil: bool) -> tuple[Window, ...]:
    """Windows with the padding that the node states.

    Args:
        site: the node.
        tensor: what they slide over, its window axes last.
        taps: per window axis.
        ceil: whether a last window that lies partly behind the end counts.
    """
    spatial = len(taps)
    strides, dilations = each(site, "strides", spatial), each(site, "dilations", spatial)
    auto = site.text("auto_pad", "NOTSET")
    pads = stated_pads(site, spatial) if auto == "NOTSET" else None
    if not ceil and auto == "NOTSET":
        return _plain(tuple(taps), strides, dilations, pads)
    found = []
    for place, axis in enumerate(AXES[spatial]):
        k, s, d = taps[place], strides[place], dilations[place]
        size = tensor.sizes[place + 2]
        padding: Padding = "valid"
        if auto == "SAME_UPPER":
            padding = "same"
        elif auto == "SAME_LOWER":
            padding = _same_lower(size, d * (k - 1) + 1, s)
        elif auto == "NOTSET":
            before, after = (0, 0) if pads is None else (pads[place], pads[spatial + place])
            padding = _rounded_up(size, d * (k - 1) + 1, s, before, after)
        found.append(Window(axis, k, s, d, "valid" if padding == (0, 0) else padding))
    return tuple(found)


@lru_cache(maxsize=1_024)
def _plain(
    taps: tuple[int, ...],
    strides: tuple[int, ...],
    dilations: tuple[int, ...],
    pads: tuple[int, ...] | None,
) -> tuple[Window, ...]:
    """Windows that depend on nothing else; networks repeat a few of them."""
    spatial = len(taps)
    found = []
    for place, axis in enumerate(AXES[spatial]):
        padding: Padding = "valid"
        if pads is not None and (pads[place] or pads[spatial + place]):
            padding = (pads[place], pads[spatial + place])
        found.append(Window(axis, taps[place], strides[place], dilations[place], padding))
    return tuple(found)


def _same_lower(size: Dim, extent: int, stride: int) -> tuple[Dim, Dim]:
    total = maximum((ceil_div(size, stride) - 1) * stride + extent - size, 0)
    return total - total // 2, total // 2


def _rounded_up(size: Dim, extent: int, stride: int, before: Any, after: Any) -> tuple[Dim, Dim]:
    """Padding that the last window, cut off by the end, reads as well."""
    outputs = ceil_div(size + before + after - extent, stride) + 1
    if isinstance(outputs, int) and isinstance(size, int):
        if (outputs - 1) * stride >= size + before:
            outputs -= 1  # it would begin behind the end
        return before, max(after, (outputs - 1) * stride + extent - size - before)
    return before, (outputs - 1) * stride + extent - size - before


def slid(windows: Sequence[Window], sizes: Sequence[Dim]) -> list[Dim]:
    """Outputs of windows over axes of these sizes.

    Raises:
        NetworkError: an axis is smaller than its window.
    """
    found = []
    for window, size in zip(windows, sizes, strict=True):
        outputs = window.output(size)
        if isinstance(outputs, int) and outputs < 1:
            raise NetworkError(f"the {window.axis} of {size} is smaller than its window")
        found.append(outputs)
    return found
