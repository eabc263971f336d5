"""Writes the analysis as a page of tables."""

from __future__ import annotations

from typing import Any

PREFACE = """# The data sheet against reality

Written by `efficiency.py`; do not edit. A roofline is max(FLOPs / peak, compulsory bytes /
bandwidth), float32 unless said otherwise, with the figures of `src/convcost/device/library`.
Sources: DeepBench (baidu-research, Apache-2.0), Justus et al. 2018 (CDECatapult/
ml-performance-prediction, Apache-2.0), Caffe logs of convnet-benchmarks (soumith, MIT), timm
result tables (huggingface/pytorch-image-models, Apache-2.0), STREAM results named in the script.

- A fraction is 1 / the median of measured / roofline over the rows named.
- The streaming pass is the ReLU of Caffe on a GPU, STREAM copy on a CPU.
- "device left out": each device is predicted with the fractions of all the other devices.
- 3x3 with stride 1 reaches the nominal peak of a GPU, and beyond, because cuDNN runs Winograd
  there (DeepBench names the algorithm): its MACs are nominal.
- Justus times one operation in a TF 1.x graph with random, often odd channel counts: a warning
  about narrow layers, not a reference for networks.
- i9-10940x at batch 1 (torch.compile): arithmetic explains little. Growing the image shows what
  convolutions reach; the rest grows with the weights (VGG-11 to VGG-19: 108 to 122 ms, of which
  weights at the peak bandwidth would take 6) and with the number of layers.
- The CPU bands are those of the very rows the fractions come from: there is one CPU of each kind.
- Recommended: the bandwidth fraction of a CPU is the one that its whole networks at batch 1 show
  (their activation bytes, launches included), not STREAM; a bandwidth that was measured on the
  machine needs no fraction. Low and high bound 90 % of measured / predicted."""


def markdown(result: dict[str, Any]) -> str:
    head = "| | rows | 5 % | 25 % | 50 % | 75 % | 95 % |\n|---|---|---|---|---|---|---|"

    def cells(rows: list[dict[str, Any]]) -> list[str]:
        return [
            f"| {r['group']} | {r['count']} | {' | '.join(f'{q:.2f}' for q in r['quantiles'])} |"
            for r in rows
        ]

    parts = [PREFACE]
    for kind, found in result["efficiencies"].items():
        parts += ["", f"## Fraction of the data sheet that the median row reaches, {kind}", ""]
        parts += ["| what | fraction | rows |", "|---|---|---|"]
        parts += [f"| {k} | {v['fraction']:.2f} | {v['rows']} |" for k, v in found.items()]
    parts += ["", "## Recommended for a data-sheet prediction", ""]
    parts += ["| constant | gpu | cpu |", "|---|---|---|"]
    advice = result["recommended"]
    parts += [f"| {k} | {advice['gpu'][k]:.2f} | {advice['cpu'][k]:.2f} |" for k in advice["gpu"]]
    parts += ["", "## Measured / predicted with those fractions: the honest band", "", head]
    parts += cells(result["bands"])
    for found in result["tables"]:
        parts += ["", f"## Measured / roofline: {found['title']}", "", head, *cells(found["rows"])]
    return "\n".join(parts) + "\n"
