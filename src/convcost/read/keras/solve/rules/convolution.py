"""Convolutions: kernel, stride, padding, bias and groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.dims import symbol
from convcost.network.network import Alternative
from convcost.ops.conv import Conv
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.ops.window import AXES
from convcost.read.axis_names import axis_names, named
from convcost.read.keras.solve import convolution
from convcost.read.keras.solve.agree import agrees, readings
from convcost.read.keras.solve.bounds import LIKELY_SIDE, MOST_ALTERNATIVES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.network.op import Op
    from convcost.network.tensor import Tensor
    from convcost.read.keras.solve.site import Rule, Site


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
        best, *others = _fitting(site, task)
        _state(site, task, best, others)
        if not site.inputs:
            site.input = _solved_input(site, best)
        return _op(site, task, best)

    return rule


def _op(site: Site, task: convolution.Task, best: convolution.Solution) -> Op:
    windows = best.geometry.windows(AXES[len(task.outputs)])
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


def _fitting(site: Site, task: convolution.Task) -> Sequence[convolution.Solution]:
    """The solutions that fit, by code where there is some; the likeliest comes first."""
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
    return agreeing or solutions


def _state(
    site: Site,
    task: convolution.Task,
    best: convolution.Solution,
    others: Sequence[convolution.Solution],
) -> None:
    """Say what is read, and list the other readings.

    They are a doubt only where somebody would write one of them: a kernel with unequal sides where
    one with equal sides fits as well is listed, but no doubt. The equation is stated once where it
    holds for all of them, else for each.
    """
    likely = [
        other
        for other in others
        if max(other.geometry.kernel) <= LIKELY_SIDE and len(set(other.geometry.stride)) == 1
    ]
    square = [other for other in likely if len(set(other.geometry.kernel)) == 1]
    listed = (square or likely)[:MOST_ALTERNATIVES]
    alike = len({each.equation(task) for each in (best, *listed)}) == 1

    def alternative(other: convolution.Solution) -> Alternative:
        unknown = None in task.outputs
        change = _change(other.macs(task), best.macs(task), "MACs per sample", unknown=unknown)
        return Alternative(
            f"{other.describe()}: {change if alike else f'{other.equation(task)}, {change}'}",
            _op(site, task, other),
            None if site.inputs else (None, *_input_sizes(site, other)),
        )

    if likely:
        equation = "" if alike else f": {best.equation(task)}"
        site.note(
            "ambiguous" if square else "inferred",
            f"read as {best.describe()}{equation}; {readings(len(likely))} the numbers too",
            [alternative(other) for other in listed],
        )
    if alike:
        site.note("inferred", f"kernel {best.kernel_text}: {best.equation(task)}")
    if not site.inputs and not likely:
        on = "x".join("?" if size is None else str(size) for size in _input_sizes(site, best))
        site.note("inferred", f"the input is {on}, with {best.geometry}")


def _change(other: int, best: int, what: str, *, unknown: bool) -> str:
    if other == best:
        return f"same {what}"
    share = 100 * (other - best) / best
    return f"{share:+.1f} % {what}" if unknown else f"{other:,} {what} ({share:+.1f} %)"


def _solved_input(site: Site, best: convolution.Solution) -> Tensor:
    """What the layer must have been given."""
    sizes = _input_sizes(site, best)
    names = axis_names(len(sizes) + 1, channels_first=site.channels_first)[1:]
    known = (
        symbol(str(name)) if size is None else size for name, size in zip(names, sizes, strict=True)
    )
    return named([1, *known], channels_first=site.channels_first)


def _input_sizes(site: Site, solution: convolution.Solution) -> tuple[int | None, ...]:
    """Sizes of the input of a solution behind the batch; None for one that is open."""
    sides = solution.sizes
    return (solution.channels, *sides) if site.channels_first else (*sides, solution.channels)


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
