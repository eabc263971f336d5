"""How a runtime turns layers into kernels, and what each launch costs: data, with sources."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

DeviceKind: TypeAlias = Literal["cpu", "gpu"]


@dataclass(frozen=True, slots=True)
class Constant:
    """A figure of a runtime with its source."""

    value: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """A layout of images in which so many channels of a position lie side by side.

    Attributes:
        size: channels of a block.
        multiple: of which the channels that a convolution reads in blocks are one.
        functions: activation layers that work in blocks.
        fused: those that are computed while a sum or a normalisation in blocks is written.
        sums: kinds of ops whose kernel an addition is fused into, all tensors lying in blocks.
    """

    size: int
    multiple: int
    functions: frozenset[str]
    fused: frozenset[str]
    sums: frozenset[str]


Bias: TypeAlias = Literal["fused", "pass"]
BatchNorms: TypeAlias = Literal["kernel", "passes", "fused", "folded"]
Pointwise: TypeAlias = Literal["kernel", "product", "chain", "fused"]

#: Where the bias of a product is added.
BIAS: Mapping[Bias, str] = {"fused": "fused into its write", "pass": "a pass of its own"}
#: What BatchNorm is at inference.
BATCH_NORM: Mapping[BatchNorms, str] = {
    "kernel": "one kernel",
    "passes": "two passes over memory, a multiplication and an addition",
    "fused": "fused into the kernel before it",
    "folded": "folded into the weights of the convolution before it",
}
#: What becomes of layers that work element by element.
POINTWISE: Mapping[Pointwise, str] = {
    "kernel": "a kernel each",
    "product": "fused into the product before where its activations have them",
    "chain": "a chain of them behind a product is one kernel, with the product's bias",
    "fused": "fused into the kernel before",
}

#: Products that a runtime may leave alone: without a bias, with a dilated window, in groups, of
#: more axes than rows and features (a dense layer on an image).
Plain: TypeAlias = Literal["no bias", "dilated", "grouped", "positions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The behaviour of a runtime on one kind of device.

    Attributes:
        bias: a key of `BIAS`.
        activations: functions that are fused into the product's write when they are part of the
            layer (``Conv2D(activation="relu")``); all others are passes.
        activations_of: the same for kinds of ops where they are others.
        trained: the activations of these that are fused in training as well: those whose gradient
            is computed from the result. None for all.
        unfused: products that nothing is fused into.
        batch_norm: a key of `BATCH_NORM`; ``folded``: nothing of it is left.
        pointwise: a key of `POINTWISE`, of activations and additions; ``product``: where its
            activations and `sums` have them; ``fused``: whatever the kernel before them is.
        sums: kinds of ops whose product an addition of two tensors is fused into.
        sums_into: which of two such products: that of the sum's first input, or that of the layer
            that the network has first.
        padding: kinds of ops that pad themselves at inference what a layer before them pads, a
            pooling with its function (``pool average``).
        logits: whether a loss takes what a last softmax is computed of, which then does not run.
        blocks: how images lie in memory; None as the source has them.
        launches_overlap: whether the next launch is prepared while a kernel runs (GPUs).
        launch_seconds: per kernel.
        loop_seconds: per batch, of the framework's own loop (data feeding, callbacks).
        source: where the behaviour is documented or was seen.
    """

    bias: Bias
    activations: frozenset[str]
    activations_of: Mapping[str, frozenset[str]] = field(default_factory=dict)
    trained: frozenset[str] | None = None
    unfused: frozenset[Plain] = frozenset()
    batch_norm: BatchNorms
    pointwise: Pointwise
    sums: frozenset[str] = frozenset()
    sums_into: Literal["first input", "first layer"] = "first input"
    padding: frozenset[str] = frozenset()
    logits: bool = False
    blocks: Blocks | None = None
    launches_overlap: bool
    launch_seconds: Constant
    loop_seconds: Constant
    source: str

    def fuses(self, kind: str, function: str, *, training: bool) -> bool:
        """Whether a function is computed while a product of that kind of op is written."""
        if training and self.trained is not None and function not in self.trained:
            return False
        return function in self.activations_of.get(kind, self.activations)


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """A framework as it executes networks: what is predicted.

    What can be measured is another question, which `convcost.runtime.runners.registry` answers.

    Attributes:
        name: for the command line.
        title: for people.
        frameworks: sources of these frameworks run on it unless the user says otherwise.
        trains: whether it runs training steps.
        rules: its behaviour per kind of device; a kind that is missing is not supported.
        saved: which file of `convcost.runtime.saved` says what it keeps for the backward pass.
        reuses: which layers write over an input that nobody else needs: those that the source marks
            (PyTorch's ``relu_``), or all that work element by element.
    """

    name: str
    title: str
    frameworks: tuple[str, ...]
    rules: dict[DeviceKind, Rules]
    trains: bool = True
    saved: str = "operands"
    reuses: Literal["marked", "elementwise"] = "marked"
