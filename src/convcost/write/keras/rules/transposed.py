"""Transposed convolutions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import number
from convcost.ops.conv_transpose import ConvTranspose
from convcost.write.keras.rules.activation import POSITIVE
from convcost.write.keras.rules.convolution import with_activation
from convcost.write.keras.windows import check_axes, cut, taps_in_order, window_settings
from convcost.write.windows import cuts, in_order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.ops.window import Window
    from convcost.write.keras.site import Rule, Site


def _transposed(site: Site) -> None:
    """Keras's own padding where it comes to that; else none, and a layer that cuts.

    Raises:
        NetworkError: it has groups, or strides and dilations at once, which Keras has not.
    """
    op: Any = site.op
    windows = in_order(site.tensors[0], op.windows)
    check_axes(len(windows))
    settings = window_settings(windows)
    if number(op.groups, "groups") != 1:
        raise NetworkError("a transposed convolution in groups, which Keras does not have")
    if max(settings["strides"]) > 1 and max(settings["dilation_rate"]) > 1:
        raise NetworkError("a stride and a dilation at once, which Keras's convolutions refuse")
    kernel = taps_in_order(site.weights["kernel"], site.tensors[0], op.windows)
    padding, added, left = _padding(site, windows)
    made = with_activation(
        site, f"Conv{len(windows)}DTranspose", site.channels_last(),
        numbers={"kernel": site.numbers("kernel", kernel)}, filters=kernel.shape[-2],
        padding=padding, output_padding=added, **settings,
    )  # fmt: skip
    if any(map(any, left)):
        made = cut(site, made, left)
    site.give_channels_last(made, positive=op.activation in POSITIVE)


def _padding(
    site: Site, windows: Sequence[Window]
) -> tuple[str, tuple[int, ...] | None, list[tuple[int, int]]]:
    """The layer's padding, its output padding, and what is to be cut off behind it.

    Raises:
        NetworkError: the output is larger than Keras can make it.
    """
    op: Any = site.op
    tensor, result = site.tensors[0], site.results[0]
    stated = {window.padding for window in windows}
    if stated in ({"valid"}, {"same"}):
        by_axis = dict(zip([w.axis for w in op.windows], op.output_padding, strict=False))
        sizes: list[Any] = [by_axis.get(window.axis) for window in windows]
        if all(size is None for size in sizes):
            return str(*stated), None, []
        if None not in sizes:
            return str(*stated), tuple(number(s, "output padding") for s in sizes), []
    wanted = [cuts(window, tensor, result) for window in windows]
    if not site.shared and _comes_to_same(site, windows, wanted):
        return "same", None, []
    added, left = [], []
    for window, (before, after) in zip(windows, wanted, strict=True):
        stride, extent = number(window.stride, "stride"), number(window.extent, "kernel")
        more = max(-after, max(extent, stride) - extent)
        if more >= stride and more:
            raise NetworkError(f"{more} more outputs along {window.axis} than Keras can add")
        added.append(more)
        left.append((before, more + after))
    return "valid", tuple(added) if any(added) else None, left


def _comes_to_same(
    site: Site, windows: Sequence[Window], wanted: Sequence[tuple[int, int]]
) -> bool:
    tensor, result = site.tensors[0], site.results[0]
    for window, amount in zip(windows, wanted, strict=True):
        same = replace(window, padding="same")
        if result.size(window.axis) != tensor.size(window.axis) * window.stride:
            return False
        if cuts(same, tensor, result) != amount:
            return False
    return True


RULES: Mapping[str, Rule] = {ConvTranspose.kind: _transposed}
