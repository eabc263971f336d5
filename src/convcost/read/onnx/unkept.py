"""What of a node its op does not keep, although the node's results depend on it.

Such a node is counted exactly, but a network written from it would compute something else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.network.dims import product
from convcost.network.tensor import DTYPE_BYTES
from convcost.read.onnx.file.dtypes import DTYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcost.network.dims import Dim
    from convcost.read.onnx.site import Site

#: Operators -> attributes that change their results, and the values that ops stand for.
_ATTRIBUTES: Mapping[str, Mapping[str, tuple[Any, ...]]] = {
    "HardSigmoid": {"beta": (0.5, None)},
    "Swish": {"alpha": (1.0, None)},
    "BatchNormalization": {"training_mode": (0, None), "spatial": (1, None)},
    "LpNormalization": {"p": (2, None)},
    "GlobalLpPool": {"p": (2, None)},
    "Mod": {"fmod": (0, None)},
    "IsInf": {"detect_negative": (1, None), "detect_positive": (1, None)},
    "Cast": {"saturate": (1, None), "round_mode": ("up", None)},
    "CastLike": {"saturate": (1, None), "round_mode": ("up", None)},
    "MaxPool": {"storage_order": (0, None)},
}  # fmt: skip
_OF_ATTENTION = frozenset(
    {"is_causal", "scale", "q_num_heads", "kv_num_heads", "softmax_precision",
     "qk_matmul_output_mode"}
)  # fmt: skip
_OTHERS: Mapping[str, str] = {
    "ReduceL1": "it adds absolute values, not squares",
    "BitShift": "it works on single bits",
    "BitwiseAnd": "it works on single bits",
    "BitwiseNot": "it works on single bits",
    "BitwiseOr": "it works on single bits",
    "BitwiseXor": "it works on single bits",
    "QuickGelu": "it is the approximation by a sigmoid",
}


def unkept(site: Site) -> str | None:
    """What of a node its op does not keep; None for nothing."""
    kind = site.node.op_type
    if site.node.domain not in ("", "com.microsoft"):
        return None
    if kind in _OTHERS:
        return _OTHERS[kind]
    for given in site.given:  # texts, numbers of less than a byte: counted as others
        if given is not None and given.dtype not in DTYPE_BYTES:
            return f"it computes with {given.dtype}"
    if "QLinear" in kind:
        return "it computes with quantised numbers"
    for name, usual in _ATTRIBUTES.get(kind, {}).items():
        value = site.attribute(name)
        value = value.decode(errors="replace") if isinstance(value, bytes) else value
        if value not in usual:
            return f"its {name} is {value!r:.40}"
    rule = _RULES.get(kind)
    return None if rule is None else rule(site)


def _cast(site: Site) -> str | None:
    like = site.node.op_type == "CastLike"
    dtype = site.value(1).dtype if like else DTYPES.get(site.attribute("to"))
    return None if dtype in DTYPE_BYTES else f"its dtype is {dtype}"


def _several(site: Site) -> str | None:
    """A mean counts its numbers; a sum of several tensors has no place for one."""
    given = [value.is_number for value in site.values()]
    several = site.node.op_type == "Mean" or given.count(False) > 1
    return "a plain number beside its tensors" if several and any(given) else None


def _softmax(site: Site) -> str | None:
    """Before opset 13 it runs over all axes from one on."""
    tensor = site.value(0)
    if site.opset >= 13 or not tensor.rank:
        return None
    axis = site.integer("axis", 1) % tensor.rank
    several = product(tensor.sizes[axis + 1 :]) != 1
    return f"it runs over all axes from {axis} on" if several else None


def _shrink(site: Site) -> str | None:
    bias, limit = site.real("bias", 0.0), site.real("lambd", 0.5)
    return None if bias in (0.0, limit) else f"its bias is {bias}, its lambd {limit}"


def _selu(site: Site) -> str | None:
    alpha, gamma = site.real("alpha", 1.67326319), site.real("gamma", 1.05070102)
    usual = abs(alpha - 1.67326319) < 1e-5 and abs(gamma - 1.05070102) < 1e-5
    return None if usual else f"its alpha is {alpha}, its gamma {gamma}"


def _average(site: Site) -> str | None:
    """Padding may count; what a last window reads beyond it never does."""
    pads = site.integers("pads") or ()
    if site.integer("ceil_mode") and site.integer("count_include_pad") and any(pads):
        return "its average counts the padding, but not what rounding up adds"
    return None


def _pad(site: Site) -> str | None:
    value: Any = site.attribute("value", 0)
    if site.has(2):
        known = site.building.known(site.value(2), setting=True)
        value = known.items[0] if known is not None and known.items else None
    if value is None:
        return "it pads with a number that is computed"
    return f"it pads with {value}" if value else None


def _gemm(site: Site) -> str | None:
    beta = site.real("beta", 1.0)
    return None if beta in (0.0, 1.0) else f"its beta is {beta:g}"


def _dropout(site: Site) -> str | None:
    if not site.has(2):
        return None
    known = site.building.known(site.value(2), setting=True)
    off = known is not None and known.items and not known.items[0]
    return None if off else "it drops values at inference too"


def _attention(site: Site) -> str | None:
    more = sorted(site.node.attributes.keys() - _OF_ATTENTION)
    if more or site.has(6):
        return f"its {', '.join(more) or 'lengths'}"
    return None


def _recurrent(site: Site) -> str | None:
    """Whether it is one of PyTorch's: steps forward or both ways, a reset behind the product."""
    kind, direction = site.node.op_type, site.text("direction", "forward")
    names = [str(name) for name in site.attribute("activations") or ()]
    if direction not in ("forward", "bidirectional"):
        return f"its direction is {direction!r:.40}"
    if site.has(4) or site.attribute("clip") is not None or site.integer("input_forget"):
        return "its lengths, its limits or its coupled gates"
    if kind == "GRU" and not site.integer("linear_before_reset"):
        return "its reset gate comes before the product"
    if kind == "LSTM" and len(names) > 2 and names[1] != names[2]:
        return f"its activations are {', '.join(names)}"
    if site.attribute("activation_alpha") or site.attribute("activation_beta"):
        return "the numbers of its activations"
    return None


def _resize(site: Site) -> str | None:
    mode = site.text("mode", "nearest")
    if site.node.op_type == "Upsample" or site.opset < 11:
        positions, nearest = "asymmetric", "floor"
    else:
        positions = site.text("coordinate_transformation_mode", "half_pixel")
        nearest = site.text("nearest_mode", "round_prefer_floor")
    if site.integer("antialias") or site.integer("exclude_outside"):
        return "it leaves out or smooths over values"
    if site.text("keep_aspect_ratio_policy", "stretch") != "stretch":
        return "it keeps the ratio of the sizes"
    scales = _scales(site)
    if mode == "nearest":
        return _nearest(positions, nearest, scales)
    if scales is None:
        return "its positions follow from its scales, not from the sizes"
    if positions not in ("half_pixel", "pytorch_half_pixel", "align_corners"):
        return f"its positions are {positions!r:.40}"
    if mode == "cubic" and abs(site.real("cubic_coeff_a", -0.75) + 0.75) > 1e-6:
        return f"its cubic_coeff_a is {site.real('cubic_coeff_a'):g}"
    pairs = zip(_resized_sizes(site, scales), scales, strict=True)
    alone = any(isinstance(size, int) and size * scale < 2 for size, scale in pairs)
    return "its positions of a single value" if alone and positions.startswith("py") else None


def _nearest(positions: str, nearest: str, scales: list[float] | None) -> str | None:
    if scales is None:
        return "its positions follow from its scales, not from the sizes"
    if (positions, nearest) == ("asymmetric", "floor") and min(scales) >= 1:
        return None
    rounded = nearest.startswith("round") and positions in ("half_pixel", "pytorch_half_pixel")
    if rounded and all(scale >= 1 and float(scale).is_integer() for scale in scales):
        return None
    return f"its positions are {positions!r:.40}, the nearest is by {nearest!r:.40}"


def _resized_sizes(site: Site, stated: Sequence[object]) -> list[Dim]:
    """The input's sizes along the axes that scales or sizes are stated for."""
    tensor = site.value(0)
    axes = site.integers("axes") or range(tensor.rank - len(stated), tensor.rank)
    return [tensor.sizes[place] for place in axes]


def _scales(site: Site) -> list[float] | None:
    """Result over input per axis; None where stated scales lead to other sizes than they say."""
    stated = _stated(site)
    if stated is None:
        sizes = site.sizes(3) or ()
        pairs = list(zip(_resized_sizes(site, sizes), sizes, strict=True))
        return [new / old if isinstance(old, int) and isinstance(new, int) else 1.0
                for old, new in pairs] or None  # fmt: skip
    whole = all(
        float(scale).is_integer() or (isinstance(size, int) and float(size * scale).is_integer())
        for size, scale in zip(_resized_sizes(site, stated), stated, strict=True)
    )
    return stated if whole else None


def _stated(site: Site) -> list[float] | None:
    """Scales by number, of all axes or of the stated ones; None where sizes are given instead."""
    if site.node.op_type == "Upsample" and not site.has(1):
        alone = [site.real("height_scale", 1.0), site.real("width_scale", 1.0)]
        return [float(s) for s in site.attribute("scales") or alone]
    place = 2 if site.node.op_type == "Resize" and site.opset >= 11 else 1
    known = site.known(place) if site.has(place) else None
    if known is None or not known.items:
        return None
    return [float(item) for item in known.items]  # type: ignore[arg-type]


_RULES: Mapping[str, Callable[[Site], str | None]] = {
    **dict.fromkeys(("Cast", "CastLike"), _cast),
    **dict.fromkeys(("Max", "Mean", "Min", "Sum"), _several),
    "Softmax": _softmax,
    "LogSoftmax": _softmax,
    "Hardmax": _softmax,
    "Shrink": _shrink,
    "Selu": _selu,
    "AveragePool": _average,
    "Pad": _pad,
    "Gemm": _gemm,
    "Dropout": _dropout,
    "Attention": _attention,
    **dict.fromkeys(("GRU", "LSTM", "RNN"), _recurrent),
    **dict.fromkeys(("Resize", "Upsample"), _resize),
}
