"""Keras 3 on TensorFlow, compiled by XLA (`jit_compile=True`), on the CPU.

TensorFlow's profiler records every kernel of XLA by the name of its instruction, and the compiled
program beside them, whose instructions keep the names of TensorFlow's operations: so layers have
times (`keras_hlo`). Seen with TensorFlow 2.21: a convolution or a matrix product is a kernel of its
own; what is element-wise between two of them is one fusion, the bias included; pooling, sums over
rows and changes of the layout are kernels as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.runtime.runners.keras_hlo_record import spans
from convcost.runtime.runners.keras_tensorflow import (
    KerasTensorFlow,
    LoopInTensorFlow,
    StepInTensorFlow,
)

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.runtime.runners.keras import LoadedInKeras
    from convcost.runtime.runners.keras_xplane import Recorder
    from convcost.runtime.runners.runner import Job, Span


class KerasTensorFlowXla(KerasTensorFlow):
    """Every step compiled by XLA as a whole."""

    name = "keras-tensorflow-xla"
    jit_compile: ClassVar[bool | str] = True

    def load(self, network: Network, job: Job) -> LoadedInKeras:
        """The network's model, compiled; inputs, targets, an optimizer as far as the job needs."""
        self._imported()
        self.set_threads(job.threads)
        return (_Step if job.loop == "step" else _InLoop)(network, job)


class _Compiled:
    """What is recorded of programs of XLA."""

    jit_compile: ClassVar[bool | str] = KerasTensorFlowXla.jit_compile
    layers: tuple[str, ...]

    def prepare(self) -> None:
        """Nothing: what ran is in the recording."""

    def spans(self, recorder: Recorder, scale: float = 1.0) -> tuple[Span, ...]:
        """Whose the recorded time is; `scale`: what it stands for, over that time."""
        return spans(recorder.planes(), self.layers, scale)


class _Step(_Compiled, StepInTensorFlow):
    """One batch."""


class _InLoop(_Compiled, LoopInTensorFlow):
    """Keras's own loop."""


RUNNER = KerasTensorFlowXla()
