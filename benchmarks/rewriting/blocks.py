"""Post 004's blocks: predicted time ratios, measured ones, and whether the verdicts were right.

    convcost calibrate --runtime onnxruntime
    python benchmarks/rewriting/blocks.py [--runtime onnxruntime torch] [--time 10] [--batch 8]

Networks of one convolution with ReLU, of three kernels on three sizes, and what each rewrite of
post 004 makes of them: predicted from this machine's profile first, then run side by side. A
verdict is right where it is "worth it" and took less time, or "not worth it" and the interval of
the measured ratio reaches up to where less than 2 % is saved; "undecided" claims nothing. What is
done is in results/blocks.json: a run that was ended goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cases import Cases, options, parsed, ratio_text, side_by_side, table

import convcost
from convcost.network.builder import BATCH
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.input import Input
from convcost.ops.window import window
from convcost.rewrite.judging.verdict import LEAST_SAVED
from convcost.units import format_ratio
from convcost.zoo.chain import chain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.network.network import Network

RUNTIMES = ("onnxruntime", "torch")
#: Channels and side of the image.
SIZES = ((64, 28), (192, 14), (32, 56))
#: By the side of the kernel.
REWRITES = {
    3: ("asymmetric", "bottleneck", "depthwise-separable"),
    5: ("two-3x3", "asymmetric", "bottleneck", "depthwise-separable"),
    7: ("two-3x3", "asymmetric", "bottleneck", "depthwise-separable"),
}
#: What a predicted ratio may be off by.
CLOSE = 0.15
RIGHT = {True: "yes", False: "NO", None: ""}


def main() -> None:
    """Predict and measure what is not there yet; print the table and what it comes to."""
    parser = options(__doc__, runtimes=RUNTIMES, seconds=10)
    parser.add_argument("--batch", type=int, default=8, help="samples of a batch")
    chosen = parsed(parser)
    cases = Cases("blocks", quick=chosen.quick)
    for runtime in chosen.runtime:
        for kernel in list(REWRITES)[: 1 if chosen.quick else None]:
            for channels, side in SIZES[: 1 if chosen.quick else None]:
                net = block(kernel, channels, side)
                key = f"{runtime}, {net.name} on {side}x{side}x{channels}, batch {chosen.batch}"
                cases.do(
                    key,
                    lambda r=runtime, net=net, names=REWRITES[kernel]: one(
                        r, net, names, chosen.batch, chosen.time
                    ),
                )
    print(summary(cases.found), blocks_table(cases.found), sep="\n\n")


def block(kernel: int, channels: int, side: int) -> Network:
    """One convolution of as many filters as channels, and ReLU."""
    image = Tensor.of(batch=BATCH, channel=channels, height=side, width=side)
    layers = (
        ("image", Input(image)),
        ("conv", Conv(filters=channels, windows=window(kernel, padding="same"))),
        ("relu", Activation("relu")),
    )
    return chain(f"{kernel}x{kernel}", layers, framework=None)


def one(
    runtime: str, before: Network, names: tuple[str, ...], batch: int, seconds: float
) -> dict[str, Any]:
    """A block and what the rewrites make of it: predicted first, then measured."""
    # the layers are named: it is done whether it is worth it or not
    found = [
        convcost.rewrite(before, name, layers="*", runtime=runtime, batch=batch) for name in names
    ]
    measured = side_by_side(
        [before, *(each.network for each in found)], runtime=runtime, seconds=seconds, batch=batch
    )
    rewrites = []
    for each, ratio in zip(found, measured.pop("ratios"), strict=True):
        (step,) = each.steps
        rewrites.append({
            "name": step.name,
            "size": next(iter(step.sizes.values())),
            "macs": step.after.macs / step.before.macs,
            "predicted": step.ratio.to_dict(),
            "verdict": step.verdict,
            "reason": step.reason,
            "measured": ratio,
        })  # fmt: skip
    return {"basis": found[0].setting.basis, **measured, "rewrites": rewrites}


def right(rewrite: dict[str, Any]) -> bool | None:
    """Whether the verdict is what the measurement says; None where it says nothing."""
    measured = rewrite["measured"]
    if rewrite["verdict"] == "undecided":
        return None
    if rewrite["verdict"] == "worth it":
        return bool(measured["median"] < 1)
    return bool(measured["high"] >= 1 - LEAST_SAVED)


def off(rewrite: dict[str, Any]) -> float:
    """The predicted ratio over the measured one."""
    return float(rewrite["predicted"]["value"] / rewrite["measured"]["median"])


def rows(found: dict[str, dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Every rewrite of every block, with its case."""
    for key, case in found.items():
        for rewrite in case["rewrites"]:
            yield key, case, rewrite


def summary(found: dict[str, dict[str, Any]]) -> str:
    """What it comes to, by runtime."""
    lines = []
    for runtime in dict.fromkeys(key.split(", ")[0] for key in found):
        own = [rewrite for key, _, rewrite in rows(found) if key.startswith(f"{runtime},")]
        basis = {case["basis"] for key, case in found.items() if key.startswith(f"{runtime},")}
        close = sum(abs(off(rewrite) - 1) <= CLOSE for rewrite in own)
        told = ", ".join(counted(own, verdict) for verdict in ("worth it", "not worth it"))
        open_ = sum(right(rewrite) is None for rewrite in own)
        lines.append(
            f"- {runtime} ({' and '.join(sorted(basis))}): {close} of {len(own)} predicted ratios "
            f"within {CLOSE:.0%} of the measured ones; right: {told}; {open_} undecided"
        )
    return "\n".join(lines)


def counted(rewrites: list[dict[str, Any]], verdict: str) -> str:
    """How often a verdict was right."""
    own = [right(rewrite) for rewrite in rewrites if rewrite["verdict"] == verdict]
    return f"{sum(map(bool, own))} of {len(own)} '{verdict}'"


def blocks_table(found: dict[str, dict[str, Any]]) -> str:
    """A row per block and rewrite."""
    lines = [
        [
            *key.split(", ")[:2], rewrite["name"], format_ratio(rewrite["macs"]),
            ratio_text(rewrite["predicted"], "value"), ratio_text(rewrite["measured"]),
            f"{off(rewrite):.2f}", rewrite["verdict"], RIGHT[right(rewrite)],
        ]
        for key, _, rewrite in rows(found)
    ]  # fmt: skip
    head = ["runtime", "block", "rewrite", "MACs", "predicted", "measured", "predicted / measured",
            "verdict", "right"]  # fmt: skip
    return table(head, lines)


if __name__ == "__main__":
    main()
