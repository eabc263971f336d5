"""A VGG-like network made twice as fast the Inception way, and what that does to its accuracy.

    convcost calibrate --runtime torch
    convcost calibrate --runtime torch --training
    python benchmarks/rewriting/vgg.py [--data mnist digits] [--runtime torch] [--time 10]
        [--factor 2.5] [--seeds 5] [--epochs 10]

convcost picks the rewrites of post 004 one after the other, always the one that is predicted to
save most of inference and to save in training too, until both are predicted to be `--factor` times
as fast: 2.5, so that a prediction that is off by a fifth still leaves a factor of two. Then
inference and training steps of both networks run side by side, and both are trained alike, each
with the same seeds. `mnist` is the sample of 5,000 digits of the shared data (see CONTRIBUTING.md);
`digits` is what scikit-learn ships, 1,797 images of 8x8, each pixel repeated to 32x32. LeNet, a
digit at a time, shows where nothing is worth it. What is done is in results/vgg.json.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from cases import Cases, options, parsed, say, side_by_side
from digits import DATA, lenet, vgg
from vgg_tables import lenet_text, picks_table, vgg_table

from convcost import device, runtime
from convcost.count import Workload
from convcost.errors import ConvcostError
from convcost.predict import profiles
from convcost.rewrite.judging.candidates import candidates
from convcost.rewrite.judging.setting import Setting
from convcost.rewrite.registry import rewrite_of, rewrites
from convcost.rewrite.sites import done
from convcost.rewrite.training.train import train

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.network import Network
    from convcost.rewrite.judging.candidates import Candidate

SAMPLES, RATE = 32, 1e-3
TRAINING: dict[str, Any] = {"training": True, "optimizer": "adam"}
RETRAIN = tuple(name for name, each in rewrites().items() if each.kind == "retrain")
#: Of a rewrite before it counts: what training takes after it, of before.
FASTER = 0.99


def main() -> None:
    """Do what is not there yet; print the tables."""
    parser = options(__doc__, runtimes=("torch",), seconds=10)
    parser.add_argument("--data", nargs="*", default=["mnist", "digits"], choices=DATA)
    parser.add_argument("--factor", type=float, default=2.5)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=10)
    chosen = parsed(parser)
    if chosen.quick:
        chosen.data, chosen.seeds, chosen.epochs = chosen.data[-1:], 2, 1
    cases = Cases("vgg", quick=chosen.quick)
    for by in chosen.runtime:
        for name in chosen.data:
            each(cases, name, by, chosen)
        cases.do(f"lenet, {by}", lambda by=by: lenet_case(by, chosen.time))
    print(picks_table(cases.found), vgg_table(cases.found), lenet_text(cases.found), sep="\n\n")


def each(cases: Cases, name: str, by: str, chosen: Any) -> None:
    """All cases of a data set; left out, and said so, where it is not there."""
    try:
        size = DATA[name]().inputs[0].shape[-1]
    except (OSError, ImportError) as error:
        say(f"{name} left out: {error}")
        return
    before = vgg(size)
    picks = cases.do(f"{name}, {by}, picked", lambda: {"picks": picked(before, by, chosen.factor)})[
        "picks"
    ]
    after = again(before, picks)
    for kind, extra in (("inference", {}), ("training step", TRAINING)):
        cases.do(
            f"{name}, {by}, {kind}",
            lambda extra=extra: side_by_side(
                [before, after], runtime=by, seconds=chosen.time, batch=SAMPLES, **extra
            ),
        )
    cases.do(
        f"{name}, {by}, accuracy",
        lambda: train(
            before, after, DATA[name](), runtime=by, epochs=chosen.epochs, seeds=chosen.seeds,
            batch=SAMPLES, rate=RATE, say=say,
        ).to_dict(),
    )  # fmt: skip


class Both(NamedTuple):
    """What inference and training are judged by, or take."""

    inference: Any
    training: Any


def settings(by: str, batch: int) -> Both:
    """On this machine, each from its profile where there is one."""
    made = []
    for training in (False, True):
        extra = TRAINING if training else {}
        load = runtime.load(by)
        profile = profiles.chosen(load, training=training, device=None, basis=None, path=None)
        made.append(Setting(workload=Workload(batch=batch, **extra), runtime=load, profile=profile,
                            device=device.load(device.THIS_MACHINE)))  # fmt: skip
    return Both(*made)


def picked(before: Network, by: str, factor: float) -> list[dict[str, Any]]:
    """The rewrites that convcost picks."""
    both = settings(by, SAMPLES)
    net, picks = before, []
    first = seconds(before, both)
    while True:
        now = seconds(net, both)
        ratios = [b / a for a, b in zip(first, now, strict=True)]
        if max(ratios) <= 1 / factor:
            break
        found = best(net, both, now)
        if found is None:
            say("nothing more is worth it")
            break
        pick, net = found
        then = seconds(net, both)
        picks.append({
            "name": pick.name, "places": list(pick.places), "size": pick.size, "text": pick.text,
            "macs": pick.after.macs / SAMPLES, "parameters": pick.after.parameters,
            "basis": [each.basis for each in both],
            "inference": then.inference / first.inference,
            "training": then.training / first.training,
        })  # fmt: skip
        say(f"{pick.text}: {picks[-1]['inference']:.3f} of inference, {picks[-1]['training']:.3f} "
            "of a training step")  # fmt: skip
    return picks


def best(net: Network, both: Both, now: Both) -> tuple[Candidate, Network] | None:
    """The candidate that is predicted to save most, and to save in training too.

    Undecided ones count: what comes of all picks together is measured.
    """
    found = candidates(net, both.inference, names=RETRAIN)
    open_ = (*found.worth_it, *found.judged("undecided"))
    for each in sorted(open_, key=lambda each: -each.saved):
        after = rewritten(net, each.name, each.places, each.size)
        if seconds(after, both).training < FASTER * now.training:
            return each, after
    return None


def again(net: Network, picks: Sequence[dict[str, Any]]) -> Network:
    """The picks done once more."""
    for pick in picks:
        net = rewritten(net, pick["name"], pick["places"], pick["size"])
    return net


def rewritten(net: Network, name: str, places: Sequence[str], size: int | None) -> Network:
    """A network after one rewrite at these places."""
    return done(net, rewrite_of(name), dict.fromkeys(places, size)).network


def seconds(net: Network, both: Both) -> Both:
    """Predicted."""
    return Both(*(each.predicted(net).seconds.value for each in both))


def lenet_case(by: str, time: float) -> dict[str, Any]:
    """What is worth it for a digit at a time, and the first of the candidates, measured."""
    net = lenet()
    found = candidates(net, settings(by, 1).inference)
    best_of_all = found.found[0]
    after = rewritten(net, best_of_all.name, best_of_all.places, best_of_all.size)
    try:
        measured = side_by_side([net, after], runtime=by, seconds=time, batch=1)
    except ConvcostError as error:
        measured = {"refused": error.message}
    return {
        "worth_it": [each.text for each in found.worth_it],
        "candidates": [each.to_dict() for each in found.found],
        **measured,
    }


if __name__ == "__main__":
    main()
