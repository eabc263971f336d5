"""Numbers of layers that prepare data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from convcost.errors import NetworkError
from convcost.write.layout import last_places

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.tensor import Tensor
    from convcost.ops.preparation import Normalization, Rescaling

#: A deviation is at least this, as Keras has it.
LEAST_DEVIATION = 1e-7


class Statistics(NamedTuple):
    """What data is normalised by.

    Attributes:
        mean: an array along some axes of the data.
        variance: likewise.
        places: of these axes, in the network's order.
    """

    mean: Any
    variance: Any
    places: tuple[int, ...]


def statistics(
    op: Normalization, tensor: Tensor, weights: Mapping[str, Any], *, exact: bool
) -> Statistics:
    """The statistics that are stored, or given as plain numbers.

    Raises:
        NetworkError: the network does not keep them, and they count.
    """
    import numpy as np

    places = last_places(tensor, op.axes)
    if op.stored:
        return Statistics(weights["mean"], weights["variance"], places)
    mean, variance = op.mean, op.variance
    if mean is None or variance is None:
        if exact:
            raise NetworkError("its mean and variance, plain numbers, are not kept by the network")
        mean, variance = (0.0,), (1.0,)
    # as Keras aligns them: at the last axis that has statistics of its own
    given = [np.array(each, tensor.dtype) for each in (mean, variance)]
    return Statistics(given[0], given[1], places[-1:])


def rescaled(op: Rescaling, tensor: Tensor, *, exact: bool) -> tuple[Any, Any]:
    """The factors and summands as arrays along the last axis.

    Raises:
        NetworkError: the network does not keep them, and they count.
    """
    import numpy as np

    if op.scale is None and exact:
        raise NetworkError("its factor is not known")
    scale = 0.5 if op.scale is None else op.scale
    return np.array(scale, tensor.dtype), np.array(op.offset, tensor.dtype)
