"""Rules for convolutions and pooling: windows that lead from one size to the other."""

from __future__ import annotations

from functools import partial
from math import prod
from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.network import Alternative
from convcost.ops.conv import Conv
from convcost.ops.depthwise import DepthwiseConv
from convcost.ops.pool import AdaptivePool, GlobalPool, Pool
from convcost.ops.window import AXES, Window
from convcost.read.keras.solve import convolution
from convcost.read.keras.solve.agree import readings
from convcost.read.keras.solve.bounds import LIKELY_SIDE, MAX_WINDOW, MOST_ALTERNATIVES
from convcost.read.keras.solve.geometry import Geometry, explicit_geometries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.network.op import Op
    from convcost.network.tensor import Tensor
    from convcost.read.torch.tables.site import Rule, TorchSite


def _conv(rank: int, site: TorchSite) -> Op:
    axes = AXES[rank]
    task = convolution.Task(
        "conv",
        site.parameters,
        site.given("channel") if site.input is not None else None,
        site.printed("channel"),
        tuple(site.given(axis) for axis in axes),
        tuple(site.printed(axis) for axis in axes),
        kernel=each(site.row.kernel, rank),
        groups=site.row.groups,
        explicit=True,
    )
    solutions = sorted(_with_input_size(site, convolution.solve(task)), key=partial(_cost, site))
    if not solutions:
        raise NetworkError(
            f"{site.parameters:,} parameters and its shape fit no kernel on {_on(site)}"
        )
    best, *others = solutions
    site.cost = _cost(site, best)
    if site.input is None:
        site.solved = _solved(site, best)
    _state(site, task, best, others)
    return _op(best, task.filters)


def _solved(site: TorchSite, solution: convolution.Solution) -> Tensor:
    """What the layer must have been given."""
    sizes = dict(zip(AXES[len(solution.sizes)], solution.sizes, strict=True))
    return site.output.resized(channel=solution.channels, **_numbers(sizes))


def _op(best: convolution.Solution, filters: int) -> Op:
    windows = best.geometry.windows(AXES[len(best.sizes)])
    if best.groups == best.channels > 1:
        multiplier = filters // best.channels
        return DepthwiseConv(windows=windows, multiplier=multiplier, bias=best.bias)
    return Conv(filters=filters, windows=windows, groups=best.groups, bias=best.bias)


def _cost(site: TorchSite, solution: convolution.Solution) -> float:
    """0 for what people write, 1 and more for what fits by chance."""
    kernel, cost = solution.geometry.kernel, float(solution.geometry.oddness)
    if site.row.kernel is None:
        cost += 2 * (len(set(kernel)) > 1) + (max(kernel) % 2 == 0)
    if solution.groups > 1 and site.row.groups is None:
        square = len(set(kernel)) == 1
        depthwise = solution.groups == solution.channels and square
        even = max(kernel) % 2 == 0
        cost += even if depthwise else 3 if prod(kernel) == 1 or not square else 1
    if site.input is None:
        image = solution.channels in (1, 3)
        usual = image if site.first else solution.channels % 8 == 0
        cost += 0 if usual else 1 if image else 2
        cost += 0.5 * (prod(kernel) == 1) + 0.1 * (max(kernel) > 3)
    return cost


def _with_input_size(
    site: TorchSite, solutions: Sequence[convolution.Solution]
) -> Sequence[convolution.Solution]:
    """The solutions whose input has the printed size in bytes, where any has."""
    admits = site.model_input
    if site.input is not None or not site.first or admits is None:
        return solutions
    fitting = [s for s in solutions if admits(prod(size or 0 for size in s.sizes) * s.channels)]
    return fitting or solutions


def _state(
    site: TorchSite,
    task: convolution.Task,
    best: convolution.Solution,
    others: Sequence[convolution.Solution],
) -> None:
    """Say what is read, and list other readings that somebody would write."""
    most = site.cost + 0.5
    likely = [
        other
        for other in others
        if max(other.geometry.kernel) <= LIKELY_SIDE and _cost(site, other) <= most
    ]
    listed = likely[:MOST_ALTERNATIVES]
    alike = len({each.equation(task) for each in (best, *listed)}) == 1

    def alternative(other: convolution.Solution) -> Alternative:
        same = other.macs(task) == best.macs(task)
        change = (
            "same MACs"
            if same
            else f"{other.macs(task):,} MACs per sample, not {best.macs(task):,}"
        )
        return Alternative(
            f"{other.describe()}: {change if alike else f'{other.equation(task)}, {change}'}",
            _op(other, task.filters),
            known_sizes(_solved(site, other)) if site.input is None else None,
        )

    if alike:
        site.note("inferred", f"{best.geometry}: {best.equation(task)}")
    if likely:
        equation = "" if alike else f": {best.equation(task)}"
        site.note(
            "ambiguous",
            f"read as {best.describe()}{equation}; {readings(len(likely))} the numbers too",
            [alternative(other) for other in listed],
        )


def _pool(rank: int, function: str, site: TorchSite) -> Op:
    axes = AXES[rank]
    if site.input is None:
        raise NetworkError("the layer that it pools is not known")
    if site.given("channel") != site.printed("channel"):
        raise NetworkError(f"it keeps the channels of its input, but {site.input} is before it")
    sizes = [site.given(axis) for axis in axes]
    outputs = [site.printed(axis) for axis in axes]
    found = _pools(each(site.row.kernel, rank), sizes, outputs)
    if not found:
        windows = _ceil_mode(site, axes)
        if windows is None:
            raise NetworkError("no pooling window leads from its input to its output")
        site.note("inferred", f"pooling read as {windows[0].kernel} wide, the last window partial")
        return Pool(function=function, windows=windows)  # type: ignore[arg-type]
    best, *others = found

    def op(geometry: Geometry) -> Op:
        return Pool(function=function, windows=geometry.windows(axes))  # type: ignore[arg-type]

    site.cost = 0 if best.oddness == 0 else 1
    likely = [g for g in others if g.oddness == 0 and max(g.kernel) <= 2 * max(best.kernel)]
    if likely and site.row.kernel is None:
        site.note(
            "inferred",
            f"pooling read as {best}; {readings(len(likely))} the sizes too",
            [Alternative(f"{x}: same MACs", op(x)) for x in likely[:MOST_ALTERNATIVES]],
        )
    return op(best)


def _pools(
    kernel: tuple[int, ...] | None, sizes: list[int | None], outputs: list[int]
) -> list[Geometry]:
    """Windows that fit; a window as wide as its stride, or 3 wide and centred, comes first."""
    sides = [(side,) * len(sizes) for side in range(1, MAX_WINDOW + 1)]
    if all(output == 1 for output in outputs) and None not in sizes:
        sides.append(tuple(size or 1 for size in sizes))
    kernels = [kernel] if kernel is not None else list(dict.fromkeys(sides))
    found = [g for sides in kernels for g in explicit_geometries(sides, sizes, outputs)]
    unpadded = (0,) * len(sizes)
    return sorted(
        (g for g in found if _half_padded(g)),
        key=lambda g: (
            not (g.kernel == g.stride and g.padding == unpadded and max(g.kernel) > 1),
            not (set(g.kernel) == {3} and g.oddness == 0),
            g.oddness,
            max(g.kernel),
        ),
    )


def _half_padded(geometry: Geometry) -> bool:
    """PyTorch refuses pooling with a padding above half of the window."""
    pads = geometry.padding if isinstance(geometry.padding, tuple) else ()
    return all(2 * pad <= side for pad, side in zip(pads, geometry.kernel, strict=True))


def _ceil_mode(site: TorchSite, axes: Sequence[str]) -> tuple[Window, ...] | None:
    """Windows whose last one is partial (``ceil_mode=True``): zeros behind make it whole."""
    kernel = each(site.row.kernel, len(axes))
    for side in (3, 2):
        windows = []
        for position, axis in enumerate(axes):
            k = side if kernel is None else kernel[position]
            size, output = site.given(axis) or 0, site.printed(axis)
            missing = (output - 1) * 2 + k - size
            if 0 < missing < 2:
                windows.append(Window(axis, k, 2, 1, (0, missing)))
            elif missing == 0:
                windows.append(Window(axis, k, 2))
        if len(windows) == len(axes):
            return tuple(windows)
    return None


def _adaptive(rank: int, function: str, site: TorchSite) -> Op:
    """One output per axis is a global pooling."""
    axes = AXES[rank]
    if site.input is None:
        raise NetworkError("the layer that it pools is not known")
    if site.given("channel") != site.printed("channel"):
        raise NetworkError(f"it keeps the channels of its input, but {site.input} is before it")
    if all(site.printed(axis) == 1 for axis in axes):
        return GlobalPool(function=function, axes=axes, keep_axes=True)  # type: ignore[arg-type]
    parts = tuple((axis, site.printed(axis)) for axis in axes)
    return AdaptivePool(function=function, parts=parts)  # type: ignore[arg-type]


def each(kernel: tuple[int, ...] | None, rank: int) -> tuple[int, ...] | None:
    """A printed kernel, one size per axis; None where it is not printed."""
    if kernel is None:
        return None
    return kernel * rank if len(kernel) == 1 else kernel if len(kernel) == rank else None


def known_sizes(tensor: Tensor) -> tuple[int | None, ...]:
    """The sizes of all axes; None for one that is open."""
    return tuple(size if isinstance(size, int) else None for size in tensor.shape)


def _numbers(sizes: Mapping[str, int | None]) -> dict[str, int]:
    return {axis: size for axis, size in sizes.items() if size is not None}


def _on(site: TorchSite) -> str:
    return "any input" if site.input is None else str(site.input)


RULES: Mapping[str, Rule] = {
    **{f"Conv{rank}d": partial(_conv, rank) for rank in (1, 2, 3)},
    **{
        f"{name}Pool{rank}d": partial(_pool, rank, function)
        for rank in (1, 2, 3)
        for name, function in (("Max", "max"), ("Avg", "average"))
    },
    **{
        f"Adaptive{name}Pool{rank}d": partial(_adaptive, rank, function)
        for rank in (1, 2, 3)
        for name, function in (("Max", "max"), ("Avg", "average"))
    },
}
