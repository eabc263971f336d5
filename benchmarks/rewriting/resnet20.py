"""A trained ResNet-20 factorised: accuracy before, after and recalibrated; predicted and measured.

    convcost calibrate --runtime onnxruntime
    python benchmarks/rewriting/resnet20.py [--runtime onnxruntime torch] [--time 10] [--batch 64]

All inner 3x3 convolutions become 3x1 and 1x3 with the nearest weights (spatial-svd), of ranks that
are shares of the rank from which on nothing is saved. Accuracies are those of the factorised
networks as they are, and with BatchNorm statistics estimated anew from images without labels: from
those at even places, and both told on those at odd places. What is run for the time has its
BatchNorms folded, which changes no output: factorise first, fold afterwards. All variants run side
by side; their order is compared with the predicted one. What is done is in results/resnet20.json.

Needs PyTorch, and the checkpoint and the images of the shared data (see CONTRIBUTING.md).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from cases import SHARED, Cases, options, parsed, side_by_side, table, time_text, versions

import convcost
from convcost.rewrite.proof.agreement import agreement
from convcost.rewrite.registry import rewrite_of
from convcost.rewrite.rewrite import Site
from convcost.rewrite.running.forward import running
from convcost.rewrite.samples.data import Data
from convcost.rewrite.statistics.recalibrate import recalibrated
from convcost.units import format_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.network import Network

RUNTIMES = ("onnxruntime", "torch")
#: What runs the networks for their outputs.
OUTPUTS = "onnxruntime"
#: Of the rank from which on nothing is saved, 1.5 C where as many channels go in as out.
SHARES = {"1.5 C": 1.0, "1.125 C": 0.75, "0.75 C": 0.5, "0.5 C": 1 / 3, "0.375 C": 0.25}
ORIGINAL, FULL = "original", "all of the rank"
VARIANTS = (ORIGINAL, FULL, *SHARES)
FOLDED = "BatchNorm folded"
#: Images whose logits are compared.
COMPARED = 100


def main() -> None:
    """Do what is not there yet; print the tables."""
    parser = options(__doc__, runtimes=RUNTIMES, seconds=10)
    parser.add_argument("--batch", type=int, default=64, help="samples of a batch")
    chosen = parsed(parser)
    cases = Cases("resnet20", quick=chosen.quick)
    variants = (ORIGINAL, FULL, "0.75 C") if chosen.quick else VARIANTS
    for name in variants:
        cases.do(f"accuracy, {name}", lambda n=name: accuracies(n))
    for runtime in chosen.runtime:
        key = f"times, {runtime}, batch {chosen.batch}"
        cases.do(key, lambda r=runtime: times(r, variants, chosen.batch, chosen.time))
    print(resnet20_table(cases.found), orders(cases.found), sep="\n\n")


@cache
def original() -> Network:
    """The network with the checkpoint's values."""
    from resnet20_module import trained

    path = SHARED / "models" / "cifar10_resnet20_akamaster.th"
    return convcost.read(trained(path), inputs=[(1, 3, 32, 32)])


@cache
def variant(name: str) -> Network:
    """The network by its name in the tables, BatchNorms kept."""
    if name == ORIGINAL:
        return original()
    net, svd = original(), rewrite_of("spatial-svd")
    sites = [each for each in svd.sites(net) if isinstance(each, Site)]  # conv1 is refused
    return svd.rewritten(net, {site: rank(net, site.layer, name) for site in sites})


def rank(net: Network, name: str, of: str) -> int:
    """Channels between the two kernels of a convolution."""
    layer = net.layer(name)
    channels, filters = (
        tensor.size("channel") for tensor in (net.tensor(layer.inputs[0]), layer.outputs[0])
    )
    if of == FULL:
        return 3 * min(channels, filters)
    return int(SHARES[of] * 3 * channels * filters / (channels + filters))


def run_for_time(name: str) -> Network:
    """The same with BatchNorms folded, but for the original as it is."""
    if name == ORIGINAL:
        return original()
    net = original() if name == FOLDED else variant(name)
    return convcost.rewrite(net, "fold-batch-norm", runtime=OUTPUTS).network


@cache
def images(part: str) -> Data:
    """Those at ``even`` places, at ``odd`` ones, or ``all``; scaled as the network was trained."""
    from resnet20_module import DEVIATION, MEAN

    path = SHARED / "images" / "cifar10_test_2000_from_jpeg.npz"
    with np.load(path, allow_pickle=False) as stored:
        pixels, labels = stored["images"], stored["labels"]
    scaled = (pixels / np.float32(255) - np.float32(MEAN)) / np.float32(DEVIATION)
    places = {"all": slice(None), "even": slice(0, None, 2), "odd": slice(1, None, 2)}[part]
    return Data(
        source=path.name,
        inputs=(np.ascontiguousarray(scaled.transpose(0, 3, 1, 2)[places]),),
        dtypes=("float32",),
        labels=labels[places],
    )


def accuracies(name: str) -> dict[str, Any]:
    """Of a variant: on all images, on the odd ones, and on these after recalibration."""
    net, before = variant(name), original()
    whole = agreement(before, net, images("all"), runtime=OUTPUTS)
    odd = agreement(before, net, images("odd"), runtime=OUTPUTS)
    anew = recalibrated(net, images("even"), batch=50)
    again = agreement(before, anew.network, images("odd"), runtime=OUTPUTS)
    return {
        "macs": convcost.count(net).total.forward.macs,
        "versions": versions(OUTPUTS),
        "all": whole.to_dict(),
        "odd": odd.to_dict(),
        "recalibrated": again.to_dict(),
        "statistics": anew.to_dict(),
        "logits_apart": logits_apart(before, net),
    }


def logits_apart(before: Network, after: Network) -> float:
    """The largest difference of a logit."""
    x = images("all").inputs[0][:COMPARED]
    options: Any = {"runtime": OUTPUTS, "batch": COMPARED}
    with running(before, **options) as one, running(after, **options) as other:
        (wanted,), (got,) = one([x]), other([x])
    return float(np.abs(wanted - got).max())


def times(runtime: str, variants: Sequence[str], batch: int, seconds: float) -> dict[str, Any]:
    """All variants: predicted, then measured side by side."""
    names = [ORIGINAL, FOLDED, *(name for name in variants if name != ORIGINAL)]
    networks = [run_for_time(name) for name in names]
    found = [convcost.predict(net, runtime=runtime, batch=batch) for net in networks]
    measured = side_by_side(networks, runtime=runtime, seconds=seconds, batch=batch)
    return {
        "names": names,
        "basis": found[0].basis,
        "predicted": [each.seconds.to_dict() for each in found],
        **measured,
        "spearman": spearman(
            [each.seconds.value for each in found],
            [each["median"] for each in measured["seconds"]],
        ),
    }


def spearman(a: Sequence[float], b: Sequence[float]) -> float:
    """The correlation of the ranks of numbers that all differ."""
    return float(np.corrcoef(*(np.argsort(np.argsort(each)) for each in (a, b)))[0, 1])


def resnet20_table(found: dict[str, dict[str, Any]]) -> str:
    """A row per variant."""
    timed = {key.split(", ")[1]: case for key, case in found.items() if key.startswith("times")}
    names = list(dict.fromkeys(name for case in timed.values() for name in case["names"]))
    rows = []
    for name in names:
        row = [f"R = {name}" if name in SHARES else name, *accuracy_cells(found, name)]
        for case in timed.values():
            if name in case["names"]:
                place = case["names"].index(name)
                row += [format_seconds(case["predicted"][place]["value"]),
                        time_text(case["seconds"][place])]  # fmt: skip
            else:
                row += ["", ""]
        rows.append(row)
    head = ["inner convolutions", "MACs", "logits apart", "accuracy, 2,000 images",
            "of the odd ones", "recalibrated"]  # fmt: skip
    return table([*head, *(f"{runtime}, {what}" for runtime in timed
                           for what in ("predicted", "measured"))], rows)  # fmt: skip


def accuracy_cells(found: dict[str, dict[str, Any]], name: str) -> list[str]:
    """MACs, logits, three accuracies; those of the original where only BatchNorm is folded."""
    case = found.get(f"accuracy, {name}")
    if case is None:
        return [""] * 5
    shares = (case[part]["accuracy"]["after"] for part in ("all", "odd", "recalibrated"))
    apart = "" if name == ORIGINAL else f"{case['logits_apart']:.1e}"
    return [f"{case['macs']:,}", apart, *(f"{100 * share:.2f} %" for share in shares)]


def orders(found: dict[str, dict[str, Any]]) -> str:
    """How well the predicted order is the measured one."""
    return "\n".join(
        f"- {key.removeprefix('times, ')} ({case['basis']}): Spearman's rank correlation of "
        f"predicted and measured times {case['spearman']:.2f}, of {len(case['names'])} networks"
        for key, case in found.items() if key.startswith("times")
    )  # fmt: skip


if __name__ == "__main__":
    main()
