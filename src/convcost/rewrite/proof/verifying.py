"""A rewriting with its proof, and what mends it: statistics anew, training."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.rewrite.applying import repeated
from convcost.rewrite.proof.proof import Proof, proved
from convcost.rewrite.rewrite import least_exact
from convcost.rewrite.samples.data import load_data
from convcost.rewrite.statistics.recalibrate import recalibrated
from convcost.rewrite.training.train import train

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from convcost.measure import Effort
    from convcost.network.network import Network
    from convcost.rewrite.rewriting import Rewriting


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for.

    Attributes:
        measured: compare outputs, and measure both networks side by side.
        effort: how long to measure; None: as long as `measure` does.
        data: a file of samples, to tell how much the networks agree, and with labels their
            accuracy.
        recalibrate: a file of samples to estimate BatchNorm statistics from.
        train: a file of samples with labels to train both networks on.
        epochs: passes over these.
        seeds: how often each is trained.
    """

    measured: bool = False
    effort: Effort | None = None
    data: Path | None = None
    recalibrate: Path | None = None
    train: Path | None = None
    epochs: int = 10
    seeds: int = 5

    @property
    def anything(self) -> bool:
        """Whether anything is."""
        return self.measured or any((self.data, self.recalibrate, self.train))


def verified(
    before: Network,
    found: Rewriting,
    wanted: Wanted,
    *,
    runtime: str | None,
    threads: int | None,
    say: Callable[[str], None],
) -> Rewriting:
    """Estimate statistics anew, train, run both networks: what is asked for, in this order.

    Args:
        before: the original.
        found: what was done to it.
        wanted: what is asked for.
        runtime: to run them in; None: see `proved` and `train`.
        threads: of the framework.
        say: told what is going on.

    Raises:
        ConvcostError: as `recalibrated`, `train` and `proved`.
    """
    if wanted.recalibrate is not None:
        new = recalibrated(
            found.network, load_data(wanted.recalibrate, before), threads=threads, say=say
        )
        found = replace(found, network=new.network, recalibrated=new)
    training = None
    if wanted.train is not None:
        training = train(
            before, found.network, load_data(wanted.train, before), runtime=runtime,
            epochs=wanted.epochs, seeds=wanted.seeds, threads=threads, say=say,
        )  # fmt: skip
    steps = [step for step in found.steps if step.sizes]
    kinds = [step.kind for step in steps]
    data = None if wanted.data is None else load_data(wanted.data, before)
    try:
        proof = proved(
            before,
            found.network,
            kinds,
            runtime=runtime,
            workload=found.setting.workload,
            effort=wanted.effort,
            threads=threads,
            data=data,
            predicted=found.ratio,
            again=partial(repeated, steps=steps),
            recalibrated=found.recalibrated is not None,
            measured=wanted.measured,
            training=training,
            say=say,
        )
    except NetworkError as error:
        # what was done stays done: the network can be written where it came from, but not run
        why = f"not verified: {error.message}"
        proof = Proof(kind=least_exact(kinds), training=training, remarks=(why,))
    return replace(found, proof=proof)
