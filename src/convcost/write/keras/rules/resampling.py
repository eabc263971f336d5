"""Upsampling and resizing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import number
from convcost.ops.resize import Resize, Upsample
from convcost.write.keras.site import channels_last
from convcost.write.keras.windows import check_axes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.write.keras.site import Rule, Site

_LINEAR = ("linear", "bilinear", "trilinear")


def _resize(site: Site) -> None:
    """To sizes, with positions measured from the middle of values.

    Raises:
        NetworkError: Keras has another interpolation, or none over so many axes.
    """
    op: Any = site.op
    new = _sizes(site.results[0])
    old = _sizes(site.tensors[0])
    check_axes(len(new))
    if op.align_corners:
        raise NetworkError("positions between the outer values, which Keras does not have")
    if op.interpolation == "nearest":
        made = _nearest(site, old, new)
    elif op.interpolation in _LINEAR and len(new) == 1:
        made = _line(site, new[0])
    elif len(new) == 2 and (op.interpolation in _LINEAR or site.framework == "keras"):
        name = "bilinear" if op.interpolation in _LINEAR else op.interpolation
        made = _image(site, old, new, {"cubic": "bicubic"}.get(name, name))
    else:
        raise NetworkError(
            f"the interpolation '{op.interpolation}' of {len(new)} axes cannot be written to Keras"
        )
    site.give_channels_last(made, positive=site.positive and op.interpolation == "nearest")


def _sizes(tensor: Any) -> list[int]:
    return [number(tensor.axes[place].size, "a size") for place in channels_last(tensor)[1:-1]]


def _factors(old: Sequence[int], new: Sequence[int]) -> list[int] | None:
    """By how much each axis grows; None where that is not by whole numbers."""
    whole = all(n % o == 0 for o, n in zip(old, new, strict=True))
    return [n // o for o, n in zip(old, new, strict=True)] if whole else None


def _nearest(site: Site, old: Sequence[int], new: Sequence[int]) -> Any:
    """Copies; else from the middle of values in Keras, from below in other frameworks."""
    import keras
    import numpy as np

    node, factors = site.channels_last(), _factors(old, new)
    if factors is not None:
        size = factors[0] if len(factors) == 1 else tuple(factors)
        return site.layer(f"UpSampling{len(new)}D", node, size=size)
    if site.framework == "keras" and len(new) == 2:
        return _image(site, old, new, "nearest")
    for axis, (before, after) in enumerate(zip(old, new, strict=True), start=1):
        places = np.arange(after) * before // after
        part = "" if axis == len(new) else f"axis{axis}"
        node = site.function(keras.ops.take, node, places, axis=axis, part=part)
    return node


def _image(site: Site, old: Sequence[int], new: Sequence[int], interpolation: str) -> Any:
    """Of two axes."""
    factors = _factors(old, new)
    if factors is not None and isinstance(site.op, Upsample):
        return site.layer("UpSampling2D", site.channels_last(), size=tuple(factors),
                          interpolation=interpolation)  # fmt: skip
    return site.layer("Resizing", site.channels_last(), height=new[0], width=new[1],
                      interpolation=interpolation)  # fmt: skip


def _line(site: Site, size: int) -> Any:
    """Of one axis: an image of one column."""
    node = site.channels_last()
    time, channels = node.shape[1:]
    node = site.layer("Reshape", node, part="column", target_shape=(time, 1, channels))
    node = site.layer("Resizing", node, height=size, width=1, interpolation="bilinear")
    return site.layer("Reshape", node, part="line", target_shape=(size, channels))


RULES: Mapping[str, Rule] = {Upsample.kind: _resize, Resize.kind: _resize}
