"""The times of `convcost measure` beside what the frameworks' own profilers say.

    python benchmarks/measure/totals.py [--rounds 21] [--threads 1] [NETWORK ...]

In each round: a plain run by the clock, the sum of the layers by convcost's instrument, and a run
under the framework's own profiler: in PyTorch the time of a `record_function` range around the run
and the sum of the operators' own times in it (`torch.profiler`), in ONNX Runtime the `model_run`
event and the sum of its kernels. Medians with quartiles.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from convcost import zoo
from convcost.runtime.runners.registry import runner
from convcost.runtime.runners.runner import Job
from convcost.write.onnx.model import onnx_model, serialized

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcost.network.network import Network

NETWORKS = ("seed000", "resnet18", "mobilenet", "alexnet")
BATCH = 8


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", default=NETWORKS)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    print("| network | runtime | run by the clock, ms | run by the profiler / clock | "
          "layers / clock | operators by the profiler / clock |")  # fmt: skip
    print("|---|---|---:|---:|---:|---:|")
    for name in chosen.networks:
        for runtime, training in (("onnxruntime", False), ("torch", False), ("torch", True)):
            print(row(name, runtime, chosen, training=training), flush=True)


def row(name: str, runtime: str, chosen: argparse.Namespace, *, training: bool) -> str:
    """One line of the table."""
    network = zoo.load(name)
    job = Job(batch=BATCH, training=training, threads=chosen.threads,
              optimizer="sgd" if training else None)  # fmt: skip
    loaded = runner(runtime).load(network, job)
    profiler = in_torch(loaded.run) if runtime == "torch" else in_onnxruntime(network, job)
    loaded.run(), loaded.watch(), profiler()
    plain, whole, layers, operators = [], [], [], []
    for _ in range(chosen.rounds):
        before = clocked(loaded.run)
        spans = loaded.watch().spans
        run, parts = profiler()
        loaded.run()  # what the profilers left in the caches is gone
        after = clocked(loaded.run)
        beside = (before + after) / 2
        plain.append(beside)
        layers.append(sum(span.seconds for span in spans if span.phase != "loop") / beside)
        whole.append(run / beside)
        operators.append(parts / beside)
    what = f"{runtime}, training" if training else runtime
    return (
        f"| {name} | {what} | {spread([1e3 * x for x in plain])} | {spread(whole)} | "
        f"{spread(layers)} | {spread(operators)} |"
    )


def clocked(work: Callable[[], object]) -> float:
    """Seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def spread(values: list[float]) -> str:
    """Median and quartiles."""
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def in_torch(run: Callable[[], None]) -> Callable[[], tuple[float, float]]:
    """A run under `torch.profiler`: seconds of the run, and of the operators themselves."""
    from torch.profiler import ProfilerActivity, profile, record_function

    def once() -> tuple[float, float]:
        with profile(activities=[ProfilerActivity.CPU]) as record, record_function("the run"):
            run()
        rows = record.key_averages()
        whole = next(row.cpu_time_total for row in rows if row.key == "the run")
        own = sum(row.self_cpu_time_total for row in rows if row.key != "the run")
        return whole * 1e-6, own * 1e-6

    return once


def in_onnxruntime(network: Network, job: Job) -> Callable[[], tuple[float, float]]:
    """A run in a session with the profiler on: seconds of the run, and of its kernels."""
    import numpy as np
    import onnxruntime

    model = onnx_model(network, batch=job.batch, seed=job.seed, exact=False)
    content = serialized(model)

    def once() -> tuple[float, float]:
        with TemporaryDirectory() as folder:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = job.threads
            options.inter_op_num_threads = 1
            options.log_severity_level = 4
            options.enable_profiling = True
            options.profile_file_prefix = str(Path(folder) / "profile")
            session = onnxruntime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"]
            )
            feed = {
                each.name: np.random.default_rng(0).random(each.shape, dtype=np.float32)
                for each in session.get_inputs()
            }
            for _ in range(4):
                session.run(None, feed)
            events: list[dict[str, Any]] = json.loads(Path(session.end_profiling()).read_text())
        last = max((e for e in events if e["name"] == "model_run"), key=lambda e: e["ts"])
        kernels = (
            e["dur"] for e in events if e["cat"] == "Node" and e["ts"] >= last["ts"]
            and e["name"].endswith("_kernel_time")
        )  # fmt: skip
        return last["dur"] * 1e-6, sum(kernels) * 1e-6

    return once


if __name__ == "__main__":
    main()
