"""Networks run on given inputs, in a runtime: for what comes out, not for the time."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeAlias

from convcost.device.machine import cores
from convcost.errors import MissingFramework
from convcost.measure.measuring import runtime_for
from convcost.measure.process import order_of, started
from convcost.rewrite.running.valued import require_values, save_values
from convcost.runtime.runners.registry import runner, runners
from convcost.runtime.runners.runner import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from convcost.measure.process import Worker
    from convcost.network.network import Network

#: Arrays of a batch, one per input of the network, to arrays, one per result.
Forward: TypeAlias = "Callable[[Sequence[Any]], list[Any]]"

#: What runs networks in a process of its own.
COMMAND = (sys.executable, "-P", "-m", "convcost.rewrite.running.worker")
#: NumPy has no brain floats, and processors sum products of small floats in this.
WIDER = {"bfloat16": "float32", "float16": "float32"}


def runtime_to_compare(network: Network, runtime: str | None) -> str:
    """The named runtime; without a name ONNX Runtime where it is installed, which is light.

    Raises:
        UsageError: there is no runtime of that name.
        MissingFramework: no runtime is installed.
    """
    if runtime is not None:
        return runner(runtime).name
    light = [name for name, each in runners().items() if each.embedded and each.installed]
    if light:
        return light[0]
    name = runtime_for([network], training=False)
    if not runner(name).installed:
        raise MissingFramework(
            "comparing outputs needs a runtime to run networks in", hint=runner(name).needs
        )
    return name


def widened(network: Network) -> Network:
    """The network in a dtype that every runtime here computes with: 16-bit floats become 32-bit."""
    dtypes = {tensor.dtype for layer in network.layers for tensor in layer.outputs}
    wider = {WIDER[dtype] for dtype in dtypes if dtype in WIDER}
    return network.with_dtype(wider.pop()) if wider else network


@contextmanager
def running(
    network: Network,
    *,
    runtime: str,
    batch: int,
    threads: int | None = None,
    timeout: float = 600.0,
) -> Iterator[Forward]:
    """A function that runs one batch of a network after the other.

    Args:
        network: whose parameters all have values.
        runtime: its name.
        batch: samples of every batch, where the network leaves that open.
        threads: default: the physical cores.
        timeout: seconds that loading, or a batch, may take; of a runtime that runs in a process of
            its own.

    Raises:
        NetworkError: values are missing, or a layer has no counterpart in the runtime.
        MissingFramework: the runtime is not installed.
        ConvcostError: it failed, or took too long.
    """
    require_values(network, "comparing outputs")
    job = Job(batch=batch, threads=threads or cores())
    found = runner(runtime)
    if found.embedded:
        yield found.load(network, job).outputs
        return
    with TemporaryDirectory() as name:
        folder = Path(name)
        ids = save_values(network, folder / "values.npz")
        orders = [(network.name, order_of(network, runtime, job, folder=name, ids=ids))]
        with started(orders, threads=job.threads, timeout=timeout, command=COMMAND) as workers:
            yield lambda inputs: _asked(workers[0], folder, inputs)


def _asked(worker: Worker, folder: Path, inputs: Sequence[Any]) -> list[Any]:
    """Have the worker run a batch; arrays are passed in files."""
    import numpy as np

    for place, array in enumerate(inputs):
        np.save(folder / f"in{place}.npy", array, allow_pickle=False)
    number = worker.ask("outputs", len(inputs))["outputs"]
    return [np.load(folder / f"out{place}.npy", allow_pickle=False) for place in range(number)]
