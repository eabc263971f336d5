"""The public verbs: what a user types in Python, with names instead of objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.count import Workload
from convcost.count import count as _count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.count import Count
    from convcost.explain import Explanation
    from convcost.network.network import Network
    from convcost.predict import Prediction

#: Keras's own default of evaluate and fit.
_DATA_SET_BATCH = 32


def read(source: Any, **options: Any) -> Network:
    """The first network of a source: a path, ``zoo:NAME``, or the text of a pasted summary.

    Raises:
        SourceError: the source cannot be read.
    """
    from convcost.read import read_source

    return read_source(source, **options)[0]


def read_all(source: Any, **options: Any) -> tuple[Network, ...]:
    """Every network of a source, in order.

    Raises:
        SourceError: the source cannot be read.
    """
    from convcost.read import read_source

    return read_source(source, **options)


def count(
    net: Network, *, batch: int = 1, training: bool = False, dtype: str | None = None
) -> Count:
    """Count a network exactly: parameters, MACs, operations, bytes, per layer and in total.

    >>> import convcost
    >>> convcost.count(convcost.read("zoo:vgg16")).total.forward.macs
    15470264320
    """
    return _count(net, Workload(batch=batch, training=training, dtype=dtype))


def predict(
    net: Network,
    *,
    device: str | None = None,
    runtime: str | None = None,
    batch: int | None = None,
    training: bool = False,
    dtype: str | None = None,
    samples: int | None = None,
    epochs: int = 1,
) -> Prediction:
    """Predict the time of a forward pass; with `samples`, of a data set.

    Args:
        net: what to run.
        device: a name of `convcost devices`; default: this machine.
        runtime: a name of `convcost runtimes`; default: that of the network's own framework.
        batch: samples per batch; default: 1, or 32 for a data set, as Keras runs it.
        training: forward pass as in training.
        dtype: of the floating-point tensors; default: the source's.
        samples: size of the data set of a plan.
        epochs: passes over it.
    """
    from convcost.predict import predict as by_objects

    workload = Workload(
        batch=batch or (1 if samples is None else _DATA_SET_BATCH),
        training=training,
        dtype=dtype,
        samples=samples,
        epochs=epochs,
    )
    return by_objects(net, workload, device=_device(device), runtime=_runtime(runtime))


def explain(
    *nets: Network,
    device: str | None = None,
    runtime: str | None = None,
    batch: int = 32,
    training: bool = False,
    dtype: str | None = None,
    samples: int | None = None,
    measured: Sequence[float] = (),
) -> Explanation:
    """Explain where the time of networks goes and why one takes longer than another.

    Args:
        nets: one or more; each is compared with the first.
        device: as in `predict`.
        runtime: as in `predict`.
        batch: samples per batch.
        training: forward pass as in training.
        dtype: as in `predict`.
        samples: how many samples the measured times are for.
        measured: seconds that the user measured, one per network. Without them, times that stand
            below pasted tables are used.
    """
    from convcost.explain import explain as by_objects

    workload = Workload(batch=batch, training=training, dtype=dtype, samples=samples)
    return by_objects(
        nets, workload, device=_device(device), runtime=_runtime(runtime), measured=measured
    )


def _device(name: str | None) -> Any:
    from convcost.device import THIS_MACHINE, load

    return load(name or THIS_MACHINE)


def _runtime(name: str | None) -> Any:
    from convcost.runtime import load

    return None if name is None else load(name)
