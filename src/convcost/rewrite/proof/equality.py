"""Whether two networks compute the same: outputs on random inputs, the largest difference."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from convcost.network.builder import BATCH
from convcost.rewrite.proof.tolerance import relative_tolerance
from convcost.rewrite.running.forward import running, runtime_to_compare, widened
from convcost.rewrite.samples.data import fixed_batch
from convcost.runtime.runners.inputs import random_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.network import Network
    from convcost.rewrite.running.forward import Forward

#: Seeds of the inputs.
SEEDS = (0, 1, 2)
#: What normal inputs are multiplied by: as images are after usual scaling, tiny, huge. Where zeros
#: of a padding, a shift or a saturated activation matter, one of them shows it.
SCALES = (1.0, 1e-4, 1e4)
#: Samples, where the network leaves that open.
_BATCH = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Equality:
    """How far outputs lie apart, on the inputs where that is most of what is allowed.

    Attributes:
        runtime: that ran both networks.
        equal: whether every output of every trial is within its tolerance.
        difference: the largest one, as it is; infinite where shapes differ, or a result is no
            finite number.
        tolerance: that of the same trial: `relative` times the largest output, or, where that is
            more, what a change of the inputs by `relative` does to the outputs.
        magnitude: the largest output of that trial.
        relative: what rounding may come to; see `convcost.rewrite.proof.tolerance`.
        seed: of that trial's inputs.
        scale: likewise.
        output: which result of the network.
        trials: inputs that were run.
        overflowed: scales at which the original has outputs that are not finite; not compared.
        values: whether the ``source``'s own weights were used, or ``random`` ones.
    """

    runtime: str
    equal: bool
    difference: float
    tolerance: float
    magnitude: float
    relative: float
    seed: int
    scale: float
    output: int
    trials: int
    overflowed: tuple[float, ...] = ()
    values: str = "source"

    def to_dict(self) -> dict[str, Any]:
        """Plain values; a difference that is no finite number is None."""
        finite = math.isfinite(self.difference)
        return {
            **asdict(self),
            "difference": self.difference if finite else None,
            "overflowed": list(self.overflowed),
        }


@dataclass(frozen=True, slots=True)
class _Trial:
    """One output on one input: how far apart, and how far it may be."""

    seed: int
    scale: float
    output: int
    difference: float
    tolerance: float
    magnitude: float

    @property
    def share(self) -> float:
        """Of the tolerance."""
        if not self.tolerance:
            return math.inf if self.difference else 0.0
        return self.difference / self.tolerance


def equality(
    before: Network,
    after: Network,
    *,
    runtime: str | None = None,
    threads: int | None = None,
    timeout: float = 600.0,
    values: str = "source",
    seeds: Sequence[int] = SEEDS,
    scales: Sequence[float] = SCALES,
) -> Equality:
    """Run both networks on the same random inputs.

    Args:
        before: the original, whose parameters all have values.
        after: the rewritten one, likewise.
        runtime: its name; default: see `runtime_to_compare`.
        threads: of the framework; default: the physical cores.
        timeout: seconds that one run may take.
        values: what to say of the weights.
        seeds: of inputs.
        scales: of inputs.

    Raises:
        NetworkError: values are missing, or the runtime cannot run a network.
        MissingFramework: the runtime is not installed.
        ConvcostError: it failed, or took too long.
    """
    chosen = runtime_to_compare(before, runtime)
    batch = fixed_batch(before) or _BATCH
    pair = [network.bind({str(BATCH): batch}) for network in (before, after)]
    relative = relative_tolerance(*pair)
    first, second = map(widened, pair)
    options: Any = {"runtime": chosen, "batch": batch, "threads": threads, "timeout": timeout}
    found: list[_Trial] = []
    overflowed: dict[float, None] = {}
    with running(first, **options) as one, running(second, **options) as other:
        for scale, seed in product(scales, seeds):
            trials = _compared(first, one, other, seed=seed, scale=scale, relative=relative)
            if trials is None:
                overflowed[scale] = None
            found += trials or ()
    ran = len(scales) * len(seeds)
    if not found:
        return Equality(
            runtime=chosen, equal=False, difference=0.0, tolerance=0.0, magnitude=0.0,
            relative=relative, seed=seeds[0], scale=scales[0], output=0, trials=ran,
            overflowed=tuple(overflowed), values=values,
        )  # fmt: skip
    worst = max(found, key=lambda trial: trial.share)
    return Equality(
        runtime=chosen,
        equal=worst.difference <= worst.tolerance,
        **asdict(worst),
        relative=relative,
        trials=ran,
        overflowed=tuple(overflowed),
        values=values,
    )


def _compared(
    network: Network, one: Forward, other: Forward, *, seed: int, scale: float, relative: float
) -> list[_Trial] | None:
    """Every output of a trial; None where the original's are not finite."""
    import numpy as np

    inputs = _scaled(random_inputs(network, batch=1, seed=seed), scale)
    wanted = [np.asarray(array, "float64") for array in one(inputs)]
    if not all(np.isfinite(array).all() for array in wanted):
        return None
    found = other(inputs)
    moved = one(_moved(inputs, relative, seed))
    trials = []
    for place, (right, got, near) in enumerate(zip(wanted, found, moved, strict=True)):
        magnitude = float(np.abs(right).max(initial=0.0))
        allowed = max(relative * magnitude, _apart(right, near, finite_only=True))
        difference = _apart(right, got)
        trials.append(_Trial(seed, scale, place, difference, allowed, magnitude))
    return trials


def _scaled(inputs: list[Any], scale: float) -> list[Any]:
    """Floating-point inputs multiplied, whole numbers as they are."""
    return [(x * scale).astype(x.dtype) if x.dtype.kind == "f" else x for x in inputs]


def _moved(inputs: list[Any], relative: float, seed: int) -> list[Any]:
    """Floating-point inputs, each number larger or smaller by this share of itself.

    What rounding does within a network is at least as much as this does to its inputs; where an
    output depends on it strongly (a softmax between two equal classes), both outputs are right.
    """
    import numpy as np

    state = np.random.default_rng([seed, 1])
    return [
        (x * (1 + relative * state.choice([-1.0, 1.0], x.shape))).astype(x.dtype)
        if x.dtype.kind == "f"
        else x
        for x in inputs
    ]


def _apart(right: Any, got: Any, *, finite_only: bool = False) -> float:
    """The largest difference; infinite where shapes differ, or something is no finite number."""
    import numpy as np

    got = np.asarray(got, "float64")
    if got.shape != right.shape:
        return math.inf
    if not np.isfinite(got).all():
        return 0.0 if finite_only else math.inf
    return float(np.abs(right - got).max(initial=0.0))
