"""Convolutions: kernel, stride, padding, bias and groups."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.dims import Dim, symbol
from convcost.ops.conv import Conv
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.ops.window import AXES
from convcost.read.axes import axis_names, named
from convcost.read.solve import convolution
from convcost.read.solve.agree import agrees, readings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.network.op import Op
    from convcost.network.tensor import Tensor
    from convcost.read.solve.site import Rule, Site


_MOST_ALTERNATIVES = 4
#: Kernels beyond this are no alternatives that anybody writes.
_LIKELY_SIDE = 15


def _convolution(rank: int, family: convolution.Family) -> Rule:
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
    agreeing = [s for s in solutions if agrees(site, s.geometry, "kernel_size", bias=s.bias)]
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
        f"read as {best.describe()}; {readings(len(likely))} the numbers too",
        [
            f"{other.describe()}: "
            + _change(macs(other), macs(best), "MACs per sample", unknown=None in task.outputs)
            for other in (square or likely)[:_MOST_ALTERNATIVES]
        ],
    )


def _change(other: int, best: int, what: str, *, unknown: bool) -> str:
    if other == best:
        return f"same {what}"
    share = 100 * (other - best) / best
    return f"{share:+.1f} % {what}" if unknown else f"{other:,} {what} ({share:+.1f} %)"


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


_FAMILIES: tuple[tuple[str, convolution.Family], ...] = (
    ("", "conv"),
    ("Depthwise", "depthwise"),
    ("Separable", "separable"),
)

RULES: Mapping[str, Rule] = {
    f"{name}Conv{rank}D": _convolution(rank, family)
    for rank in (1, 2, 3)
    for name, family in _FAMILIES
}
