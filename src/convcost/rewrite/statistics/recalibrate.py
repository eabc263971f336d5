"""Re-estimate the statistics of BatchNorm from samples without labels: forward passes only.

A factorised network's activations have other means and variances than those that were stored when
the original was trained. Every BatchNorm is run with the statistics of the batch, all of them at
once, as the frameworks do in training mode; what it met is kept. The stored mean and variance
become those of all values of all batches together (the mean of the batches' means; the mean of
their variances, and the variance of their means), not a moving average, so that their order does
not matter. Dropout stays out of it. Samples are drawn in random order: batches of one class would
have that class's statistics.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convcost.device.machine import cores
from convcost.errors import MissingFramework, NetworkError, UsageError
from convcost.network.builder import BATCH
from convcost.ops.norm import BatchNorm
from convcost.rewrite.running.forward import widened
from convcost.rewrite.running.valued import require_values, with_arrays
from convcost.rewrite.samples.data import fixed_batch
from convcost.rewrite.statistics.batch_statistics import model_with_statistics
from convcost.write.onnx.model import serialized

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from convcost.network.network import Network
    from convcost.rewrite.samples.data import Data

#: Samples of a batch, where the network leaves that open.
BATCH_SIZE = 32
#: Messages below "fatal" are not for the user of convcost.
_QUIET = 4


@dataclass(frozen=True, slots=True)
class Recalibrated:
    """A network with new statistics.

    Attributes:
        network: with them; everything else is as it was.
        layers: those that have new ones.
        source: where the samples come from.
        samples: that were run, in whole batches.
        batch: samples of each.
    """

    network: Network
    layers: tuple[str, ...]
    source: str
    samples: int
    batch: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values, without the network."""
        return {
            "layers": list(self.layers),
            "data": self.source,
            "samples": self.samples,
            "batch": self.batch,
            "way": "batch statistics of all BatchNorms at once, as in training mode",
        }


def recalibrated(
    network: Network,
    data: Data,
    *,
    batch: int | None = None,
    samples: int | None = None,
    threads: int | None = None,
    seed: int = 0,
    say: Callable[[str], None] = lambda _: None,
) -> Recalibrated:
    """Run samples through a network and keep the statistics that its BatchNorms meet.

    Args:
        network: whose parameters all have values; from any framework.
        data: samples as it takes them; labels are not looked at.
        batch: samples of a batch, where the network leaves that open.
        samples: how many to run; default: all, in whole batches.
        threads: of ONNX Runtime, which runs them; default: the physical cores.
        seed: of their order.
        say: told what is going on.

    Raises:
        NetworkError: there is no BatchNorm, values are missing, or a layer has no counterpart in
            ONNX.
        UsageError: there are too few samples.
        MissingFramework: onnx or onnxruntime is not installed.
    """
    import numpy as np

    require_values(network, "re-estimating statistics")
    if not any(isinstance(layer.op, BatchNorm) for layer in network.layers):
        raise NetworkError(
            f"'{network.name}' has no BatchNorm whose statistics could be estimated anew",
            hint="where it was folded: factorise and recalibrate first, fold afterwards",
        )
    size = fixed_batch(network) or min(batch or BATCH_SIZE, len(data))
    number = min(samples or len(data), len(data)) // size
    if number < 1:
        raise UsageError(f"{len(data)} samples do not fill a batch of {size}",
                         hint="more samples, or a smaller batch")  # fmt: skip
    wide = widened(network.bind({str(BATCH): size}))
    session, layers = _session(wide, size, threads)
    _check_enough(wide, layers)
    order = np.random.default_rng(seed).permutation(len(data))[: number * size]
    met: list[list[Any]] = []
    for inputs, _ in data.batches(size, order):
        met.append([array.reshape(-1).astype("float64") for array in _run(session, inputs)])
        say(f"ran {len(met) * size} of {number * size} samples")
    found = with_arrays(network, dict(_statistics(network, layers, met)))
    return Recalibrated(found, tuple(layers), data.source, number * size, size)


def _statistics(
    network: Network, layers: list[str], met: list[list[Any]]
) -> Iterator[tuple[str, Any]]:
    """The new numbers by the ids of the parameters; those that several calls share, over all."""
    import numpy as np

    calls: dict[tuple[str, str], list[int]] = {}
    for place, name in enumerate(layers):
        mean, variance = network.layer(name).parameters[-2:]
        calls.setdefault((mean, variance), []).append(place)
    for (mean_id, variance_id), places in calls.items():
        means = np.array([batch[2 * place] for batch in met for place in places])
        variances = np.array([batch[2 * place + 1] for batch in met for place in places])
        yield mean_id, means.mean(0)
        yield variance_id, variances.mean(0) + means.var(0)


def _check_enough(network: Network, layers: list[str]) -> None:
    """Refuse a batch of which a channel has a single value: it has no variance."""
    for name in layers:
        layer = network.layer(name)
        op: Any = layer.op
        tensor = layer.outputs[0]
        if tensor.elements == tensor.size(op.axis):
            raise UsageError(
                f"the layer '{name}' meets one value per channel in a batch of 1",
                hint="a larger batch",
            )


def _session(network: Network, batch: int, threads: int | None) -> tuple[Any, list[str]]:
    try:
        from onnxruntime import InferenceSession, SessionOptions
    except ImportError:
        raise MissingFramework(
            "re-estimating statistics needs onnxruntime", hint="pip install 'convcost[measure]'"
        ) from None
    model, layers = model_with_statistics(network, batch)
    options = SessionOptions()
    options.intra_op_num_threads = threads or cores()
    options.inter_op_num_threads = 1
    options.log_severity_level = _QUIET
    data = serialized(model)
    try:
        return InferenceSession(data, options), layers
    except Exception as error:
        raise NetworkError(f"onnxruntime cannot run the network: {error}") from error


def _run(session: Any, inputs: list[Any]) -> list[Any]:
    names = [each.name for each in session.get_inputs()]
    try:
        found: list[Any] = session.run(None, dict(zip(names, inputs, strict=True)))
    except Exception as error:
        raise NetworkError(f"onnxruntime cannot run the network: {error}") from error
    return found
