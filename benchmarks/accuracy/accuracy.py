"""How good calibrated predictions are: networks that calibration never saw, predicted and measured.

    python benchmarks/accuracy/accuracy.py --runtime torch [--training] --calibrate 10min
    python benchmarks/accuracy/report.py > benchmarks/accuracy/results.md

All networks are measured in rounds: a round is a process that runs them one after the other, so
that what belongs to a process or to a slow minute of the machine meets each of them a few times
and not one of them always. Between the rounds this machine is calibrated, a part of the time each,
so that the profile and the measurements meet the same slow and fast hours. Then the networks are
predicted from the profile and by data sheet. What is done is in results/, a file per runtime and
mode: a run that was ended goes on with its next round. Without --calibrate the profile is the one
that is there; --predict-again keeps what was measured, --refused-again tries networks once more
that were refused.

Networks of keras.applications are read where Keras is installed, light ONNX files where the
package `onnx` has them.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import convcost
from convcost.count import Workload
from convcost.count.prepare import prepared
from convcost.device.machine import cores, describe
from convcost.errors import ConvcostError, MissingFramework, SourceError, UsageError
from convcost.measure.layers import instrument, layer_times
from convcost.measure.process import Worker, order_of
from convcost.measure.protocol import PROCESSES
from convcost.predict.calibration.calibrate import calibrate, setting
from convcost.runtime.runners.runner import Job
from convcost.units import parse_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

RESULTS = Path(__file__).parent / "results"
#: Small inputs: batches of 1, 8 and 32; the others 1 and 8.
SMALL = ("seed000", "seed001-mlp", "seed001-cnn", "seed001-cnn4", "seed003?kernel=5")
LARGE = ("alexnet", "vgg16", "resnet18", "resnet50", "mobilenet", "googlenet", "inception-v3",
         "xception")  # fmt: skip
APPLICATIONS = ("DenseNet121", "EfficientNetB0", "MobileNetV2")
LIGHT = ("shufflenet", "squeezenet", "inception_v2", "zfnet512")
#: Rounds behind each part of the calibration.
ROUNDS_PER_PART = 2
#: Of a command, and of reading the layers' times.
TIMEOUT, WATCHED = 300.0, 3
#: Seconds of a turn; and of a run that is a turn by itself, with its own warm-up in it.
TURN, LONG = 0.1, 0.7


def networks() -> Iterator[tuple[str, convcost.Network, tuple[int, ...]]]:
    """Names, networks and batches."""
    for name in SMALL:
        yield name, convcost.read(f"zoo:{name}"), (1, 8, 32)
    for name in LARGE:
        yield name, convcost.read(f"zoo:{name}"), (1, 8)
    try:
        import keras
    except ImportError:
        print("keras.applications left out: Keras is not installed", file=sys.stderr)
    else:
        for name in APPLICATIONS:
            keras.utils.clear_session()  # layers are numbered anew: same names in every part
            model = getattr(keras.applications, name)(weights=None)
            yield f"keras.applications.{name}", convcost.read(model), (1, 8)
    import onnx

    folder = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
    for name in LIGHT:
        path = folder / f"light_{name}.onnx"
        if path.exists():
            yield f"onnx {name}", convcost.read(path), (1,)
        else:
            print(f"left out, not in the package onnx: {path.name}", file=sys.stderr)


class Cases:
    """Networks and batches with what is known of them so far, in a file.

    Args:
        chosen: the command line.
    """

    def __init__(self, chosen: argparse.Namespace) -> None:
        self._chosen = chosen
        mode = "training" if chosen.training else "inference"
        self._path = RESULTS / f"{chosen.runtime}-{mode}.json"
        self._path.parent.mkdir(exist_ok=True)
        self.found: dict[str, Any] = (
            json.loads(self._path.read_text()) if self._path.exists() else {"cases": {}}
        )
        self.orders: dict[str, tuple[convcost.Network, dict[str, Any]]] = {}
        for name, network, batches in networks():
            for batch in batches:
                self._add(f"{name}, batch {batch}", network, batch)
        chosen.refused_again = False  # what this run refuses stays so
        self.save()

    def save(self) -> None:
        """Write the file: a line per network, five digits of every figure."""
        about = json.dumps(self.found.get("about", {}))
        cases = ",\n".join(
            f"  {json.dumps(key)}: {json.dumps(short(case))}"
            for key, case in self.found["cases"].items()
        )
        self._path.write_text(f'{{"about": {about},\n "cases": {{\n{cases}\n}}}}\n')

    def _add(self, key: str, network: convcost.Network, batch: int) -> None:
        """Predict what is not predicted yet."""
        chosen, known = self._chosen, self.found["cases"].get(key)
        if known is not None and "refused" in known and chosen.refused_again:
            known = None
        if known is None or (chosen.predict_again and "refused" not in known):
            print(f"predicting {key}", file=sys.stderr, flush=True)
            try:
                predicted = self._predicted(network, batch)
            except ConvcostError as error:
                if known is not None or not is_refusal(error):  # what was measured stays
                    raise
                self.found["cases"][key] = {"refused": error.message}
                return
            self.found["cases"][key] = {"rounds": []} | (known or {}) | predicted
        if "refused" in self.found["cases"][key]:
            return
        workload = Workload(
            batch=batch, training=chosen.training, optimizer="sgd" if chosen.training else None
        )
        job = Job(
            batch=batch, training=chosen.training, optimizer=workload.optimizer,
            threads=cores(),
        )  # fmt: skip
        network = prepared(network, workload)
        order = order_of(network, chosen.runtime, job)
        self.orders[key] = (network, order)

    def _predicted(self, network: convcost.Network, batch: int) -> dict[str, Any]:
        chosen = self._chosen
        options = {"runtime": chosen.runtime, "batch": batch, "training": chosen.training,
                   "optimizer": "sgd" if chosen.training else None}  # fmt: skip
        predicted = convcost.predict(network, **options, basis="calibrated")
        sheet = convcost.predict(
            network, runtime=chosen.runtime, batch=batch, training=chosen.training,
            basis="data sheet",
        )  # fmt: skip
        total = convcost.count(network, batch=batch).total.forward
        return {
            "predicted": predicted.seconds.to_dict(),
            "predicted_layers": {layer.name: layer.seconds for layer in predicted.layers},
            "data_sheet": sheet.seconds.value,
            "macs": total.macs,
            "activations": total.write_bytes,
        }


def short(value: Any) -> Any:
    """Figures with five digits; what they are of has three."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: short(each) for key, each in value.items()}
    return [short(each) for each in value] if isinstance(value, (list, tuple)) else value


def is_refusal(error: ConvcostError) -> bool:
    """Whether an error says that this network cannot be predicted or measured.

    A profile of another version, a missing framework, a wrong request stand in the way of all.
    """
    return not isinstance(error, (SourceError, UsageError, MissingFramework))


def main() -> None:
    """Predict and measure what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runtime", required=True)
    parser.add_argument("--training", action="store_true")
    parser.add_argument("--seconds", type=float, default=0.5, help="per network and round, about")
    parser.add_argument("--predict-again", action="store_true", help="from the present profile")
    parser.add_argument("--refused-again", action="store_true", help="try once more what was")
    parser.add_argument("--calibrate", metavar="TIME", help="in all, between the rounds: 10min")
    try:
        run(parser.parse_args())
    except ConvcostError as error:
        sys.exit(str(error))


def run(chosen: argparse.Namespace) -> None:
    """All rounds, with parts of a calibration between them where one is asked for."""
    if chosen.calibrate is None:
        cases = Cases(chosen)
        for number in range(PROCESSES):
            measured(cases, number, chosen.seconds)
        return
    part = parse_seconds(chosen.calibrate) * ROUNDS_PER_PART / PROCESSES
    for first in range(0, PROCESSES, ROUNDS_PER_PART):
        calibrate(
            setting(chosen.runtime, training=chosen.training, threads=None), seconds=part,
            fresh=first == 0, say=say,
        )  # fmt: skip
        cases = Cases(chosen)
        for number in range(first, first + ROUNDS_PER_PART):
            measured(cases, number, chosen.seconds)
    chosen.predict_again = True
    Cases(chosen)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def measured(cases: Cases, number: int, seconds: float) -> None:
    """A round: all networks in one process; the last round looks at the layers too."""
    worker: Worker | None = None
    for key, (network, order) in cases.orders.items():
        case = cases.found["cases"][key]
        if "refused" in case or len(case["rounds"]) > number:
            continue
        print(f"round {number + 1} of {PROCESSES}: {key}", file=sys.stderr, flush=True)
        try:
            worker = loaded(worker, key, order)
            case["rounds"].append(turns(worker, seconds))
            if number == PROCESSES - 1:
                case["layers"] = layers(worker, network, case["rounds"])
        except ConvcostError as error:
            if not is_refusal(error):
                raise
            case["refused"] = error.message
            worker = None
            continue
        cases.found["about"] = {
            "date": datetime.now(UTC).date().isoformat(),
            "machine": describe().model,
            "threads": order["job"]["threads"],
            "versions": worker.versions,
        }
        cases.save()
    if worker is not None:
        worker.stop()
    cases.save()


def loaded(worker: Worker | None, key: str, order: dict[str, Any]) -> Worker:
    """The process with that network in it."""
    if worker is not None:
        worker.load(key, order)
        return worker
    worker = Worker(key, order, threads=order["job"]["threads"], timeout=TIMEOUT)
    worker.ready()
    return worker


def turns(worker: Worker, seconds: float) -> list[float]:
    """Seconds of a run: the medians of turns, each without its first run."""
    worker.ask("run", 1)  # allocates, compiles
    found: list[float] = worker.ask("run", 2)["seconds"]
    one = min(found)
    if one > LONG:
        return found
    number = max(1, min(1000, int(TURN / one)))
    return [
        median(worker.ask("run", 1 + number)["seconds"][1:])
        for _ in range(max(2, min(10, int(seconds / (number * one)))))
    ]


def layers(worker: Worker, network: convcost.Network, rounds: list[list[float]]) -> list[Any]:
    """Names and seconds of layers that run as one."""
    watched = worker.ask("watch", WATCHED)
    whole = median(median(each) for each in rounds)
    found = layer_times(network, watched, instrument(watched), whole)
    return [[list(layer.layers), layer.seconds] for layer in found]


if __name__ == "__main__":
    main()
