"""What folding BatchNorm saves: numbers, and time where the runtime does not fold it itself.

    python benchmarks/rewriting/folding.py [--runtime keras-tensorflow onnxruntime] [--time 10]

Backward, into the convolution before it: published networks with random weights, before and after,
run side by side at batch 1. Forward, through Flatten into the dense layer: post 000's network
without BatchNorm, with it, and with it folded, at the post's batch of 32, as a step and in Keras's
`evaluate`. What is done is in results/folding.json: a run that was ended goes on. DenseNet121 is
read from keras.applications, and left out where Keras is not installed.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from cases import Cases, options, parsed, ratio_text, say, side_by_side, table, time_text

import convcost
from convcost.rewrite.proof.equality import equality
from convcost.rewrite.running.valued import filled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.network.network import Network
    from convcost.rewrite import Rewriting

RUNTIMES = ("keras-tensorflow", "onnxruntime")
#: None: of keras.applications.
NETWORKS = {
    "MobileNet": "zoo:mobilenet",
    "ResNet50": "zoo:resnet50-keras",
    "InceptionV3": "zoo:inception-v3",
    "Xception": "zoo:xception",
    "DenseNet121": None,
}
#: Post 000: samples of a batch, and of the test set that the loop runs over.
BATCH, SAMPLES = 32, 6400


def main() -> None:
    """Measure what is not there yet; print both tables."""
    chosen = parsed(options(__doc__, runtimes=RUNTIMES, seconds=10))
    cases = Cases("folding", quick=chosen.quick)
    for name in list(NETWORKS)[: 1 if chosen.quick else None]:
        if NETWORKS[name] is None and find_spec("keras") is None:
            say(f"{name} left out: Keras is not installed")
            continue
        for runtime in chosen.runtime:
            cases.do(f"{name}, {runtime}", lambda n=name, r=runtime: backward(n, r, chosen.time))
    for runtime, loop in loops(chosen.runtime):
        cases.do(
            f"seed000, {runtime}, {loop}", lambda r=runtime, x=loop: forward(r, x, chosen.time)
        )
    print(backward_table(cases.found), forward_table(cases.found), sep="\n\n")


def network(name: str) -> Network:
    """With random weights."""
    source = NETWORKS[name]
    if source is not None:
        return filled(convcost.read(source))
    import keras

    return filled(convcost.read(getattr(keras.applications, name)(weights=None)))


def loops(runtimes: list[str]) -> Iterator[tuple[str, str]]:
    """What is run of post 000's network."""
    for runtime in runtimes:
        yield runtime, "step"
        if runtime == "keras-tensorflow":
            yield runtime, "evaluate"


def backward(name: str, runtime: str, seconds: float) -> dict[str, Any]:
    """A network before and after."""
    before = network(name)
    found = convcost.rewrite(before, "fold-batch-norm", runtime=runtime)
    (step,) = found.steps
    return {
        "before": stored(before),
        "after": stored(found.network),
        "folded": len(step.sizes),
        "norms": len(step.sizes) + len(step.refused),
        "equality": equality(before, found.network, runtime=runtime, values="random").to_dict(),
        **predicted(found),
        **side_by_side([before, found.network], runtime=runtime, seconds=seconds),
    }


def forward(runtime: str, loop: str, seconds: float) -> dict[str, Any]:
    """Post 000's network: without BatchNorm, with it, folded."""
    without = convcost.read("zoo:seed000?batch_norm=false")
    norm = filled(convcost.read("zoo:seed000"))
    back = convcost.rewrite(norm, "fold-batch-norm", runtime=runtime, batch=BATCH)
    found = convcost.rewrite(norm, "fold-batch-norm-forward", runtime=runtime, batch=BATCH)
    return {
        "backward": back.steps[0].reason,
        "equality": equality(norm, found.network, runtime=runtime, values="random").to_dict(),
        **predicted(found),
        **side_by_side(
            [without, norm, found.network], runtime=runtime, seconds=seconds, batch=BATCH,
            loop=loop, samples=None if loop == "step" else SAMPLES,
        ),
    }  # fmt: skip


def stored(net: Network) -> int:
    """Parameters and statistics."""
    total = convcost.count(net).total
    return int(total.parameters + total.statistics)


def predicted(found: Rewriting) -> dict[str, Any]:
    """The ratio that was predicted, and what by."""
    return {"predicted": found.ratio.to_dict(), "basis": found.setting.basis}


def backward_table(found: dict[str, dict[str, Any]]) -> str:
    """A row per network and runtime."""
    rows = [
        [
            *key.split(", "), f"{case['before']:,}", f"{case['after']:,}",
            f"{case['folded']} of {case['norms']}", apart(case["equality"]),
            *map(time_text, case["seconds"]), ratio_text(case["predicted"], "value"),
            ratio_text(case["ratios"][0]),
        ]
        for key, case in found.items() if not key.startswith("seed000")
    ]  # fmt: skip
    head = ["network", "runtime", "numbers before", "after", "folded", "outputs apart", "before",
            "after", "predicted", "measured"]  # fmt: skip
    return table(head, rows)


def forward_table(found: dict[str, dict[str, Any]]) -> str:
    """A row per runtime and loop."""
    rows = []
    for key, case in found.items():
        if key.startswith("seed000"):
            with_, folded = case["ratios"]
            rows.append([
                ", ".join(key.split(", ")[1:]), *map(time_text, case["seconds"]),
                ratio_text(with_), ratio_text(folded), apart(case["equality"]),
            ])  # fmt: skip
    head = ["runtime", "without BatchNorm", "with", "folded forward", "with / without",
            "folded / without", "outputs apart"]  # fmt: skip
    return table(head, rows)


def apart(equality: dict[str, Any]) -> str:
    """The largest difference beside what it may be."""
    verdict = "" if equality["equal"] else "DIFFERENT: "
    return f"{verdict}{equality['difference']:.1e} of {equality['tolerance']:.1e}"


if __name__ == "__main__":
    main()
