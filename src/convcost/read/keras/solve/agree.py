"""Whether a solution is what pasted code says, and an op what a row can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.builder import op_takes
from convcost.network.dims import product, summed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.op import Op
    from convcost.network.tensor import Tensor
    from convcost.read.keras.solve.geometry import Geometry
    from convcost.read.keras.solve.site import Site
    from convcost.read.keras.summary.table import Dimension


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


def misfit(
    op: Op, tensors: Sequence[Tensor], shape: Sequence[Dimension], parameters: int | None
) -> str:
    """Why an op cannot be what a row prints; empty where it can.

    Sizes that are open, or cut off, agree with any.

    Args:
        op: what the row may be.
        tensors: what it is called on.
        shape: as printed, the batch included; empty where it is not printed.
        parameters: as printed; None where the number is lost.
    """
    if not op_takes(op, len(tensors)):
        return f"it has {len(tensors)} inputs"
    try:
        results, needed = op.outputs(*tensors), op.weights(*tensors)
    except NetworkError as error:
        return error.message
    sizes = results[0].shape
    if shape and (len(sizes) != len(shape) or any(map(_differ, sizes, shape))):
        printed = ", ".join(str(size) for size in shape)
        return f"its input gives {results[0]}, but ({printed}) is printed"
    weights = summed(product(weight.shape) for weight in needed)
    if parameters is not None and _differ(weights, parameters):
        return f"it would have {weights:,} parameters, not {parameters:,}"
    return ""


def _differ(here: object, there: object) -> bool:
    """Whether sizes are known to differ."""
    return isinstance(here, int) and isinstance(there, int) and here != there


def readings(count: int) -> str:
    """How many other readings fit, in words."""
    return "1 other reading fits" if count == 1 else f"{count} other readings fit"
