"""How far a pure data-sheet roofline is from reality, and what is honest to say instead.

Reads the published measurements (measurements.py), reduces them (fits.py) and writes results.md
and results.json beside this file (render.py). Every constant is derived by the rule written
beside it, from these measurements and the published STREAM results named below; none of the
reported timings that convcost is tested against takes part.

    python benchmarks/data_sheet/efficiency.py
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import measurements
import numpy as np
from fits import (
    LEVELS,
    band,
    by_device,
    by_kernel,
    efficiencies,
    fraction,
    grouped,
    left_out,
    lines,
    marginal_efficiency,
    network_terms,
    predicted,
)
from render import markdown

HERE = Path(__file__).resolve().parent
PHI, I9 = "xeon-phi-7250", "i9-10940x"
# Published STREAM copy: what, GB/s measured, GB/s peak. Bytes written count once, so the read
# that a CPU does before it writes a line is inside the fraction.
STREAM = (
    ("Raspberry Pi 4 (sci-pi.org.uk, Stream)", 5.527, 12.8),
    ("TI AM625, DDR4-1600 x 16 bit (SPRAD45A, table 3-3)", 2.448, 3.2),
    ("TI AM64x, DDR4-1600 x 16 bit (SPRACV1B)", 2.482, 3.2),
    ("TI AM64x, LPDDR4-1600 x 16 bit (SPRACV1B)", 2.221, 3.2),
)
GPU_KERNEL = "GPU convolution forward, one efficiency, device left out"
GPU_CAFFE = "GPU whole network: Caffe AlexNet and VGG-A forward, Titan X (Maxwell)"
GPU_NETWORK = "GPU whole network: RTX 3090, float16, arithmetic + bytes"
CPU_KERNEL = "CPU convolution forward: Xeon Phi, the rows of the efficiency itself"
CPU_NETWORK = "CPU whole network at batch 1: i9-10940x, arithmetic + bytes / recommended"


def analyse() -> dict[str, Any]:
    bench = list(measurements.deepbench_convolutions())
    products = list(measurements.deepbench_products())
    justus, caffe = list(measurements.justus()), list(measurements.caffe())
    networks = list(measurements.timm())

    gpu = [r for r in bench if r.device != PHI]
    phi = [r for r in bench if r.device == PHI]
    forward = [r for r in gpu if r.source.endswith("forward")]
    wide = [r for r in justus if "wide" in r.tags]
    narrow = [r for r in justus if "narrow" in r.tags]
    streams = [r for r in caffe if r.family == "ReLU"]
    cpu_networks = [r for r in networks if r.device == I9]
    gpu_networks = [r for r in networks if r.device != I9]

    on_gpu = efficiencies(gpu, [r for r in products if r.device != PHI])
    on_gpu["streaming pass"] = fraction(streams)
    on_cpu = efficiencies(phi, [r for r in products if r.device == PHI])
    on_cpu["streaming pass"] = {
        "fraction": round(float(np.median([got / peak for _, got, peak in STREAM])), 2),
        "rows": len(STREAM),
    }
    marginal = marginal_efficiency(cpu_networks)
    reached = round(float(np.median(marginal)), 2)
    on_cpu["convolution, one network at two image sizes (i9-10940x)"] = {
        "fraction": reached,
        "rows": len(marginal),
    }
    fractions, residuals = network_terms(cpu_networks, reached)
    for name, value in fractions.items():
        on_cpu[f"{name} bytes of a whole network at batch 1 (i9-10940x)"] = {
            "fraction": value,
            "rows": len(cpu_networks),
        }

    bandwidth = on_gpu["streaming pass"]["fraction"]
    arithmetic = on_gpu["convolution forward"]["fraction"]
    cpu_arithmetic = on_cpu["convolution forward"]["fraction"]
    cpu_bandwidth = on_cpu["streaming pass"]["fraction"]
    dense = grouped(products, by_kernel)
    summed = [
        sum(r.measured for r in rows) / sum(predicted(r, arithmetic, bandwidth) for r in rows)
        for rows in grouped(
            (r for r in caffe if r.source == "Caffe forward"), lambda row: row.network
        ).values()
    ]
    result: dict[str, Any] = {
        "schema": "convcost/data-sheet-efficiency/1",
        "levels": LEVELS,
        "tables": [
            lines("DeepBench convolution forward, by device", forward + [
                r for r in phi if r.source.endswith("forward")], by_device),
            lines("DeepBench convolution on GPUs, by phase", gpu, lambda r: r.source),
            lines("DeepBench convolution on the Xeon Phi, by phase", phi, lambda r: r.source),
            lines("DeepBench convolution forward on GPUs, by kernel size", forward, by_kernel),
            lines("DeepBench convolution forward on GPUs, by input channels", forward,
                  lambda r: "<= 4 channels" if "few channels" in r.tags else "> 4 channels"),
            lines("DeepBench GEMM, by device", products, lambda r: f"{r.family}: {r.device}"),
            lines("Justus forward (TF 1.x), both channel counts >= 32", wide, by_device),
            lines("Justus forward (TF 1.x), a channel count < 32",
                  narrow, by_device),
            lines("Justus forward (TF 1.x), both channel counts >= 32, by kernel size", wide,
                  by_kernel),
            lines("Caffe layers, AlexNet and VGG-A, Titan X (Maxwell)", caffe,
                  lambda r: f"{r.source}: {r.family}"),
            lines("timm whole networks", networks, lambda r: f"{r.device}: {r.family}"),
        ],
        "efficiencies": {"gpu": on_gpu, "cpu": on_cpu},
        "bands": [
            band(GPU_KERNEL,
                 left_out(forward, bandwidth, by_kernel, by_family=False)),
            band("GPU convolution forward, efficiency by kernel size, device left out",
                 left_out(forward, bandwidth, by_kernel, by_family=True)),
            band("GPU convolution backward, efficiency by phase, device left out",
                 left_out([r for r in gpu if not r.source.endswith("forward")], bandwidth,
                          lambda r: r.source, by_family=True)),
            *(band(f"GPU {name}, device left out",
                   left_out([r for r in rows if r.device != PHI], bandwidth, by_kernel,
                            by_family=False))
              for name, rows in dense.items()),
            band("GPU convolution in TF 1.x (Justus), both channel counts >= 32",
                 (r.measured / predicted(r, arithmetic, bandwidth) for r in wide)),
            band("GPU convolution in TF 1.x (Justus), a channel count < 32",
                 (r.measured / predicted(r, arithmetic, bandwidth) for r in narrow)),
            band(GPU_CAFFE, summed),
            band(GPU_NETWORK,
                 (r.measured / (r.compute / arithmetic + r.memory / bandwidth)
                  for r in gpu_networks)),
            band(CPU_KERNEL,
                 (r.measured / predicted(r, cpu_arithmetic, 1.0)
                  for r in phi if r.source.endswith("forward"))),
            band("CPU whole network at batch 1: i9-10940x, arithmetic + bytes / streaming pass",
                 (r.measured / (r.compute / cpu_arithmetic + r.memory / cpu_bandwidth)
                  for r in cpu_networks)),
            band("CPU whole network at batch 1: i9-10940x, its own two byte fractions", residuals),
            band(CPU_NETWORK,
                 (r.measured / (r.compute / cpu_arithmetic + r.memory / fractions["activation"])
                  for r in cpu_networks)),
        ],
    }  # fmt: skip
    bands = {row["group"]: row["quantiles"] for row in result["bands"]}
    kernel = {"gpu": bands[GPU_KERNEL], "cpu": bands[CPU_KERNEL]}
    network = {"gpu": bands[GPU_NETWORK], "cpu": bands[CPU_NETWORK]}
    lowest = {"gpu": bands[GPU_CAFFE][:1], "cpu": []}
    bytes_fraction = {"gpu": bandwidth, "cpu": fractions["activation"]}
    result["recommended"] = {
        kind: {
            "convolution": found["convolution forward"]["fraction"],
            "convolution, backward data": found["convolution backward data"]["fraction"],
            "convolution, backward weights": found["convolution backward weights"]["fraction"],
            "dense or GEMM, every side >= 128": found["GEMM, every side >= 128"]["fraction"],
            "dense or GEMM, a side below 128": found["GEMM, a side below 128"]["fraction"],
            "bandwidth of a data sheet": bytes_fraction[kind],
            "one kernel, low": kernel[kind][0],
            "one kernel, high": kernel[kind][-1],
            "whole network, low": min(network[kind][:1] + lowest[kind]),
            "whole network, high": network[kind][-1],
        }
        for kind, found in result["efficiencies"].items()
    }
    return result


def main() -> int:
    if not measurements.DATA.is_dir():
        print(f"the published measurements are not at {measurements.DATA}", file=sys.stderr)
        return 1
    result = analyse()
    (HERE / "results.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    (HERE / "results.md").write_text(markdown(result), encoding="utf-8")
    print(f"wrote {HERE.name}/results.md and results.json")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
