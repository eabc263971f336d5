"""Whether what a cause takes is predicted right: networks without it, predicted and measured.

    convcost calibrate --runtime onnxruntime        # and torch, and torch --training
    python benchmarks/accuracy/agreement.py [--runtimes torch] [--seconds 5]

Each network is measured in turns with those that lack a cause (`convcost.explain`, which says what
agrees), and all are predicted from this machine's profile. What is done is in
results/agreement.json: a run that was ended goes on. The framework's loop is PyTorch's over a
DataLoader; ONNX Runtime has none.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import convcost
from convcost.errors import ConvcostError
from convcost.explain.ablation import MATTERS, WITHIN
from convcost.measure import Effort

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcost.explain import Ablation, Explanation

RESULTS = Path(__file__).parent / "results" / "agreement.json"
HEAD = ("runtime", "network", "without", "predicted", "measured", "range", "sign", "within 25 %")


@dataclass(frozen=True)
class Measured:
    """A network that is measured beside those that lack a cause.

    Attributes:
        runtime: that runs them.
        network: of the zoo.
        ablations: what is taken out, one at a time.
        workload: as of `convcost.explain`.
    """

    runtime: str
    network: str
    ablations: tuple[str, ...]
    workload: dict[str, Any] = field(default_factory=lambda: {"batch": 32})

    @property
    def key(self) -> str:
        """What it is found by in the results."""
        steps = f", training, {self.workload['optimizer']}" if "training" in self.workload else ""
        return f"{self.runtime}, {self.network}, batch {self.workload['batch']}{steps}"


def step(batch: int, optimizer: str) -> dict[str, Any]:
    """The workload of training steps."""
    return {"batch": batch, "training": True, "optimizer": optimizer}


#: Every ablation has a case, and each runtime those that it does not do away with by itself: ONNX
#: Runtime folds a BatchNorm behind a convolution, and computes activations as it writes.
NETWORKS = (
    Measured("onnxruntime", "seed000", ("batch-norm",)),
    Measured("onnxruntime", "seed001-cnn4", ("few-channels",)),
    Measured("onnxruntime", "seed003?kernel=5&padding=same", ("padding",)),
    Measured("onnxruntime", "alexnet-caffe", ("local-response-norm",), {"batch": 8}),
    Measured("torch", "seed000", ("batch-norm", "activations", "framework-loop")),
    Measured("torch", "resnet18", ("batch-norm",), {"batch": 8}),
    Measured("torch", "alexnet-caffe", ("local-response-norm",), {"batch": 8}),
    Measured("torch", "seed001-cnn", ("dropout",), step(128, "rmsprop")),
    Measured("torch", "seed001-cnn4", ("few-channels",), step(128, "rmsprop")),
    Measured("torch", "alexnet", ("padding", "activations"), step(8, "momentum")),
)


def main() -> None:
    """Measure what is not there yet, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runtimes", nargs="*", help="only these")
    parser.add_argument("--only", nargs="*", help="beginnings of the networks' names")
    parser.add_argument("--seconds", type=float, default=5.0, help="per network, about")
    chosen = parser.parse_args()
    done: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    RESULTS.parent.mkdir(exist_ok=True)
    for each in NETWORKS:
        wanted = each.runtime in (chosen.runtimes or [each.runtime])
        wanted &= each.network.startswith(tuple(chosen.only or [""]))
        if not wanted or each.key in done:
            continue
        print(each.key, file=sys.stderr, flush=True)
        try:
            done[each.key] = taken_out(each, chosen.seconds)
        except ConvcostError as error:  # without a profile, or without the framework
            print(f"left out: {error}", file=sys.stderr, flush=True)
            continue
        RESULTS.write_text(json.dumps(done, indent=1) + "\n")
    table([row for each in NETWORKS if each.key in done for row in rows(each, done[each.key])])


def taken_out(each: Measured, seconds: float) -> dict[str, Any]:
    """A network and those that lack a cause, predicted and measured."""
    number = 1 + len(each.ablations)
    found = convcost.explain(
        convcost.read(f"zoo:{each.network}"), runtime=each.runtime, **each.workload,
        basis="calibrated", verify=Effort(seconds=seconds * number), ablate=each.ablations,
        store=False, say=lambda text: print(f"  {text}", file=sys.stderr, flush=True),
    )  # fmt: skip
    if found.interrupted:
        raise KeyboardInterrupt
    return about(found) | {"ablations": {one.name: case(one) for one in found.ablations}}


def about(found: Explanation) -> dict[str, Any]:
    """What was measured where, and the whole network."""
    one = found.verifications[0].measurement
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": dict(one.machine),
        "versions": dict(one.versions),
        "predicted": found.predictions[0].seconds.to_dict(),
        "measured": {**one.seconds.to_dict(), "verdict": one.verdict.name},
    }


def case(one: Ablation) -> dict[str, Any]:
    """One cause."""
    if one.measured is None:
        return {"failure": one.failure}
    return {
        "predicted": one.predicted.share,
        "measured": one.measured.share,
        "range": one.measured.shares,
        "matters": one.matters,
        "agreement": one.agreement,
    }


def rows(each: Measured, found: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """The cases of a network as rows."""
    name = each.key.partition(", ")[2]
    for ablation in each.ablations:
        one = found["ablations"].get(ablation, {"failure": "there is nothing to take out"})
        if "failure" in one:
            yield (each.runtime, name, ablation, "", "", one["failure"], "", "")
            continue
        low, high = one["range"]
        agrees = one["agreement"]
        sign = {"unsure": "unsure", "opposite direction": "no"}.get(agrees, "yes")
        near = {"unsure": "unsure", "as predicted": "yes"}.get(agrees, "no")
        near = near if one["matters"] else ""
        yield (each.runtime, name, ablation, percent(one["predicted"]), percent(one["measured"]),
               f"{percent(low)} to {percent(high)}", sign, near)  # fmt: skip


def percent(share: float) -> str:
    """A signed share."""
    return f"{100 * share:+.1f} %"


def table(found: Sequence[tuple[str, ...]]) -> None:
    """Print the cases, and how many agree."""
    print(f"| {' | '.join(HEAD)} |\n|---|---|---|---:|---:|---|---|---|")
    for row in found:
        print(f"| {' | '.join(row)} |")
    signs, near = ([row[place] for row in found if row[place]] for place in (-2, -1))
    print(
        f"\nThe sign agrees in {agreeing(signs)}; of those that take {100 * MATTERS:.0f} % of the "
        f"time or more, by prediction or measured, the share is within {100 * WITHIN:.0f} % of the "
        f"measured one in {agreeing(near)}."
    )


def agreeing(said: Sequence[str]) -> str:
    """How many of the cases agree."""
    return f"{said.count('yes')} of {len(said)} cases (unsure in {said.count('unsure')})"


if __name__ == "__main__":
    main()
