"""Matrix products."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import product
from convcost.ops.activation import activation_name
from convcost.ops.dense import Dense
from convcost.read.onnx.step import Step, Weight

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.read.onnx.site import Rule, Site
    from convcost.read.onnx.values import Value


def _product(
    site: Site, right: int = 1, dtype: str | None = None, *, turned: bool = False,
    scaled: bool = False,
) -> Step:  # fmt: skip
    from convcost.ops.matmul import MatMul

    left, other = site.value(0), site.value(right)
    if left.rank == 0 or other.rank == 0:
        raise NetworkError("a matrix product with a number")
    if other.is_weight and other.rank == 2 and left.rank > 1 and not scaled:
        return _dense(site, left, other, None, turned=turned, dtype=dtype)
    left, other = _plain(site, left), _plain(site, other)
    if turned:
        other = transposed(site, other)
    op = MatMul(scale=scaled)
    (made,) = op.outputs(left.tensor, other.tensor)
    result = site.new(made.shape, dtype or left.dtype)
    result.axes.take(made.names)
    return Step(op, (left, other), (result,))


def _plain(site: Site, value: Value) -> Value:

    return value if value.stored is None else site.building.parameter(value)


def transposed(site: Site, value: Value) -> Value:
    """A view with the last two axes exchanged: products take either order."""
    *rows, last = value.names
    names = (*rows[:-1], last, *rows[-1:])
    shape = (*value.sizes[:-2], value.sizes[-1], value.sizes[-2])
    if value.stored is not None:
        value = site.building.readable(value)
    order = (*range(value.rank - 2), value.rank - 1, value.rank - 2)
    return site.seen(value, shape, names, function="permute", order=order)


def _dense(
    site: Site, tensor: Value, kernel: Value, bias: Value | None, *, turned: bool,
    dtype: str | None = None, activation: str = "linear",
) -> Step:  # fmt: skip
    features, units = kernel.sizes[::-1] if turned else kernel.sizes
    if tensor.sizes[-1] != features:
        raise NetworkError(f"cannot multiply {tensor.sizes} with {(features, units)}")
    tensor.axes.suggest_features()
    result = site.resized(tensor, (*tensor.sizes[:-1], units), dtype)
    arrange = (lambda array: array.transpose()) if turned else None
    weights = [Weight("kernel", kernel, arrange, (features, units))]
    if bias is not None:
        weights.append(Weight("bias", bias, lambda a: a.reshape(-1), (units,)))
    op = Dense(units=units, bias=bias is not None, activation=activation)
    return site.weighted(op, [tensor], weights, [result])


def _gemm(site: Site) -> Step:
    from convcost.ops.matmul import MatMul

    left, right, addend = site.value(0), site.value(1), site.maybe(2)
    if left.rank != 2 or right.rank != 2:
        raise NetworkError(f"Gemm of {left.sizes} and {right.sizes}; expected matrices")
    activation = activation_name(site.text("activation") or None)
    if activation is None:
        raise NetworkError(f"the activation {site.text('activation')} is not known")
    if site.integer("transA"):
        left = transposed(site, left)
    turned = bool(site.integer("transB"))
    scaled = site.real("alpha", 1.0) != 1
    if addend is not None and site.real("beta", 1.0) == 0:
        addend = None
    units = right.sizes[0 if turned else 1]
    is_bias = addend is None or (addend.is_weight and product(addend.sizes) == units)
    if right.is_weight and is_bias and not scaled:
        return _dense(site, left, right, addend, turned=turned, activation=activation)
    if activation != "linear":
        raise NetworkError("an activation behind a product of two computed matrices")
    if turned:
        right = transposed(site, right)
    op = MatMul(addend=addend is not None, scale=scaled)
    (made,) = op.outputs(left.tensor, right.tensor)
    result = site.new(made.shape, left.dtype)
    result.axes.take(made.names)
    operands = (left, right) if addend is None else (left, right, addend)
    return Step(op, operands, (result,))


def _integer(site: Site) -> Step:
    return _product(site, dtype="int32")


def _quantized(site: Site) -> Step:
    """Scales and zero points are no parameters."""
    zero = site.given[7] if len(site.given) > 7 else None
    return _product(site, right=3, dtype=None if zero is None else zero.dtype)


def _fused(site: Site) -> Step:
    if site.integer("transA") or site.integer("transBatchA") or site.integer("transBatchB"):
        raise NetworkError("a product with axes of its first operand exchanged")
    return _product(site, turned=bool(site.integer("transB")),
                    scaled=site.real("alpha", 1.0) != 1)  # fmt: skip


def _einsum(site: Site) -> Step:
    from convcost.ops.einsum import EinsumDense

    operands = site.values()
    equation, sizes = _letters(site.text("equation"), operands)
    into, _, out = equation.partition("->")
    terms = into.split(",")
    if any(len(set(term)) < len(term) for term in (*terms, out)):
        raise NetworkError(f"the diagonal in {equation}")
    result = site.new([sizes[letter] for letter in out], operands[0].dtype)
    named: dict[str, str | None] = {}
    for term, operand in zip(terms, operands, strict=True):
        for letter, name in zip(term, operand.names, strict=True):
            named.setdefault(letter, name)
    result.axes.take([named[letter] for letter in out])
    if len(terms) == 1:
        return _summed(site, terms[0], out, result)
    if len(terms) > 2:
        raise NetworkError(f"in which order {len(terms)} operands are multiplied is not told")
    left, right = operands
    extra = tuple((letter, sizes[letter]) for letter in terms[1] if letter not in terms[0])
    op = EinsumDense(equation=equation, sizes=extra, names=result.names)
    return site.weighted(op, [left], [Weight("kernel", right)], [result])


def _summed(site: Site, term: str, out: str, result: Value) -> Step:
    """An equation of one operand: sums, and axes in another order."""
    tensor = site.value(0)
    gone = tuple(place for place, letter in enumerate(term) if letter not in out)
    kept = [letter for letter in term if letter in out]
    if not gone:
        order = tuple(term.index(letter) for letter in out)
        from convcost.ops.permute import Permute

        return Step(Permute(order, result.names), (tensor,), (result,))
    if kept != list(out):
        raise NetworkError("a sum with axes in another order")
    from convcost.ops.reduce import Reduce

    return Step(Reduce(function="sum", positions=gone), (tensor,), (result,))


def _letters(text: str, operands: tuple[Value, ...]) -> tuple[str, dict[str, Any]]:
    """The equation with a letter for each axis that dots stand for, and the letters' sizes.

    Raises:
        NetworkError: it does not fit the operands.
    """
    into, arrow, out = text.replace(" ", "").partition("->")
    terms = into.split(",")
    free = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if c not in text]
    if len(terms) != len(operands):
        raise NetworkError(f"the equation {text!r:.80} has {len(terms)} operands")
    dots = max(
        (o.rank - len(t.replace("...", "")) for t, o in zip(terms, operands, strict=True)
         if "..." in t),
        default=0,
    )  # fmt: skip
    if not 0 <= dots <= len(free):
        raise NetworkError(f"the equation {text!r:.80} does not fit its operands")
    ellipsis = "".join(free[:dots])
    sizes: dict[str, Any] = {}
    found = []
    for raw, operand in zip(terms, operands, strict=True):
        own = operand.rank - len(raw.replace("...", ""))
        term = raw.replace("...", ellipsis[dots - own :]) if "..." in raw else raw
        if len(term) != operand.rank:
            raise NetworkError(f"the equation {text!r:.80} does not fit {operand.sizes}")
        for letter, size in zip(term, operand.sizes, strict=True):
            if sizes.setdefault(letter, size) == 1:
                sizes[letter] = size
        found.append(term)
    if not arrow:
        once = sorted(c for c in sizes if "".join(found).count(c) == 1 and c not in ellipsis)
        out = "..." + "".join(once)
    out = out.replace("...", ellipsis)
    if not all(letter in sizes for letter in out):
        raise NetworkError(f"the equation {text!r:.80} makes an axis out of nothing")
    return f"{','.join(found)}->{out}", sizes


RULES: Mapping[str, Rule] = {
    "MatMul": _product,
    "Gemm": _gemm,
    "Einsum": _einsum,
    "MatMulInteger": _integer,
    "QLinearMatMul": _quantized,
    "com.microsoft:FusedMatMul": _fused,
    "com.microsoft:FusedGemm": _gemm,
}
