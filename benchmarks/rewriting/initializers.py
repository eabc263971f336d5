"""What the weights of an ONNX file cost when they are graph inputs as well.

    python benchmarks/rewriting/initializers.py model.onnx ...

Rewrites each file (constant-initializers, then all exact rewrites), compares the outputs, and runs
the three in turns in ONNX Runtime: medians, and ratios of neighbouring runs with the interval of
their median at 95 %. One thread; run it on a machine that does nothing else.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as runtime

import convcost
from convcost.measure.statistics import interval
from convcost.write.onnx.graft import grafted_file

EXACT = ("constant-initializers", "drop-identities", "fold-batch-norm", "fold-batch-norm-forward",
         "merge-pointwise")  # fmt: skip
TURNS = 60


def session(model: str | bytes) -> Any:
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    return runtime.InferenceSession(model, options)


def inputs(opened: Any, net: Any) -> dict[str, Any]:
    state = np.random.default_rng(0)
    layers = {layer.name: layer.outputs[0] for layer in net.layers if layer.op.kind == "input"}
    return {
        each.name: state.normal(
            size=[n if isinstance(n, int) else 1 for n in layers[each.name].shape]
        ).astype("float32")
        for each in opened.get_inputs()
    }


def seconds(opened: Any, feed: dict[str, Any]) -> float:
    start = time.perf_counter()
    opened.run(None, feed)
    return time.perf_counter() - start


def main() -> None:
    print("| file | as it is | constants | all exact | constants / as it is | largest difference |")
    print("|---|---|---|---|---|---|")
    for path in map(Path, sys.argv[1:]):
        net = convcost.read(path)
        models = [str(path)]
        for names in (EXACT[:1], EXACT):
            after = convcost.rewrite(net, names, runtime="onnxruntime").network
            models.append(grafted_file(path, net, after).SerializeToString())
        opened = [session(model) for model in models]
        feed = inputs(opened[0], net)
        outputs = [each.run(None, feed) for each in opened]
        apart = max(
            float(np.abs(a - b).max() / np.abs(b).max())
            for other in outputs[1:]
            for a, b in zip(other, outputs[0], strict=True)
        )
        taken = np.array([[seconds(each, feed) for each in opened] for _ in range(TURNS)])
        ratio = interval(list(taken[:, 1] / taken[:, 0]))
        cells = [f"{1e3 * value:.2f} ms" for value in np.median(taken, axis=0)]
        band = f"{ratio.median:.3f} ({ratio.low:.3f} to {ratio.high:.3f})"
        print(f"| {path.name} | {' | '.join(cells)} | {band} | {apart:.1e} |", flush=True)


if __name__ == "__main__":
    main()
