"""The largest batch that fits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from convcost.count.workload import Workload
from convcost.errors import UsageError
from convcost.runtime.memory.memory import Memory, memory

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcost.network.network import Network
    from convcost.runtime.rules import Runtime

#: More samples than any batch has.
_MOST = 2**40


def within(
    network: Network,
    limit: int,
    workload: Workload | None = None,
    *,
    runtime: Runtime | None = None,
    checkpoint: bool | Sequence[str] = False,
) -> Memory:
    """The memory of the largest batch that fits into so many bytes, workspace included.

    Each step's bytes are affine in the batch, so that two batches tell all of them. The result is
    checked against its own memory and that of the next batch; where a step is not affine, the
    batch is searched for.

    Args:
        network: what is run.
        limit: bytes.
        workload: whose batch is varied.
        runtime: as in `memory`.
        checkpoint: as in `memory`.

    Returns:
        That of one sample, with `fits` False, where not even one fits.

    Raises:
        UsageError: the limit is below one byte.
    """
    if limit < 1:
        raise UsageError(f"a memory of {limit} bytes holds nothing; expected at least 1")
    asked = workload or Workload()

    def measure(batch: int) -> Memory:
        of_batch = replace(asked, batch=batch)
        return memory(network, of_batch, runtime=runtime, checkpoint=checkpoint)

    one, two = measure(1), measure(2)
    batch = min(
        _most(a.bytes + a.workspace, b.bytes + b.workspace, limit - one.stored)
        for a, b in zip(one.steps, two.steps, strict=True)
    )
    found = measure(max(batch, 1))
    if batch and not found.needed <= limit < measure(batch + 1).needed:
        found = measure(max(_searched(measure, limit), 1))
    return replace(found, limit=limit)


def _most(one: int, two: int, free: int) -> int:
    """The largest n with ``one + (n - 1) * (two - one) <= free``.

    >>> _most(10, 14, 30), _most(10, 14, 9)
    (6, 0)
    """
    if one > free:
        return 0
    per_sample = two - one
    return _MOST if per_sample <= 0 else min(_MOST, 1 + (free - one) // per_sample)


def _searched(measure: Callable[[int], Memory], limit: int) -> int:
    low, high = 0, 1
    while high < _MOST and measure(high).needed <= limit:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if measure(middle).needed <= limit else (low, middle)
    return low
