"""Verbs that run networks in a framework, and tell what was run before."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from convcost.count import Workload
from convcost.errors import UsageError
from convcost.verbs.named import network_of, patterns, store_path, usual_batch

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from convcost.measure import History, Measurements
    from convcost.network.network import Network
    from convcost.predict.calibration.result import Calibration
    from convcost.runtime.runners.runner import Loop

#: Keras's own default of fit.
_FIT_OPTIMIZER = "rmsprop"


def measure(
    *nets: Network,
    runtime: str | None = None,
    batch: int | None = None,
    training: bool = False,
    optimizer: str | None = None,
    loss: str | None = None,
    freeze: str | Sequence[str] = (),
    dtype: str | None = None,
    threads: int | None = None,
    loop: Loop = "step",
    samples: int | None = None,
    seconds: float = 30.0,
    timeout: float = 600.0,
    store: bool | str | os.PathLike[str] = True,
    against: str | int | None = None,
    say: Callable[[str], None] = lambda _: None,
    warn: Callable[[str], None] = warnings.warn,
) -> Measurements:
    """Run networks in a real framework, each in processes of its own, and tell their times.

    Parameters get random values: a network needs no weights, nor does it need to come from the
    framework that it runs in. Ctrl-C ends it early and keeps what is there (`.interrupted`).

    Args:
        nets: one or several, measured in turns, so that their ratios are better than their times.
        runtime: what runs them (``onnxruntime``, ``torch`` ...); default: the networks' own
            framework where it can be run, else the first that can.
        batch: samples per batch; default: 1, or 32 in training and in a loop.
        training: a training step instead of a forward pass.
        optimizer: of a training step (``adam`` ...); default: no update, in ``fit`` rmsprop.
        loss: of a training step; default: cross-entropy.
        freeze: as in `count`.
        dtype: of the floating-point tensors; default: the source's.
        threads: of the framework; default: the physical cores.
        loop: ``step``, or the framework's own loop over samples in memory: ``evaluate``, or
            ``fit`` for an epoch of training.
        samples: of a loop.
        seconds: how long to measure, all networks together.
        timeout: seconds that starting a network, or one turn of it, may take.
        store: keep the measurement for `history`: in the user's own store (the file that
            CONVCOST_STORE names, or one in the user's data folder), in the file of that path, or,
            False, nowhere.
        against: an earlier run to compare each network with (`.networks[0].against`): its number
            in the store, or ``"last"`` for the newest one of the same network and workload in the
            same runtime on such a machine.
        say: told what is going on.
        warn: told why the measurement could not be stored or compared; it is returned all the same.

    Raises:
        MissingFramework: the runtime's framework is not installed.
        NetworkError: a layer has no counterpart in it.
        UsageError: nothing runs that runtime, it runs no training steps or no such loop, or there
            is no run of the number to compare with.
    """
    from convcost.count.workload import DEFAULT_LOSS
    from convcost.measure import Effort
    from convcost.measure import measure as by_objects
    from convcost.measure.store import keeping

    if not nets:
        raise UsageError("no network to measure")
    if loop == "fit":
        training, optimizer = True, optimizer or _FIT_OPTIMIZER
    workload = Workload(
        batch=usual_batch(batch, many=training or loop != "step"),
        training=training,
        optimizer=optimizer,
        loss=loss or (DEFAULT_LOSS if training else None),
        freeze=patterns(freeze),
        dtype=dtype,
        samples=samples,
    )
    effort = Effort(seconds=seconds, timeout=timeout)
    path = store_path(store)
    keeping.check(against, path)
    found = by_objects(
        nets, workload, runtime=runtime, threads=threads, loop=loop, effort=effort, say=say
    )
    return keeping.keep(
        found, nets, path=path, write=store is not False, against=against, warn=warn
    )


def history(
    *nets: Network,
    runtime: str | None = None,
    last: int | None = None,
    run: int | None = None,
    store: str | os.PathLike[str] | None = None,
) -> History:
    """What `measure` has stored, the newest first.

    Args:
        nets: only runs of these; default: of all networks. Names do not matter.
        runtime: only runs in this.
        last: only the last so many.
        run: only the run of this number, and the ratios of those measured side by side with it.
        store: the file; default: as in `measure`.

    Raises:
        UsageError: there is no run of that number.
        ConvcostError: the file is damaged, or not a store of measurements.
    """
    from convcost.measure.store.recall import recall

    wanted = [network_of(net) for net in nets]
    return recall(wanted, runtime=runtime, last=last, run=run, path=store_path(store))


def calibrate(
    runtime: str,
    *,
    training: bool = False,
    threads: int | None = None,
    seconds: float = 600.0,
    fresh: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Calibration:
    """Learn how long a runtime's kernels take on this machine, for `predict`.

    Networks that are drawn at random are run for the time given, and a model of their kernels'
    times is fitted and kept. Networks that were run before are used too, so that a calibration
    that was interrupted goes on, and a later one makes the profile better.

    Args:
        runtime: that is installed here (``onnxruntime``, ``torch`` ...).
        training: training steps, not inference.
        threads: of the framework; default: the physical cores, as `predict` expects it.
        seconds: how long to run networks; some dozens are run in any case.
        fresh: forget the networks that were run before.
        say: told what is going on.

    Raises:
        MissingFramework: the runtime, or LightGBM, is not installed.
        UsageError: it cannot be run, or does not train.
        ConvcostError: networks could not be run.
    """
    from convcost.predict.calibration.calibrate import calibrate as by_objects
    from convcost.predict.calibration.calibrate import setting

    wanted = setting(runtime, training=training, threads=threads)
    return by_objects(wanted, seconds=seconds, fresh=fresh, say=say)
