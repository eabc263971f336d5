"""What a runner is: how a framework loads a network, runs it, and says where the time goes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.network import Network

#: A part of what is run; ``loss`` and ``update`` are rows of their own, as is the ``loop``: what
#: the framework does between the layers.
RunPhase: TypeAlias = Literal["forward", "backward", "loss", "update", "loop"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to be run.

    Attributes:
        batch: samples per run.
        training: a whole training step, not only the forward pass.
        loss: what is minimised; of a training step.
        optimizer: what updates the parameters; of a training step.
        threads: of the framework.
        seed: of the inputs, and of parameters that have no values.
    """

    batch: int = 1
    training: bool = False
    loss: str | None = None
    optimizer: str | None = None
    threads: int = 1
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """Time that belongs to some layers.

    Attributes:
        layers: names in the network; several where they run as one fused kernel; none for what
            belongs to no layer.
        phase: of the run.
        seconds: of one run.
        kernel: what the framework calls it.
    """

    layers: tuple[str, ...]
    phase: RunPhase
    seconds: float
    kernel: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """One run with the instrument on.

    Attributes:
        seconds: of the whole, the instrument's own work included.
        spans: its parts.
    """

    seconds: float
    spans: tuple[Span, ...]


class Loaded(ABC):
    """A network in a framework, ready to run."""

    @abstractmethod
    def run(self) -> None:
        """Run one batch to its end."""

    @abstractmethod
    def profile(self) -> Profile:
        """Run one batch with the instrument on."""

    def peak_bytes(self) -> int | None:
        """The most memory that one run takes, by the framework's own record; None without one."""
        return None


class Runner(ABC):
    """How one runtime runs networks.

    Attributes:
        name: of the runtime: ``onnxruntime``.
        trains: whether it can run training steps.
        needs: what to install: ``pip install ...``.
    """

    name: str
    trains: bool
    needs: str

    @abstractmethod
    def versions(self) -> Mapping[str, str]:
        """Names and versions of what runs.

        Raises:
            MissingFramework: it is not installed.
        """

    @abstractmethod
    def load(self, network: Network, job: Job) -> Loaded:
        """Make the network ready.

        Raises:
            MissingFramework: the framework is not installed.
            NetworkError: a layer has no counterpart in it.
            UsageError: the job cannot be run by it.
        """
