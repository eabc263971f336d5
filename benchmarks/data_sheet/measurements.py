"""Published measurements, each beside the data-sheet roofline of what was measured.

The roofline of a kernel is max(FLOPs / peak, compulsory bytes / bandwidth), with the peaks of
convcost's own device files. The measurements lie in ../shared/data beside the repository.
"""

from __future__ import annotations

import csv
import dataclasses
import gzip
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from convcost.device import load

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

DEEPBENCH = {
    "NV_1080Ti": "gtx-1080-ti",
    "NV_M40": "tesla-m40",
    "NV_P100": "tesla-p100",
    "NV_T4": "tesla-t4",
    "NV_TitanX": "titan-x-maxwell",  # CUDA 7.5; the Pascal card has a sheet of its own
    "NV_TitanX_Pascal": "titan-x-pascal",
    "NV_TitanXp": "titan-xp",
    "NV_V100": "v100",
    "IA_KNL7250": "xeon-phi-7250",
}
JUSTUS = {
    "1080ti": "gtx-1080-ti",
    "K40": "tesla-k40",
    "k80": "tesla-k80",
    "M60": "tesla-m60",
    "P100": "tesla-p100",
    "V100": "v100",
}
FAMILIES = (
    *("vgg", "resnet", "resnext", "wide_resnet", "inception", "densenet"),
    *("mobilenet", "efficientnet", "regnet", "darknet", "repvgg"),
)


@dataclasses.dataclass(frozen=True)
class Row:
    """One published measurement beside its roofline; all times in seconds."""

    source: str
    device: str
    family: str
    measured: float
    compute: float
    memory: float
    passes: float = 0.0  # element-wise and layout passes that the measured program also ran
    tags: frozenset[str] = frozenset()
    network: str = ""
    weights: float = 0.0  # the part of memory that is weights

    @property
    def roofline(self) -> float:
        return max(self.compute, self.memory) + self.passes

    @property
    def ratio(self) -> float:
        return self.measured / self.roofline


def roofs(device: str, macs: float, elements: float, dtype: str = "float32") -> tuple[float, float]:
    """Seconds at peak arithmetic and at peak bandwidth."""
    sheet, width = load(device), 4 if dtype == "float32" else 2
    memory = width * elements / sheet.memory_bandwidth.value
    return 2 * macs / sheet.peak_flops[dtype].value, memory  # type: ignore[index]


def table(name: str) -> Iterator[dict[str, str]]:
    path = DATA / name
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
        yield from csv.DictReader(file)


def kernel_family(height: int, width: int, stride: int) -> str:
    if (height, width) == (1, 1):
        return "convolution 1x1"
    if (height, width) == (3, 3):
        return "convolution 3x3 stride 1" if stride == 1 else "convolution 3x3 strided"
    return "convolution 2x2, 4x4" if max(height, width) < 5 else "convolution 5x5 and larger"


def deepbench_convolutions() -> Iterator[Row]:
    for row in table("deepbench/deepbench_conv.csv"):
        if row["kind"] != "train" or row["precision"] != "Float" or row["device"] not in DEEPBENCH:
            continue
        n = {k: float(row[k]) for k in ("W", "H", "C", "N", "K", "kw", "kh", "Wo", "Ho")}
        elements = (
            n["N"] * (n["C"] * n["W"] * n["H"] + n["K"] * n["Wo"] * n["Ho"])
            + n["kw"] * n["kh"] * n["C"] * n["K"]
        )
        device = DEEPBENCH[row["device"]]
        compute, memory = roofs(device, float(row["gmacs"]) * 1e9, elements)
        family = kernel_family(int(n["kh"]), int(n["kw"]), int(float(row["stride_w"])))
        tags = frozenset({"few channels"} if n["C"] <= 4 else ())
        for phase, column in (
            ("forward", "fwd_ms"),
            ("backward data", "bwd_inputs_ms"),
            ("backward weights", "bwd_weights_ms"),
        ):
            if row[column] and float(row[column]) > 0:
                yield Row(
                    f"DeepBench {phase}",
                    device,
                    family,
                    float(row[column]) / 1e3,
                    compute,
                    memory,
                    tags=tags,
                )


def deepbench_products() -> Iterator[Row]:
    for row in table("deepbench/deepbench_gemm.csv"):
        if row["kind"] != "train" or row["precision"] != "Float" or row["device"] not in DEEPBENCH:
            continue
        m, n, k = (float(row[key]) for key in "MNK")
        device = DEEPBENCH[row["device"]]
        compute, memory = roofs(device, m * n * k, m * n + m * k + n * k)
        family = "GEMM, every side >= 128" if min(m, n, k) >= 128 else "GEMM, a side below 128"
        yield Row("DeepBench GEMM", device, family, float(row["ms"]) / 1e3, compute, memory)


def justus() -> Iterator[Row]:
    """TF 1.x forward of random single convolutions; only those with a roofline above 1 ms.

    Below that the start of a graph execution (0.14 to 0.27 ms in this table) hides the kernel.
    Bias and activation are passes of their own there, each reads and writes the output.
    """
    for row in table("justus_conv_forward_sample.csv.gz"):
        n = {
            k: float(row[k])
            for k in ("kernelsize", "channels_in", "channels_out", "batchsize", "matsize")
        }
        output = float(row["out_size"]) ** 2 * n["channels_out"] * n["batchsize"]
        weights = n["kernelsize"] ** 2 * n["channels_in"] * n["channels_out"]
        elements = n["matsize"] ** 2 * n["channels_in"] * n["batchsize"] + output + weights
        device = JUSTUS[row["device"]]
        compute, memory = roofs(device, float(row["gmacs_fwd"]) * 1e9, elements)
        count = (row["use_bias"] == "True") + (row["activation_name"] != "none")
        passes = roofs(device, 0, 2 * output * count)[1]
        if max(compute, memory) < 1e-3:
            continue
        size = int(n["kernelsize"])
        narrow = min(n["channels_in"], n["channels_out"]) < 32
        yield Row(
            "Justus forward",
            device,
            kernel_family(size, size, int(float(row["strides"]))),
            float(row["timeUsed_median"]) / 1e3,
            compute,
            memory,
            passes,
            frozenset({"narrow" if narrow else "wide"}),
        )


def caffe() -> Iterator[Row]:
    """AlexNet and VGG-A in Caffe, layer by layer; the pooling and ReLU rows show bandwidth."""
    kernels = {"conv1": 11, "conv2/5x5_s1": 5}  # AlexNet; all others, and VGG-A, are 3x3
    before: list[int] = []
    for row in table("caffe/caffe_layer_times.csv"):
        if row["library"] != "caffe" or not row["top"]:
            continue
        now = [int(size) for size in row["top"].split("x")]
        layer, device = row["layer"], "titan-x-maxwell"
        network = row["file"]
        inputs, outputs = float(np.prod(before or [0])), float(np.prod(now))
        forward, backward = float(row["forward"]) / 1e3, float(row["backward"]) / 1e3
        if layer.startswith("conv") and not layer.endswith("relu"):
            size = kernels.get(layer, 3)
            weights = float(size * size * before[1] * now[1])
            compute, memory = roofs(
                device, outputs * size * size * before[1], inputs + outputs + weights
            )
            family = kernel_family(size, size, 4 if size == 11 else 1)
            tags = frozenset({"few channels"} if before[1] <= 4 else ())
            yield Row(
                "Caffe forward",
                device,
                family,
                forward,
                compute,
                memory,
                tags=tags,
                network=network,
            )
        elif layer.startswith("fc"):
            weights = inputs / before[0] * now[1]
            compute, memory = roofs(device, inputs * now[1], inputs + outputs + weights)
            yield Row("Caffe forward", device, "dense", forward, compute, memory, network=network)
        elif layer.endswith("relu"):
            yield Row(
                "Caffe forward",
                device,
                "ReLU",
                forward,
                *roofs(device, 0, 2 * outputs),
                network=network,
            )
            yield Row(
                "Caffe backward",
                device,
                "ReLU",
                backward,
                *roofs(device, 0, 3 * outputs),
                network=network,
            )
        elif layer.startswith("pool"):
            # The maximum's index, 4 bytes an output, is written forward and read backward.
            moved = inputs + 2 * outputs
            yield Row(
                "Caffe forward",
                device,
                "max pool",
                forward,
                *roofs(device, 0, moved),
                network=network,
            )
            yield Row(
                "Caffe backward",
                device,
                "max pool",
                backward,
                *roofs(device, 0, moved),
                network=network,
            )
        before = now


def timm() -> Iterator[Row]:
    """Whole networks of the families above: compiled float32 on a CPU, mixed precision on a GPU."""
    sheets = {
        "benchmark-infer-fp32-nchw-pt240-cpu-i9_10940x-dynamo.csv": ("i9-10940x", "float32"),
        "benchmark-infer-amp-nchw-pt240-cu124-rtx3090.csv": ("rtx-3090", "float16"),
    }
    for row in table("timm/timm_3090_i9.csv.gz"):
        name = row["model"].split(".")[0]
        family = next((f for f in FAMILIES if name.startswith(f)), None)
        if row["file"] not in sheets or not row["gmacs"] or family is None:
            continue
        device, dtype = sheets[row["file"]]
        batch, weights = float(row["batch"]), float(row["params_m"]) * 1e6
        # Every activation is written once and read once.
        elements = 2 * float(row["macts"]) * 1e6 * batch + weights
        compute, memory = roofs(device, float(row["gmacs"]) * 1e9 * batch, elements, dtype)
        yield Row(
            f"timm networks, {dtype}",
            device,
            f"network: {family}",
            batch / float(row["samples_per_sec"]),
            compute,
            memory,
            network=name,
            weights=roofs(device, 0, weights, dtype)[1],
        )
