"""What a runner is: how a framework loads a network, runs it, and says where the time goes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from convcost.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.network.network import Network
    from convcost.runtime.runners.learning import Learner, Lesson

#: A part of what is run; ``loss`` and ``update`` are rows of their own, as is the ``loop``: what
#: the framework does between the layers.
RunPhase: TypeAlias = Literal["forward", "backward", "loss", "update", "loop"]

#: What a run is: one batch that is there already, or the framework's own way through many samples.
#: ``evaluate``: all of them once, with the loss; ``fit``: one epoch of training.
Loop: TypeAlias = Literal["step", "evaluate", "fit"]


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
        loop: what a run is.
        samples: in memory, of a loop over several batches; None for a step.
    """

    batch: int = 1
    training: bool = False
    loss: str | None = None
    optimizer: str | None = None
    threads: int = 1
    seed: int = 0
    loop: Loop = "step"
    samples: int | None = None

    @property
    def every_batch(self) -> int | None:
        """The size of every batch of a run; None where the last one is smaller."""
        return self.batch if self.samples is None or self.samples % self.batch == 0 else None

    @property
    def steps(self) -> int:
        """Batches of a run, the last one perhaps smaller."""
        return 1 if self.samples is None else -(-self.samples // self.batch)


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
class Watched:
    """One run with the instrument on.

    Attributes:
        seconds: of the whole, the instrument's own work included.
        spans: its parts; none where the framework has no instrument for them.
    """

    seconds: float
    spans: tuple[Span, ...]


class Loaded(ABC):
    """A network in a framework, ready to run."""

    @abstractmethod
    def run(self) -> None:
        """Run what the job says to its end."""

    @abstractmethod
    def watch(self) -> Watched:
        """The same with the instrument on."""

    def peak_bytes(self) -> int | None:
        """The most memory that one run takes, by the framework's own record; None without one."""
        return None

    def outputs(self, inputs: Sequence[Any]) -> list[Any]:  # noqa: ARG002 - most take them
        """What the network returns for these inputs, arrays of the shapes that the job asks for.

        Raises:
            UsageError: this runtime takes none.
            NetworkError: it cannot run the network.
        """
        raise UsageError(f"{type(self).__name__} takes no inputs: it only measures")


class Runner(ABC):
    """How one runtime runs networks.

    Attributes:
        name: of the runtime: ``onnxruntime``.
        title: for people, where the runtime's rules are not known; else its `Runtime` has one.
        trains: whether it can run training steps.
        needs: what to install: ``pip install ...``.
        packages: modules that have to be there.
        loops: what it can run.
        embedded: whether it can run inside any process without changing what that process does.
    """

    name: str
    title: str = ""
    trains: bool
    needs: str
    packages: tuple[str, ...] = ()
    loops: ClassVar[frozenset[Loop]] = frozenset({"step"})
    embedded: ClassVar[bool] = False

    @property
    def installed(self) -> bool:
        """Whether its packages are there; none is imported."""
        return all(find_spec(package) is not None for package in self.packages)

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

    def learner(self, network: Network, lesson: Lesson) -> Learner:  # noqa: ARG002 - most do
        """Make the network ready to be trained on data; errors as `load`."""
        raise UsageError(f"{self.name} does not train", hint="train in torch: --runtime torch")
