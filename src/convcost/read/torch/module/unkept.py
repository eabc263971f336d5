"""What of a recorded call its op does not keep, although the call's results depend on it.

Such a call is counted exactly, but a network written from it would compute something else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.ops.window import AXES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcost.read.torch.module.site import Site

#: From here on ``softplus(x)`` and ``x`` differ by less than a float32 tells apart.
_FLAT = 17.0
#: Functions of tensors -> an argument that changes their results, and its usual values.
_ARGUMENTS: Mapping[str, tuple[str, tuple[Any, ...]]] = {
    "norm": ("p", (None, 2)),
    "linalg_vector_norm": ("ord", (None, 2)),
    "div": ("rounding_mode", (None,)),
    "divide": ("rounding_mode", (None,)),
    "round": ("decimals", (None, 0)),
}
#: Functions that are counted as others with the same cost.
_OTHERS: Mapping[str, str] = {
    "count_nonzero": "only values that are not zero are counted",
    "fmod": "the remainder has the sign of the dividend",
    **dict.fromkeys(
        ("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not"), "it works on single bits"
    ),
}


def unkept(site: Site) -> str | None:
    """What of a call its op does not keep; None for nothing."""
    name = site.function
    if name in _OTHERS:
        return _OTHERS[name]
    if name in _ARGUMENTS:
        argument, usual = _ARGUMENTS[name]
        value = site.raw(argument)
        return None if value in usual else f"its {argument} is {value!r}"
    rule = _RULES.get(name)
    return None if rule is None else rule(site)


def _reversed(site: Site) -> str | None:
    """A tensor is subtracted with a factor."""
    known = site.maybe("other") is not None or site.number("other") is not None
    plain = known and site.raw("alpha") in (None, 1)
    return None if plain else "the second value is subtracted from"


def _softplus(site: Site) -> str | None:
    threshold = site.raw("threshold")
    return f"its threshold is {threshold}" if threshold < _FLAT else None


def _batch_norm(site: Site) -> str | None:
    own = site.raw("training") or site.maybe("running_mean") is None
    return "the statistics are those of the whole batch" if own else None


def _average(site: Site) -> str | None:
    divisor = site.raw("divisor_override")
    if divisor is not None:
        return f"its average divides by {divisor}"
    spatial = _spatial(site)
    padding = site.each("padding", spatial)
    if not (site.raw("ceil_mode") and site.raw("count_include_pad") and any(padding)):
        return None
    stride = site.each("stride" if site.raw("stride") else "kernel_size", spatial)
    sizes = zip(site.tensor().shape[-spatial:], site.result.shape[-spatial:], strict=True)
    for (size, outputs), kernel, step, pad in zip(
        sizes, site.each("kernel_size", spatial), stride, padding, strict=True
    ):
        end = (outputs - 1) * step + kernel
        if not isinstance(end, int) or not isinstance(size, int) or end > size + 2 * pad:
            return "its average counts the padding, but not what rounding up adds"
    return None


def _resampled(site: Site) -> str | None:
    """Positions follow from a scale that was given, not from the sizes that it leads to."""
    spatial = _spatial(site)
    sizes = list(zip(site.tensor().shape[-spatial:], site.result.shape[-spatial:], strict=True))
    if "exact" in site.function and any(new != new // old * old for old, new in sizes):
        return "the nearest value is counted from the middle of values"
    if site.raw("align_corners"):
        return None
    scales = site.raw("scale_factors") or [
        site.raw(name) for name in ("scales", "scales_d", "scales_h", "scales_w")
    ]
    given = [scale for scale in scales if scale is not None]
    if any(old * scale != new for (old, new), scale in zip(sizes, given, strict=False)):
        return f"its positions follow from the factor {given[0]}, not from the sizes"
    return None


def _attention(site: Site) -> str | None:
    return "its queries share keys and values" if site.raw("enable_gqa") else None


def _spatial(site: Site) -> int:
    """Over how many axes a window or an interpolation runs."""
    return next(n for n in AXES if str(n) in site.record.name)


_RULES: Mapping[str, Callable[[Site], str | None]] = {
    "rsub": _reversed,
    "softplus": _softplus,
    **dict.fromkeys(
        ("batch_norm", "native_batch_norm", "cudnn_batch_norm", "_native_batch_norm_legit"),
        _batch_norm,
    ),
    **{f"avg_pool{n}d": _average for n in AXES},
    **dict.fromkeys(
        (
            "upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d", "upsample_linear1d",
            "upsample_bilinear2d", "upsample_trilinear3d", "upsample_bicubic2d",
            "_upsample_nearest_exact1d", "_upsample_nearest_exact2d", "_upsample_nearest_exact3d",
        ),
        _resampled,
    ),
    "scaled_dot_product_attention": _attention,
}  # fmt: skip
