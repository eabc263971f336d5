"""Every model of keras.applications against Keras and TensorFlow: parameters and MACs.

One process per model; its row is appended to ``results.csv``, so an interrupted run goes on where
it stopped. ``README.md`` explains the columns and every exception.

    python benchmarks/keras_applications/compare.py             # what is missing in results.csv
    python benchmarks/keras_applications/compare.py Xception    # these again
    python benchmarks/keras_applications/compare.py --texts DIR # keep the printed summaries too
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

RESULTS = HERE / "results.csv"
#: The ways in which convcost reads a model.
WAYS = (
    "live", "keras", "h5", "json",
    "keras3_terminal", "keras3_piped", "keras3_expanded", "keras2_cut", "keras2_wrapped",
)  # fmt: skip
#: TensorFlow's ops with MACs, by the ops of ours whose MACs they do.
OPS = {"Conv2D": "conv", "DepthwiseConv2dNative": "depthwise", "MatMul": "dense"}
COLUMNS = (
    "model", "count_params",
    *(f"{who}_{op}" for op in OPS.values() for who in ("tensorflow", "convcost")),
    "grouped_conv", "macs",
    *(f"{way}_{what}" for way in WAYS for what in ("parameters", "macs", "unknown")),
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*")
    parser.add_argument("--texts", type=Path, help="folder for the printed summaries")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(compared(options.one, options.texts)))
        return
    rows = _rows()
    for name in options.models or [name for name in _models() if name not in rows]:
        command = [sys.executable, __file__, "--one", name]
        command += ["--texts", str(options.texts)] if options.texts else []
        done = subprocess.run(command, stdout=subprocess.PIPE, check=False, text=True)
        if done.returncode:
            print(f"{name}: failed")
            continue
        rows[name] = json.loads(done.stdout.splitlines()[-1])
        _write(rows)
        print(name, _verdict(rows[name]), flush=True)


def compared(name: str, texts: Path | None = None) -> dict[str, Any]:
    """The row of one model."""
    keras = _keras()
    # MobileNetV3 takes images of any size where none is given: there are no numbers to compare
    more = {"input_shape": (224, 224, 3)} if name.startswith("MobileNetV3") else {}
    model = getattr(keras.applications, name)(weights=None, **more)
    import convcost

    row = {"model": name, "count_params": model.count_params(), **_by_op(model)}
    with tempfile.TemporaryDirectory() as folder:
        for way, source in _sources(model, Path(folder)):
            if texts is not None and "\n" in str(source):
                texts.mkdir(parents=True, exist_ok=True)
                (texts / f"{name}.{way}.txt").write_text(str(source), encoding="utf-8")
            network = convcost.read(source)
            counted = convcost.count(network)
            total = counted.total
            row[f"{way}_parameters"] = total.parameters + total.statistics
            row[f"{way}_macs"] = total.forward.macs
            row[f"{way}_unknown"] = len(counted.unknown)
    row["macs"] = row["live_macs"]
    return row


def printed(model: Any, columns: int, *, expanded: bool = False) -> str:
    """Keras 3's table in a window of so many columns; 80 is what a pipe has."""
    os.environ["COLUMNS"] = str(columns)
    lines: list[str] = []
    model.summary(print_fn=lines.append, expand_nested=expanded)
    return "\n".join(lines)


def _sources(model: Any, folder: Path) -> Any:
    import keras2_table

    yield "live", model
    for way in ("keras", "h5"):
        path = folder / f"model.{way}"
        model.save(path)
        yield way, path
        path.unlink()
    yield "json", model.to_json()
    yield "keras3_terminal", printed(model, 200)
    yield "keras3_piped", printed(model, 80)
    yield "keras3_expanded", printed(model, 200, expanded=True)
    yield "keras2_cut", keras2_table.cut(model)
    yield "keras2_wrapped", keras2_table.wrapped(model)


def _by_op(model: Any) -> dict[str, int]:
    """MACs by kind of op, by TensorFlow's profiler and by convcost."""
    operations = profiled(model)
    ours, grouped = ours_by_op(model)
    row = {"grouped_conv": grouped}
    for theirs, kind in OPS.items():
        row[f"tensorflow_{kind}"] = operations.get(theirs, 0) // 2
        row[f"convcost_{kind}"] = ours[kind]
    return row


def profiled(model: Any) -> dict[str, int]:
    """Floating-point operations by op type, as ``tf.profiler`` states them for one sample."""
    import tensorflow as tf
    from tensorflow.python.profiler import model_analyzer, option_builder

    spec = tf.TensorSpec((1, *model.input_shape[1:]), tf.float32)
    forward = tf.function(lambda x: model(x, training=False)).get_concrete_function(spec)
    counted = option_builder.ProfileOptionBuilder.float_operation()
    options = option_builder.ProfileOptionBuilder(counted).with_empty_output().build()
    node = model_analyzer.profile(forward.graph, cmd="op", options=options)
    operations, nodes = {}, [node]
    while nodes:
        node = nodes.pop()
        operations[node.name] = node.float_ops
        nodes += node.children
    return operations


def ours_by_op(model: Any) -> tuple[dict[str, int], int]:
    """MACs of a live model by kind of op, and those of its grouped convolutions."""
    import convcost

    network = convcost.read(model).bind({"N": 1})
    macs, grouped = dict.fromkeys(OPS.values(), 0), 0
    # a separable convolution is a depthwise one and one of 1x1
    kinds = {"depthwise_conv": ("depthwise",), "separable_conv": ("depthwise", "conv")}
    for layer in network.layers:
        equations = layer.op.equations(network.call(layer))
        names = kinds.get(layer.op.kind, (layer.op.kind,))
        for equation, kind in zip(equations, names, strict=False):
            macs[kind] += equation.macs
        if getattr(layer.op, "groups", 1) > 1:
            grouped += sum(equation.macs for equation in equations)
    return macs, grouped


def _verdict(row: dict[str, Any]) -> str:
    wrong = [way for way in WAYS if row[f"{way}_parameters"] != row["count_params"]]
    other = [way for way in WAYS if row[f"{way}_macs"] != row["macs"]]
    kinds = [k for k in OPS.values() if row[f"tensorflow_{k}"] != row[f"convcost_{k}"]]
    return f"parameters differ: {wrong}; MACs differ: {other}; profiler differs: {kinds}"


def _rows() -> dict[str, dict[str, Any]]:
    if not RESULTS.exists():
        return {}
    with RESULTS.open(encoding="utf-8", newline="") as file:
        return {row["model"]: row for row in csv.DictReader(file)}


def _write(rows: dict[str, dict[str, Any]]) -> None:
    with RESULTS.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[name] for name in sorted(rows))


def _models() -> list[str]:
    applications = vars(_keras().applications)
    return sorted(name for name in applications if name[:1].isupper())


def _keras() -> Any:
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    import keras

    return keras


if __name__ == "__main__":
    main()
