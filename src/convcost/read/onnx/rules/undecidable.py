"""Operators whose cost or results depend on the data, and those that are no tensors' affair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.dims import product
from convcost.ops.unknown import Unknown
from convcost.read.onnx.step import Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.dims import Dim
    from convcost.read.onnx.site import Rule, Site
    from convcost.read.onnx.values import Value

_DATA = "how many values it gives depends on the data"
_SEQUENCE = "sequences and optional values have no fixed number of tensors"
_TRANSFORM = "how a Fourier transform is computed is the runtime's affair"
_SORTING = "how many comparisons a sorting takes is the runtime's affair"
_LOSS = "a loss is no part of a forward pass"
_TEXT = "texts have no fixed size"

_REASONS = {
    **dict.fromkeys(
        ("SequenceConstruct", "SequenceEmpty", "SequenceInsert", "SequenceErase", "SequenceAt",
         "SequenceLength", "SequenceMap", "SplitToSequence", "ConcatFromSequence", "Optional",
         "OptionalGetElement", "OptionalHasElement"), _SEQUENCE),
    **dict.fromkeys(("DFT", "STFT", "MelWeightMatrix"), _TRANSFORM),
    **dict.fromkeys(
        ("StringNormalizer", "StringConcat", "StringSplit", "RegexFullMatch", "TfIdfVectorizer"),
        _TEXT),
    **dict.fromkeys(("NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"), _LOSS),
    "ImageDecoder": "how large a compressed image is depends on the data",
    "MaxRoiPool": "how large each region is depends on the data",
    "Multinomial": "what a draw costs is the runtime's affair",
    "Det": "how a determinant is computed is the runtime's affair",
    "AffineGrid": "how a grid of places is made from matrices is the runtime's affair",
}  # fmt: skip


def _unknown(site: Site) -> Step:
    raise NetworkError(_REASONS[site.node.op_type])


def unknown(site: Site, why: str, *results: Value) -> Step:
    """A layer whose cost is not known, though the shapes of its results are."""
    name, inputs = site.node.op_type, site.values()
    return Step(lambda out: Unknown(name=name, results=out, why=why), inputs, results)


def _nonzero(site: Site) -> Step:
    tensor = site.value(0)
    return unknown(site, _DATA, site.new((tensor.rank, _count(site)), "int64"))


def _suppression(site: Site) -> Step:
    """(image, class, box) of each box that is kept."""
    return unknown(site, _DATA, site.new((_count(site), 3), "int64"))


def _compress(site: Site) -> Step:
    tensor, count = site.value(0), _count(site)
    if site.attribute("axis") is None:
        return unknown(site, _DATA, site.new((count,)))
    shape = list(tensor.sizes)
    shape[site.position("axis", tensor.rank)] = count
    return unknown(site, _DATA, site.resized(tensor, shape))


def _unique(site: Site) -> Step:
    tensor, count = site.value(0), _count(site)
    shape = [count] if site.attribute("axis") is None else list(tensor.sizes)
    whole: Dim = product(tensor.sizes)
    if site.attribute("axis") is not None:
        place = site.position("axis", tensor.rank)
        whole, shape[place] = tensor.sizes[place], count
    others = (site.new((size,), "int64", place)
              for place, size in enumerate((count, whole, count), 1))  # fmt: skip
    return unknown(site, _DATA, site.new(shape), *list(others)[: site.wanted - 1])


def _top_k(site: Site) -> Step:
    """The number of values is an input since opset 10."""
    tensor = site.value(0)
    count = site.sizes(1) if site.has(1) else site.integers("k")
    if not count:
        raise NetworkError("how many values it gives is not known")
    shape = list(tensor.sizes)
    shape[site.position("axis", tensor.rank, -1)] = count[0]
    values, places = site.resized(tensor, shape), site.resized(tensor, shape, "int64")
    places.name = site.node.outputs[1] if site.wants(1) else ""
    return unknown(site, _SORTING, values, places)


def _count(site: Site) -> Dim:
    """How many there are: an open size of its own."""
    name = site.node.name or next(filter(None, site.node.outputs), "") or site.node.op_type
    return site.building.sizes.new(f"{name}_count")


RULES: Mapping[str, Rule] = {
    **dict.fromkeys(_REASONS, _unknown),
    "NonZero": _nonzero,
    "NonMaxSuppression": _suppression,
    "Compress": _compress,
    "Unique": _unique,
    "TopK": _top_k,
}
