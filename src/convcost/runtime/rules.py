"""How a runtime turns layers into kernels, and what each launch costs: data, with sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

DeviceKind: TypeAlias = Literal["cpu", "gpu"]


@dataclass(frozen=True, slots=True)
class Constant:
    """A figure of a runtime with its source."""

    value: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The behaviour of a runtime on one kind of device.

    Attributes:
        bias: ``fused`` into the product's write, or a ``pass`` of its own.
        activations: functions that are fused into the product's write when they are part of the
            layer (``Conv2D(activation="relu")``); all others are passes. ``None`` fuses none.
        batch_norm: at inference: one ``kernel``, composed of two ``passes`` (a multiplication and
            an addition), or ``fused`` into the kernel before it.
        pointwise: layers that work element by element (activations, additions): a ``kernel`` each,
            or ``fused`` into the kernel before them.
        launches_overlap: whether the next launch is prepared while a kernel runs (GPUs).
        launch_seconds: per kernel.
        loop_seconds: per batch, of the framework's own loop (data feeding, callbacks).
        source: where the behaviour is documented or was seen.
    """

    bias: Literal["fused", "pass"]
    activations: frozenset[str]
    batch_norm: Literal["kernel", "passes", "fused"]
    pointwise: Literal["kernel", "fused"]
    launches_overlap: bool
    launch_seconds: Constant
    loop_seconds: Constant
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """A framework as it executes networks.

    Attributes:
        name: for the command line.
        title: for people.
        frameworks: sources of these frameworks run on it unless the user says otherwise.
        runnable: False for a historical one, which can be predicted but not measured.
        rules: its behaviour per kind of device; a kind that is missing is not supported.
        saved: which file of `convcost.runtime.saved` says what it keeps for the backward pass.
        reuses: which layers write over an input that nobody else needs: those that the source marks
            (PyTorch's ``relu_``), or all that work element by element.
    """

    name: str
    title: str
    frameworks: tuple[str, ...]
    runnable: bool
    rules: dict[DeviceKind, Rules]
    saved: str = "operands"
    reuses: Literal["marked", "elementwise"] = "marked"
