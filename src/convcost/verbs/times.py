"""Verbs that predict times and explain them."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from convcost.count import Workload
from convcost.errors import UsageError
from convcost.verbs.named import (
    BATCH_OF_MANY,
    device_named,
    network_of,
    patterns,
    profile_for,
    refined,
    runtime_named,
    store_path,
    usual_batch,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from convcost.explain import Explanation
    from convcost.measure import Effort, Measurements
    from convcost.network.network import Network
    from convcost.predict import Prediction


def predict(
    net: Network,
    *,
    device: str | None = None,
    runtime: str | None = None,
    batch: int | None = None,
    training: bool = False,
    optimizer: str | None = None,
    dtype: str | None = None,
    samples: int | None = None,
    epochs: int = 1,
    accumulate: int = 1,
    batches: Sequence[int] = (),
    measured: float | None = None,
    basis: Literal["calibrated", "data sheet"] | None = None,
    profile: str | os.PathLike[str] | None = None,
    refine: float | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Prediction:
    """Predict the time of a batch; with `samples`, of a data set.

    Where `calibrate` has made a profile of the runtime on this machine, the times are the
    profile's, in training those of the whole step; else those of the forward pass by data sheet.

    Args:
        net: what to run.
        device: a name of `convcost devices`; default: this machine.
        runtime: a name of `convcost runtimes`; default: that of the network's own framework.
        batch: samples per batch; default: 1, or 32 for a data set, as Keras runs it.
        training: a training step; by data sheet its forward pass.
        optimizer: what updates the parameters in a training step; default: no update.
        dtype: of the floating-point tensors; default: the source's.
        samples: size of the data set of a plan.
        epochs: passes over it.
        accumulate: batches whose gradients are added up before an update.
        batches: also predict these: from where on a larger one is of no more use.
        measured: seconds that the user measured, of the data set or else of a batch, to be judged.
        basis: ``calibrated`` or ``data sheet``; default: the best that there is.
        profile: the file of a profile; default: that of this machine.
        refine: seconds to measure those parts of the network for, in the framework itself, that the
            profile is least sure of; it keeps what they take.
        say: told what is going on while that is measured.

    Raises:
        UsageError: there is no profile where one is asked for, or it is another machine's; a
            measured training step is to be judged by data sheet.
        MissingFramework: what is to be refined runs in a framework that is not installed.
    """
    from convcost.predict import predict as by_objects
    from convcost.predict.batches import over_batches

    workload = Workload(
        batch=usual_batch(batch, many=samples is not None),
        training=training,
        optimizer=optimizer,
        dtype=dtype,
        samples=samples,
        epochs=epochs,
        accumulate=accumulate,
    )
    net, found, hardware = network_of(net), runtime_named(runtime), device_named(device)
    by = profile_for(net, found, workload, device=device, basis=basis, path=profile)
    if refine is not None:
        by = refined(net, found, workload, by, path=profile, seconds=refine, say=say)

    def predicted(workload: Workload) -> Prediction:
        return by_objects(net, workload, device=hardware, runtime=found, profile=by)

    prediction = predicted(workload)
    if measured is not None:
        prediction = prediction.judged(measured)
    if batches:
        at = replace(workload, samples=None)
        prediction = replace(prediction, batches=over_batches(predicted, at, batches))
    return prediction


def explain(
    *nets: Network,
    device: str | None = None,
    runtime: str | None = None,
    batch: int = BATCH_OF_MANY,
    training: bool = False,
    optimizer: str | None = None,
    loss: str | None = None,
    freeze: str | Sequence[str] = (),
    input_gradient: bool = False,
    dtype: str | None = None,
    samples: int | None = None,
    measured: Sequence[float] = (),
    basis: Literal["calibrated", "data sheet"] | None = None,
    profile: str | os.PathLike[str] | None = None,
    verify: bool | Effort = False,
    ablate: str | Sequence[str] | None = None,
    threads: int | None = None,
    store: bool | str | os.PathLike[str] = True,
    say: Callable[[str], None] = lambda _: None,
    warn: Callable[[str], None] = warnings.warn,
) -> Explanation:
    """Explain where the time of networks goes and why one takes longer than another.

    Args:
        nets: one or more; each is compared with the first.
        device: as in `predict`.
        runtime: as in `predict`; where it is verified, also one that can only be measured.
        batch: samples per batch.
        training: a training step; its times are those of the whole step where the runtime is
            calibrated for training, else those of its forward pass.
        optimizer: as in `count`.
        loss: as in `count`; where it is verified, a training step has cross-entropy by default.
        freeze: as in `count`.
        input_gradient: as in `count`.
        dtype: as in `predict`.
        samples: how many samples the measured times are for.
        measured: seconds that the user measured, one per network. Without them, times that stand
            below pasted tables are used.
        basis: as in `predict`.
        profile: as in `predict`.
        verify: measure the networks too, side by side on this machine, for as long as `measure`
            does or as an `Effort` says. They run in `runtime`; by default in the one that is
            explained where it can be run and is installed, else in the first that can.
        ablate: causes to take out of the networks, by name (``batch-norm``), to see what each
            takes; ``all``; or ``none``. Default: none; where it is verified, those three at most
            that save the largest shares, 10 % and more, measured side by side with the networks.
        threads: as in `measure`; where it is verified.
        store: as in `measure`; where it is verified.
        say: as in `measure`.
        warn: as in `measure`.

    Raises:
        UsageError: something cannot be verified; among others, as `measure` raises; or there is
            nothing for a named ablation to take out.
        MissingFramework: the runtime to verify in is not installed.
    """
    from convcost.explain import explain as by_objects

    workload = Workload(
        batch=batch,
        training=training,
        optimizer=optimizer,
        loss=loss,
        freeze=patterns(freeze),
        input_gradient=input_gradient,
        dtype=dtype,
        samples=samples,
    )
    nets = tuple(network_of(net) for net in nets)
    verifier = None
    if verify:
        from convcost.explain import verify as verifying
        from convcost.measure.store import keeping

        def keep(found: Measurements, nets: Sequence[Network]) -> Measurements:
            path, write = store_path(store), store is not False
            return keeping.keep(found, nets, path=path, write=write, against=None, warn=warn)

        verifier = verifying.verifier(
            nets, workload, device=device, runtime=runtime, measured=measured, threads=threads,
            effort=None if isinstance(verify, bool) else verify, say=say, keep=keep,
        )  # fmt: skip
        runtime = verifying.explained(runtime)
    elif threads is not None:
        raise UsageError("threads are for measuring", hint="add --verify (verify=True)")
    by = runtime_named(runtime)
    return by_objects(
        nets, workload, device=device_named(device), runtime=by, measured=measured,
        verifier=verifier, ablate=None if ablate is None else patterns(ablate),
        profile=profile_for(nets[0], by, workload, device=device, basis=basis, path=profile)
        if nets else None,
    )  # fmt: skip
