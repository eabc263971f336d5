"""What a network is run on: random numbers of the right shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.builder import BATCH
from convcost.ops.embedding import Embedding
from convcost.ops.input import Input

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.network.tensor import Tensor

#: Whole numbers are below this where no table bounds them: places in a sequence, marks, pixels.
_WHOLE = 2


def check_samples(network: Network) -> None:
    """Refuse a network that a loop cannot give one batch of its samples after the other.

    Raises:
        NetworkError: an input has not any number of samples on its first axis.
    """
    for layer in network.layers:
        if isinstance(layer.op, Input) and layer.outputs[0].shape[:1] != (BATCH,):
            raise NetworkError(
                f"the input '{layer.name}' is {layer.outputs[0]}: a loop over samples needs any "
                f"number of them, {BATCH}, on the first axis",
                hint="measure one step: without --loop",
            )


def random_inputs(network: Network, *, batch: int, seed: int) -> list[Any]:
    """An array for each input, in order: normal, or whole numbers that any table has an entry for.

    Neither constant nor tiny: both would let some processors and kernels take another time.

    Raises:
        NetworkError: a size is open, or NumPy has no such numbers.
    """
    import numpy as np

    network = network.bind({str(BATCH): batch})
    tables = [layer.op.entries for layer in network.layers if isinstance(layer.op, Embedding)]
    entries = min((size for size in tables if isinstance(size, int)), default=_WHOLE)
    state = np.random.default_rng(seed)
    inputs = [layer for layer in network.layers if isinstance(layer.op, Input)]
    return [_random(layer.name, layer.outputs[0], entries, state) for layer in inputs]


def _random(name: str, tensor: Tensor, entries: int, state: Any) -> Any:
    shape = [size for size in tensor.shape if isinstance(size, int)]
    if len(shape) < len(tensor.shape):
        raise NetworkError(f"the input '{name}' is {tensor}, which has an open size",
                           hint="set it with --dim")  # fmt: skip
    if tensor.dtype == "bfloat16":
        raise NetworkError(f"the input '{name}' is bfloat16, which arrays cannot be made of",
                           hint="ask for dtype float32")  # fmt: skip
    if tensor.floating:
        return state.standard_normal(shape).astype(tensor.dtype)
    return state.integers(0, _WHOLE if tensor.dtype == "bool" else entries, shape).astype(
        tensor.dtype
    )
