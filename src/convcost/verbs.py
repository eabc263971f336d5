"""The public verbs: what a user types in Python, with names instead of objects."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Literal

from convcost.network.collector import without_collecting

with without_collecting():
    from convcost.count import Workload
    from convcost.count import count as _count
    from convcost.errors import UsageError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from convcost.count import Count
    from convcost.count.conventions.difference import OtherCount
    from convcost.explain import Explanation
    from convcost.measure import Effort, History, Measurements
    from convcost.network.network import Network
    from convcost.predict import Prediction
    from convcost.predict.calibration.calibrate import Calibration
    from convcost.predict.profile import Profile
    from convcost.runtime import Runtime
    from convcost.runtime.memory import Memory
    from convcost.runtime.runners.runner import Loop

#: Keras's own defaults of evaluate and fit.
_DATA_SET_BATCH = 32
_FIT_OPTIMIZER = "rmsprop"


def read(source: Any, **options: Any) -> Network:
    """The first network of a source: a path, ``zoo:NAME``, or the text of a pasted summary.

    Raises:
        SourceError: the source cannot be read.
    """
    return read_all(source, **options)[0]


def read_all(source: Any, **options: Any) -> tuple[Network, ...]:
    """Every network of a source, in order.

    Raises:
        SourceError: the source cannot be read.
    """
    with without_collecting():
        from convcost.read import read_source
    return read_source(source, **options)


def write(
    nets: Network | Sequence[Network], path: str | os.PathLike[str], *, force: bool = False
) -> None:
    """Write networks to a file that `read` and `read_all` take.

    Args:
        nets: one network or several.
        path: of the file. Where it ends in ``.onnx`` or ``.keras``, an ONNX or a Keras model of one
            network, with the source's values or random ones; else JSON with everything but the
            parameters' values.
        force: overwrite it.

    Raises:
        UsageError: the file exists.
        NetworkError: a layer has no counterpart in ONNX.
    """
    from pathlib import Path

    from convcost.network.network import Network
    from convcost.write.files import save_networks

    save_networks((nets,) if isinstance(nets, Network) else nets, Path(path), force=force)


def count(
    net: Network,
    *,
    batch: int = 1,
    training: bool = False,
    optimizer: str | None = None,
    loss: str | None = None,
    freeze: str | Sequence[str] = (),
    input_gradient: bool = False,
    dtype: str | None = None,
) -> Count:
    """Count a network exactly: parameters, MACs, operations, bytes, per layer and in total.

    Args:
        net: what to count.
        batch: samples per batch.
        training: a training step: the forward pass as in training, and the backward pass.
        optimizer: what updates the parameters (``adam`` ...); default: no update is counted.
        loss: what is minimised (``cross-entropy`` ...); default: none is counted.
        freeze: a pattern of names of layers that are not trained (``"conv*"``), or several.
        input_gradient: compute the gradient of the network's inputs too.
        dtype: of the floating-point tensors; default: the source's.

    >>> import convcost
    >>> convcost.count(convcost.read("zoo:vgg16")).total.forward.macs
    15470264320
    """
    workload = Workload(
        batch=batch,
        training=training,
        optimizer=optimizer,
        loss=loss,
        freeze=(freeze,) if isinstance(freeze, str) else tuple(freeze),
        input_gradient=input_gradient,
        dtype=dtype,
    )
    return _count(_read(net), workload)


def count_as(
    net: Network, tool: str, *, batch: int = 1, training: bool = False, dtype: str | None = None
) -> OtherCount:
    """Count a network as another tool does, and say why its figure differs from ours.

    Args:
        net: what to count.
        tool: ``fvcore``, ``flop-counter`` ...; an unknown name gives an error that lists all.
        batch: samples per batch.
        training: the forward pass as in training; the backward pass is not counted.
        dtype: of the floating-point tensors; default: the source's.

    >>> import convcost
    >>> other = convcost.count_as(convcost.read("zoo:seed000"), "fvcore")
    >>> other.operations, other.causes[0].layers, other.causes[0].difference
    (1474560, ('conv2d_1',), -884736)
    """
    from convcost.count.conventions.difference import count_as as by_objects

    return by_objects(_read(net), tool, Workload(batch=batch, training=training, dtype=dtype))


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
    from convcost.measure import Effort
    from convcost.measure import measure as by_objects
    from convcost.measure.store import keeping

    if not nets:
        raise UsageError("no network to measure")
    if loop == "fit":
        training, optimizer = True, optimizer or _FIT_OPTIMIZER
    workload = Workload(
        batch=batch or (_DATA_SET_BATCH if training or loop != "step" else 1),
        training=training,
        optimizer=optimizer,
        loss=loss or ("cross-entropy" if training else None),
        freeze=(freeze,) if isinstance(freeze, str) else tuple(freeze),
        dtype=dtype,
        samples=samples,
    )
    effort = Effort(seconds=seconds, timeout=timeout)
    path = _store(store)
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

    return recall(
        [_read(net) for net in nets], runtime=runtime, last=last, run=run, path=_store(store)
    )


def memory(
    net: Network,
    *,
    batch: int = 1,
    training: bool = False,
    optimizer: str | None = None,
    loss: str | None = None,
    freeze: str | Sequence[str] = (),
    input_gradient: bool = False,
    dtype: str | None = None,
    runtime: str | None = None,
    checkpoint: bool | Sequence[str] = False,
    within: int | str | None = None,
) -> Memory:
    """The memory of inference or of a training step: what is alive when, and the peak.

    Args:
        net: what is run.
        batch: samples per batch; the largest one that fits where `within` is given.
        training: a training step.
        optimizer: whose states are stored (``adam`` ...); default: none.
        loss: as in `count`; default in training: cross-entropy.
        freeze: as in `count`.
        input_gradient: as in `count`.
        dtype: of the floating-point tensors; narrower than float32 in training means that the
            weights are kept in float32 as well.
        runtime: as in `predict`.
        checkpoint: activation checkpointing in about sqrt(n) segments, or behind these layers.
        within: bytes that there are, as a number or ``8GB``: the largest batch that fits.

    >>> import convcost
    >>> net = convcost.read("zoo:vgg16")
    >>> convcost.memory(net, training=True).saved
    73359276
    """
    from convcost.runtime.memory import memory as by_objects
    from convcost.runtime.memory import within as within_limit
    from convcost.units import parse_bytes

    workload = Workload(
        batch=batch,
        training=training,
        optimizer=optimizer,
        loss=loss or ("cross-entropy" if training else None),
        freeze=(freeze,) if isinstance(freeze, str) else tuple(freeze),
        input_gradient=input_gradient,
        dtype=dtype,
    )
    by_name = _runtime(runtime)
    if within is None:
        return by_objects(_read(net), workload, runtime=by_name, checkpoint=checkpoint)
    limit = parse_bytes(within) if isinstance(within, str) else within
    return within_limit(_read(net), limit, workload, runtime=by_name, checkpoint=checkpoint)


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
    basis: Literal["calibrated", "data sheet"] | None = None,
    profile: str | os.PathLike[str] | None = None,
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
        basis: ``calibrated`` or ``data sheet``; default: the best that there is.
        profile: the file of a profile; default: that of this machine.

    Raises:
        UsageError: there is no profile where one is asked for, or it is another machine's.
    """
    from convcost.predict import predict as by_objects

    workload = Workload(
        batch=batch or (1 if samples is None else _DATA_SET_BATCH),
        training=training,
        optimizer=optimizer,
        dtype=dtype,
        samples=samples,
        epochs=epochs,
    )
    net, found = _read(net), _runtime(runtime)
    return by_objects(
        net, workload, device=_device(device), runtime=found,
        profile=_profile(net, found, workload, device=device, basis=basis, path=profile),
    )  # fmt: skip


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
        seconds: how long to run networks.
        fresh: forget the networks that were run before.
        say: told what is going on.

    Raises:
        MissingFramework: the runtime, or LightGBM, is not installed.
        UsageError: it cannot be run, or does not train.
        ConvcostError: too few networks could be run.
    """
    from convcost.predict.calibration.calibrate import calibrate as by_objects
    from convcost.predict.calibration.calibrate import setting

    wanted = setting(runtime, training=training, threads=threads)
    return by_objects(wanted, seconds=seconds, fresh=fresh, say=say)


def explain(
    *nets: Network,
    device: str | None = None,
    runtime: str | None = None,
    batch: int = 32,
    training: bool = False,
    optimizer: str | None = None,
    loss: str | None = None,
    freeze: str | Sequence[str] = (),
    input_gradient: bool = False,
    dtype: str | None = None,
    samples: int | None = None,
    measured: Sequence[float] = (),
    verify: bool | Effort = False,
    threads: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Explanation:
    """Explain where the time of networks goes and why one takes longer than another.

    Args:
        nets: one or more; each is compared with the first.
        device: as in `predict`.
        runtime: as in `predict`; where it is verified, also one that can only be measured.
        batch: samples per batch.
        training: also what a training step consists of; times stay those of its forward pass.
        optimizer: as in `count`.
        loss: as in `count`; where it is verified, a training step has cross-entropy by default.
        freeze: as in `count`.
        input_gradient: as in `count`.
        dtype: as in `predict`.
        samples: how many samples the measured times are for.
        measured: seconds that the user measured, one per network. Without them, times that stand
            below pasted tables are used.
        verify: measure the networks too, side by side on this machine, for as long as `measure`
            does or as an `Effort` says. They run in `runtime`; by default in the one that is
            explained where it can be run and is installed, else in the first that can.
        threads: as in `measure`; where it is verified.
        say: as in `measure`.

    Raises:
        UsageError: something cannot be verified; among others, as `measure` raises.
        MissingFramework: the runtime to verify in is not installed.
    """
    from convcost.explain import explain as by_objects

    workload = Workload(
        batch=batch,
        training=training,
        optimizer=optimizer,
        loss=loss,
        freeze=(freeze,) if isinstance(freeze, str) else tuple(freeze),
        input_gradient=input_gradient,
        dtype=dtype,
        samples=samples,
    )
    nets = tuple(_read(net) for net in nets)
    found: Sequence[float] | Measurements = measured
    if verify:
        from convcost.explain.verify import explained, verified

        found = verified(
            nets, workload, device=device, runtime=runtime, measured=measured, threads=threads,
            effort=None if isinstance(verify, bool) else verify, say=say,
        )  # fmt: skip
        runtime = explained(runtime)
    elif threads is not None:
        raise UsageError("threads are for measuring", hint="add --verify (verify=True)")
    return by_objects(
        nets, workload, device=_device(device), runtime=_runtime(runtime), measured=found
    )


def _read(net: Network) -> Network:
    """A network as it is; anything else has to be read first.

    Raises:
        UsageError: it is something else, such as a path.
    """
    from convcost.network.network import Network

    if not isinstance(net, Network):
        raise UsageError(
            f"expected a network, got {type(net).__module__}.{type(net).__qualname__}",
            hint="read it first: net = convcost.read(...)",
        )
    return net


def _store(given: bool | str | os.PathLike[str] | None) -> Path | None:
    """The path of a store; None for the user's own."""
    from pathlib import Path

    return None if given is None or isinstance(given, bool) else Path(given)


def _profile(
    net: Network,
    runtime: Runtime | None,
    workload: Workload,
    *,
    device: str | None,
    basis: str | None,
    path: str | os.PathLike[str] | None,
) -> Profile | None:
    """The profile to predict with; None for the data sheet."""
    from pathlib import Path

    from convcost.predict import profiles

    return profiles.chosen(
        net.framework if runtime is None else runtime,
        training=workload.training,
        device=device,
        basis=basis,
        path=None if path is None else Path(path),
    )


def _device(name: str | None) -> Any:
    from convcost.device import THIS_MACHINE, load

    return load(name or THIS_MACHINE)


def _runtime(name: str | None) -> Any:
    from convcost.runtime import load

    return None if name is None else load(name)
