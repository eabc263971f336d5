"""ONNX Runtime on the CPU: inference; times of kernels by its own profiler."""

from __future__ import annotations

import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, ClassVar

from convcost.errors import MissingFramework, NetworkError, UsageError
from convcost.runtime.runners.inputs import random_inputs
from convcost.runtime.runners.onnxruntime_kernels import Node, layers_of_kernels
from convcost.runtime.runners.runner import Loaded, Runner, Span, Watched
from convcost.write.onnx.model import onnx_model, serialized

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.network.network import Network
    from convcost.runtime.runners.runner import Job

_PROVIDERS = ["CPUExecutionProvider"]
#: Runs of a session in which memory is taken and threads are started.
_FIRST_RUNS = 2
#: Messages below "fatal" are not for the user of convcost.
_QUIET = 4
#: What the profiler appends to the names of nodes.
_KERNEL_TIME = "_kernel_time"
_MICROSECOND = 1e-6
#: What the arena holds when a kernel has ended, in bytes.
_IN_USE = "mem_bytes_in_use"
#: Weights of this size and more are not written into the optimised graph, of which only the nodes
#: are wanted.
_LARGE_WEIGHT = 64


class OnnxRuntime(Runner):
    """ONNX Runtime with the CPU execution provider and all graph optimisations."""

    name = "onnxruntime"
    trains = False
    needs = "pip install 'convcost[measure]'"
    packages = ("onnx", "onnxruntime")
    embedded: ClassVar[bool] = True

    def versions(self) -> Mapping[str, str]:
        """Its own and that of the ``onnx`` package, which writes the models."""
        runtime, onnx = self._imported()
        return {"onnxruntime": runtime.__version__, "onnx": onnx.__version__}

    def load(self, network: Network, job: Job) -> LoadedInOnnxRuntime:
        """A session of the network's ONNX model."""
        self._imported()
        if job.training:
            raise UsageError("onnxruntime does not train", hint="measure training in torch")
        return LoadedInOnnxRuntime(network, job)

    def _imported(self) -> tuple[Any, Any]:
        try:
            import onnx
            import onnxruntime
        except ImportError as error:
            raise MissingFramework(
                f"measuring in onnxruntime needs {error.name}", hint=self.needs
            ) from None
        return onnxruntime, onnx


class LoadedInOnnxRuntime(Loaded):
    """A session, and one with the profiler on when it is asked for."""

    def __init__(self, network: Network, job: Job) -> None:
        self._threads = job.threads
        inputs = random_inputs(network, batch=job.batch, seed=job.seed)
        model = onnx_model(network, batch=job.batch, seed=job.seed, exact=False)
        self._nodes = _nodes(model)
        # weights that a caller may replace are inputs behind these
        self._feed = {info.name: x for info, x in zip(model.graph.input, inputs, strict=False)}
        self._model = serialized(model)
        self._session = self._opened(self._options())
        #: layers by the names of kernels; known once a session has told which kernels there are
        self._layers: Mapping[str, tuple[str, ...]] | None = None

    def run(self) -> None:
        """Run one batch to its end."""
        self._ran(self._session, self._feed)

    def results(self) -> list[Any]:
        """Run one batch; the network's outputs as arrays."""
        return self._ran(self._session, self._feed)

    def outputs(self, inputs: Sequence[Any]) -> list[Any]:
        """Run one batch of these inputs."""
        return self._ran(self._session, dict(zip(self._feed, inputs, strict=True)))

    def peak_bytes(self) -> int | None:
        """What the inputs and, by its own record, the session's arena hold during a run.

        None where this version keeps no record. Weights that a session leaves in the model's own
        memory, or outside its arena, are not in the record.
        """
        with TemporaryDirectory() as folder:
            _, records = self._recorded(self._options(), Path(folder))
        held = [int(record["args"].get(_IN_USE, -1)) for record in records]
        if not held or min(held) < 0:
            return None
        inputs = sum(int(array.nbytes) for array in self._feed.values())
        return max(held) + inputs

    def watch(self) -> Watched:
        """Run in a session of its own: its profiler tells what it has seen when it is closed."""
        with TemporaryDirectory() as folder:
            return self._in_folder(Path(folder))

    def _options(self) -> Any:
        from onnxruntime import SessionOptions

        options = SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _QUIET
        return options

    def _opened(self, options: Any) -> Any:
        from onnxruntime import InferenceSession

        try:
            return InferenceSession(self._model, options, providers=_PROVIDERS)
        except Exception as error:
            raise _refused(error) from error

    def _ran(self, session: Any, feed: Mapping[str, Any]) -> list[Any]:
        try:
            found: list[Any] = session.run(None, feed)
        except Exception as error:
            raise _refused(error) from error
        return found

    def _in_folder(self, folder: Path) -> Watched:
        options = self._options()
        optimised = folder / "optimised.onnx"
        if self._layers is None:
            _keep_optimised(options, optimised)
        whole, records = self._recorded(options, folder)
        kernels = [_kernel(record) for record in records]
        if self._layers is None:
            self._layers = layers_of_kernels(self._nodes, _in_order(optimised, kernels))
        return Watched(whole, self._spans(whole, kernels))

    def _recorded(self, options: Any, folder: Path) -> tuple[float, list[dict[str, Any]]]:
        """Seconds of a warm run of a new session, and the profiler's records of its kernels."""
        options.enable_profiling = True
        options.profile_file_prefix = str(folder / "profile")
        session = self._opened(options)
        for _ in range(_FIRST_RUNS):
            self._ran(session, self._feed)
        start = time.perf_counter()
        self._ran(session, self._feed)
        whole = time.perf_counter() - start
        return whole, _last_run(json.loads(Path(session.end_profiling()).read_text()))

    def _spans(self, whole: float, kernels: Sequence[tuple[str, str, float]]) -> tuple[Span, ...]:
        """The kernels, and what is left.

        Kernels that the graph does not have belong to a body of a loop in it, which is one kernel.
        """
        assert self._layers is not None  # noqa: S101 - for types
        spans = [
            Span(self._layers[name], "forward" if self._layers[name] else "loop", seconds, op)
            for name, op, seconds in kernels
            if name in self._layers
        ]
        rest = whole - sum(span.seconds for span in spans)
        return (*spans, Span((), "loop", max(rest, 0.0)))


def _refused(error: Exception) -> NetworkError:
    """What ONNX Runtime says; its exceptions have no common base."""
    return NetworkError(f"onnxruntime cannot run the network: {error}")


def _keep_optimised(options: Any, path: Path) -> None:
    """Have the session write the graph that it runs."""
    options.optimized_model_filepath = str(path)
    entries = {
        "file_name": f"{path.name}.weights",
        "min_size_in_bytes": str(_LARGE_WEIGHT),
    }
    for key, value in entries.items():
        options.add_session_config_entry(
            f"session.optimized_model_external_initializers_{key}", value
        )


def _nodes(model: Any) -> list[Node]:
    return [
        Node(node.name, node.op_type, tuple(node.input), tuple(node.output), node.doc_string)
        for node in model.graph.node
    ]


def _in_order(path: Path, kernels: Sequence[tuple[str, str, float]]) -> list[Node]:
    """The kernels of an optimised graph in the order of a run.

    Nodes without a name, which ONNX Runtime makes of a function, have one in its record only.
    """
    import onnx

    nodes = _nodes(onnx.load(path, load_external_data=False))
    named = {node.name: node for node in nodes if node.name}
    unnamed = [node for node in nodes if not node.name]
    found = []
    for name, op, _ in kernels:
        node = named.get(name) or next((each for each in unnamed if each.op == op), None)
        if node is not None:
            found.append(Node(name, node.op, node.inputs, node.outputs))
            if not node.name:
                unnamed.remove(node)
    return found


def _last_run(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of the kernels of the last run, in order."""
    start = max(record["ts"] for record in records if record["name"] == "model_run")
    kernels = [
        record
        for record in records
        if record["cat"] == "Node"
        and record["ts"] >= start
        and record["name"].endswith(_KERNEL_TIME)
    ]
    return sorted(kernels, key=lambda record: record["ts"])


def _kernel(record: dict[str, Any]) -> tuple[str, str, float]:
    """Its name, operator and seconds."""
    name = record["name"].removesuffix(_KERNEL_TIME)
    return name, record["args"]["op_name"], record["dur"] * _MICROSECOND


RUNNER = OnnxRuntime()
