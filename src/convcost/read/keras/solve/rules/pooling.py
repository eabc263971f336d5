"""Pooling: windows that lead from one size to the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.network import Alternative
from convcost.ops.pool import GlobalPool, Pool
from convcost.ops.window import AXES
from convcost.read.keras.solve import pooling
from convcost.read.keras.solve.agree import agrees, readings
from convcost.read.keras.solve.bounds import MOST_ALTERNATIVES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.keras.solve.geometry import Geometry
    from convcost.read.keras.solve.site import Rule, Site


def _pool(rank: int, function: str) -> Rule:
    def rule(site: Site) -> Op:
        axes = AXES[rank]

        def op(geometry: Geometry) -> Op:
            return Pool(function=function, windows=geometry.windows(axes))  # type: ignore[arg-type]

        if not site.inputs:
            raise NetworkError("the layer that it pools is not in the text")
        solutions = pooling.solve([site.given(a) for a in axes], [site.printed(a) for a in axes])
        if not solutions:
            raise NetworkError("no pooling window leads from its input to its output")
        agreeing = [s for s in solutions if agrees(site, s, "pool_size")]
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
                f"pooling read as {best}; {readings(len(likely))} the sizes too",
                [Alternative(f"{x}: same MACs", op(x)) for x in likely[:MOST_ALTERNATIVES]],
            )
        return op(best)

    return rule


def _global_pool(rank: int, function: str) -> Rule:
    def rule(site: Site) -> Op:
        kept = site.item.rank == rank + 2
        return GlobalPool(function=function, axes=AXES[rank], keep_axes=kept)  # type: ignore[arg-type]

    return rule


RULES: Mapping[str, Rule] = {
    f"{prefix}{name}Pooling{rank}D": rule(rank, function)
    for rank in (1, 2, 3)
    for name, function in (("Max", "max"), ("Average", "average"))
    for prefix, rule in (("", _pool), ("Global", _global_pool))
}
