"""Whether a solution is what pasted code says, and an op what a row can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convcost.network.op import Op
    from convcost.read.solve.geometry import Geometry
    from convcost.read.solve.site import Site


def agrees(site: Site, geometry: Geometry, size: str, *, bias: bool | None = None) -> bool:
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


def takes(op: Op, inputs: int) -> bool:
    """Whether an op can have so many inputs."""
    fewest, most = op.arity
    return inputs >= fewest and (most is None or inputs <= most)


def readings(count: int) -> str:
    """How many other readings fit, in words."""
    return "1 other reading fits" if count == 1 else f"{count} other readings fit"
