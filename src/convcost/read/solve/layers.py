"""Rows of a summary as ops: what is not printed is solved, and stated."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.dims import Dim, product, symbol
from convcost.network.tensor import Axis, Tensor
from convcost.ops import (
    Activation,
    BatchNorm,
    Concatenate,
    Conv,
    Dense,
    DepthwiseConv,
    Dropout,
    Flatten,
    GlobalPool,
    Merge,
    Pool,
    Reshape,
    SeparableConv,
    ZeroPadding,
)
from convcost.ops.window import AXES
from convcost.read.axes import axis_names, named
from convcost.read.solve import convolution, pooling

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcost.network.op import Op
    from convcost.read.solve.geometry import Geometry
    from convcost.read.solve.site import Site

_MOST_ALTERNATIVES = 4
#: Kernels beyond this are no alternatives that anybody writes.
_LIKELY_SIDE = 15


def op_of(site: Site) -> Op | None:
    """The op of a row; None for a class that has no rule.

    Raises:
        NetworkError: nothing fits the printed numbers; the message says which.
    """
    rule = _RULES.get(site.item.class_name or "")
    return None if rule is None else rule(site)


def _convolution(rank: int, family: convolution.Family) -> Callable[[Site], Op]:
    def rule(site: Site) -> Op:
        axes = AXES[rank]
        task = convolution.Task(
            family,
            site.parameters,
            site.given("channel"),
            site.need("channel"),
            tuple(site.given(axis) for axis in axes),
            tuple(site.printed(axis) for axis in axes),
        )
        best = _chosen(site, task)
        site.note("inferred", f"kernel {best.kernel_text}: {best.equation(task)}")
        if not site.inputs:
            site.input = _solved_input(site, best, axes)
        return _convolution_op(site, task, best, axes)

    return rule


def _convolution_op(
    site: Site, task: convolution.Task, best: convolution.Solution, axes: Sequence[str]
) -> Op:
    windows = best.geometry.windows(axes)
    if task.family == "depthwise":
        return DepthwiseConv(
            windows=windows,
            multiplier=best.multiplier,
            bias=best.bias,
            activation=site.activation,
        )
    if task.family == "separable":
        return SeparableConv(
            filters=task.filters, windows=windows, bias=best.bias, activation=site.activation
        )
    return Conv(
        filters=task.filters,
        windows=windows,
        groups=best.groups,
        bias=best.bias,
        activation=site.activation,
    )


def _chosen(site: Site, task: convolution.Task) -> convolution.Solution:
    """The likeliest solution, by code where there is some; the others are stated."""
    solutions = convolution.solve(task)
    if not solutions:
        inside = f" on {task.channels} input channels" if task.channels else ""
        raise NetworkError(
            f"{task.parameters:,} parameters fit no kernel{inside} with {task.filters} filters and "
            f"outputs {_sizes(task.outputs)} from {_sizes(task.sizes)}: was a row lost?"
        )
    agreeing = [s for s in solutions if _agrees(site, s.geometry, "kernel_size", bias=s.bias)]
    if not agreeing:
        site.note(
            "contradiction", "the code says another kernel, stride or padding; the table is kept"
        )
    best, *others = agreeing or solutions
    _state_others(site, task, best, others)
    return best


def _state_others(
    site: Site,
    task: convolution.Task,
    best: convolution.Solution,
    others: Sequence[convolution.Solution],
) -> None:
    """List the other readings; they are a doubt only where somebody would write one of them.

    A kernel with unequal sides where one with equal sides fits as well is listed, but no doubt.
    """
    likely = [
        other
        for other in others
        if max(other.geometry.kernel) <= _LIKELY_SIDE and len(set(other.geometry.stride)) == 1
    ]
    if not likely:
        return
    square = [other for other in likely if len(set(other.geometry.kernel)) == 1]
    positions = prod(size or 1 for size in task.outputs)

    def macs(solution: convolution.Solution) -> int:
        biases = task.filters if solution.bias else 0
        return (task.parameters - biases) * positions

    site.note(
        "ambiguous" if square else "inferred",
        f"read as {best.describe()}; {_readings(len(likely))} the numbers too",
        [
            f"{other.describe()}: "
            + _change(macs(other), macs(best), "MACs per sample", unknown=None in task.outputs)
            for other in (square or likely)[:_MOST_ALTERNATIVES]
        ],
    )


def _readings(count: int) -> str:
    return "1 other reading fits" if count == 1 else f"{count} other readings fit"


def _change(other: int, best: int, what: str, *, unknown: bool) -> str:
    if other == best:
        return f"same {what}"
    share = 100 * (other - best) / best
    return f"{share:+.1f} % {what}" if unknown else f"{other:,} {what} ({share:+.1f} %)"


def _agrees(site: Site, geometry: Geometry, size: str, *, bias: bool | None = None) -> bool:
    """Whether a solution is what the pasted code says, as far as the code says anything."""
    axes = len(geometry.kernel)
    stated = (
        (site.config(size), geometry.kernel),
        (site.config("strides"), geometry.stride),
    )
    for value, solved in stated:
        expected = tuple(value) if isinstance(value, (tuple, list)) else (value,) * axes
        if value is not None and expected != solved:
            return False
    padding = site.config("padding")
    one = all(k == 1 for k in geometry.kernel)
    if padding in ("valid", "same") and padding != geometry.padding and not one:
        return False
    use_bias = site.config("use_bias")
    return use_bias is None or bias is None or use_bias == bias


def _solved_input(site: Site, best: convolution.Solution, axes: Sequence[str]) -> Tensor:
    sizes: dict[str, Dim] = {
        axis: symbol(axis) if size is None else size
        for axis, size in zip(axes, best.sizes, strict=True)
    }
    sizes["channel"] = best.channels
    rank = len(axes) + 2
    names = axis_names(rank, channels_first=site.channels_first)[1:]
    tensor = named([1, *(sizes[str(name)] for name in names)], channels_first=site.channels_first)
    on = "x".join(str(sizes[str(name)]) for name in names)
    site.note("inferred", f"the input is {on}, with {best.geometry}")
    return tensor


def _sizes(sizes: Sequence[int | None]) -> str:
    return "x".join("?" if size is None else str(size) for size in sizes)


def _dense(site: Site) -> Op:
    units = site.item.shape[-1] if site.item.shape else None
    if not isinstance(units, int) or units < 1:
        raise NetworkError("its number of units is not printed")
    weights, parameters = divmod(site.parameters, units)[0], site.parameters
    features = site.inputs[0].axes[-1].size if site.inputs else None
    for bias in (True, False):
        known = weights - bias if features is None else features
        if known and parameters == units * (known + bias):
            text = f"{parameters:,} = {units}*({known}{'+1' if bias else ''})"
            if features is None:
                site.input = named([1, *site.output.shape[1:-1], known])
                text = f"the input has {known} features: {text}"
            site.note("inferred", text)
            return Dense(units=units, bias=bias, activation=site.activation)
    raise NetworkError(
        f"{parameters:,} parameters are not {units} units on {features} features, which has "
        f"{units}*({features}+1): was a row lost?"
    )


def _batch_norm(site: Site) -> Op:
    """4 parameters per channel, 3 or 2 without scale or shift; over another axis it is a fault."""
    tensor = site.inputs[0] if site.inputs else site.output
    names = [name for name in tensor.names[1:] if name is not None]
    expected = "channel" if "channel" in names else names[-1]
    for per_channel, scale, center in ((4, True, True), (3, False, True), (2, False, False)):
        for axis in sorted(names, key=lambda name: name != expected):
            if site.parameters != per_channel * tensor.size(axis):
                continue
            if axis != expected:
                site.note(
                    "contradiction",
                    f"{site.parameters} = {per_channel}*{tensor.size(axis)}: it normalises over "
                    f"the {axis}, not over the {tensor.size(expected)} channels; set axis=1 for "
                    "channels-first images",
                )
            elif per_channel < 4:
                what = "scale or shift is off" if per_channel == 3 else "scale and shift are off"
                equation = f"{site.parameters} = {per_channel}*{tensor.size(axis)}"
                site.note("inferred", f"{equation}: {what}")
            return BatchNorm(axis=axis, scale=scale, center=center)
    raise NetworkError(f"{site.parameters} parameters are not 4, 3 or 2 per channel of {tensor}")


def _pool(rank: int, function: str) -> Callable[[Site], Op]:
    def rule(site: Site) -> Op:
        axes = AXES[rank]
        if not site.inputs:
            raise NetworkError("the layer that it pools is not in the text")
        solutions = pooling.solve([site.given(a) for a in axes], [site.printed(a) for a in axes])
        if not solutions:
            raise NetworkError("no pooling window leads from its input to its output")
        agreeing = [s for s in solutions if _agrees(site, s, "pool_size")]
        best, *others = agreeing or solutions
        likely = [
            g
            for g in others
            if all(s <= k <= s + 2 for k, s in zip(g.kernel, g.stride, strict=True))
        ]
        if likely:
            sizes = zip(axes, best.stride, strict=True)
            even = all((site.given(axis) or 0) % stride == 0 for axis, stride in sizes)
            site.note(
                "inferred" if even else "ambiguous",
                f"pooling read as {best}; {_readings(len(likely))} the sizes too",
                [f"{other}: same MACs" for other in likely[:_MOST_ALTERNATIVES]],
            )
        return Pool(function=function, windows=best.windows(axes))  # type: ignore[arg-type]

    return rule


def _global_pool(rank: int, function: str) -> Callable[[Site], Op]:
    def rule(site: Site) -> Op:
        kept = site.item.rank == rank + 2
        return GlobalPool(function=function, axes=AXES[rank], keep_axes=kept)  # type: ignore[arg-type]

    return rule


def _zero_padding(rank: int) -> Callable[[Site], Op]:
    def rule(site: Site) -> Op:
        amounts = []
        for axis in AXES[rank]:
            size, output = site.given(axis), site.printed(axis)
            total = 2 if size is None or output is None else output - size
            if total < 0:
                raise NetworkError(f"its output is smaller than its input along {axis}")
            amounts.append((axis, total // 2, total - total // 2))
        return ZeroPadding(tuple(amounts))

    return rule


def _concatenate(site: Site) -> Op:
    """Along the axis on which the inputs add up to the output; the last one where several do."""
    if len(site.inputs) < 2:
        raise NetworkError("the tensors that it joins are not all in the text")
    for position in reversed(range(1, site.item.rank)):
        printed = site.item.shape[position]
        name = site.inputs[0].names[position]
        total = sum((t.axes[position].size for t in site.inputs), start=0)
        if name is not None and (total == printed or printed is None):
            return Concatenate(name)
    raise NetworkError("no axis of its inputs adds up to its output")


def _reshape(site: Site) -> Op:
    sizes = [size if isinstance(size, int) else -1 for size in site.item.shape[1:]]
    if sizes.count(-1):
        raise NetworkError("its output shape is not printed in full")
    if site.inputs and product(site.inputs[0].shape[1:]) != prod(sizes):
        raise NetworkError(f"{site.inputs[0]} has not {prod(sizes)} elements per sample")
    names = axis_names(len(sizes) + 1, channels_first=site.channels_first)[1:]
    return Reshape(tuple(Axis(name, size) for name, size in zip(names, sizes, strict=True)))


def _merge(function: str) -> Callable[[Site], Op]:
    def rule(site: Site) -> Op:
        if len(site.inputs) < 2:
            raise NetworkError("the tensors that it combines are not all in the text")
        return Merge(function)  # type: ignore[arg-type]

    return rule


def _activation(function: str | None = None) -> Callable[[Site], Op]:
    return lambda site: Activation(function or site.activation)


def _dropout(site: Site) -> Op:
    rate = site.config("rate")
    return Dropout(float(rate)) if isinstance(rate, (int, float)) else Dropout()


def _rules() -> Mapping[str, Callable[[Site], Op]]:
    rules: dict[str, Callable[[Site], Op]] = {
        "Dense": _dense,
        "BatchNormalization": _batch_norm,
        "Flatten": lambda _: Flatten(),
        "Reshape": _reshape,
        "Concatenate": _concatenate,
        "Activation": _activation(),
        "ReLU": _activation("relu"),
        "LeakyReLU": _activation("leaky_relu"),
        "ELU": _activation("elu"),
        "Softmax": _activation("softmax"),
        "Identity": _activation("linear"),
    }
    for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"):
        rules[name] = _merge(name.lower())
    for name in ("Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise"):
        rules[name] = _dropout
    for rank in (1, 2, 3):
        rules |= {
            f"Conv{rank}D": _convolution(rank, "conv"),
            f"DepthwiseConv{rank}D": _convolution(rank, "depthwise"),
            f"SeparableConv{rank}D": _convolution(rank, "separable"),
            f"MaxPooling{rank}D": _pool(rank, "max"),
            f"AveragePooling{rank}D": _pool(rank, "average"),
            f"GlobalMaxPooling{rank}D": _global_pool(rank, "max"),
            f"GlobalAveragePooling{rank}D": _global_pool(rank, "average"),
            f"ZeroPadding{rank}D": _zero_padding(rank),
            f"SpatialDropout{rank}D": _dropout,
        }
    return rules


_RULES = _rules()
