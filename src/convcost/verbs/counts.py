"""Verbs that count: exact integers, other tools' figures, bytes that are alive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.collector import without_collecting

with without_collecting():
    from convcost.count import Workload
    from convcost.count import count as _count
    from convcost.verbs.named import network_of, patterns, runtime_named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.count import Count
    from convcost.count.conventions.difference import OtherCount
    from convcost.network.network import Network
    from convcost.runtime.memory import Memory


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
        freeze=patterns(freeze),
        input_gradient=input_gradient,
        dtype=dtype,
    )
    return _count(network_of(net), workload)


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

    return by_objects(network_of(net), tool, Workload(batch=batch, training=training, dtype=dtype))


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
    from convcost.count.workload import DEFAULT_LOSS
    from convcost.runtime.memory import memory as by_objects
    from convcost.runtime.memory import within as within_limit
    from convcost.units import parse_bytes

    workload = Workload(
        batch=batch,
        training=training,
        optimizer=optimizer,
        loss=loss or (DEFAULT_LOSS if training else None),
        freeze=patterns(freeze),
        input_gradient=input_gradient,
        dtype=dtype,
    )
    by_name = runtime_named(runtime)
    if within is None:
        return by_objects(network_of(net), workload, runtime=by_name, checkpoint=checkpoint)
    limit = parse_bytes(within) if isinstance(within, str) else within
    return within_limit(network_of(net), limit, workload, runtime=by_name, checkpoint=checkpoint)
