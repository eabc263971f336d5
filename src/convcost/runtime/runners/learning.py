"""What a learner is: a network that a framework's own loop trains, epoch by epoch, to tell classes.

What is drawn at random is drawn here, by NumPy: two networks, and two frameworks, get the same
batches in the same order for the same seed.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError, UsageError
from convcost.ops.loss import class_axis

if TYPE_CHECKING:
    from convcost.network.network import Network

#: That of `torch.optim.Adam` and of all of `keras.optimizers` but SGD.
USUAL_RATE = 1e-3
#: Of steps that are measured: so small that random parameters do not run away over many of them;
#: the cost is the same.
MEASURING_RATE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What a network learns from, and how.

    Attributes:
        inputs: for each input of the network an array of all samples, in the dtype that it takes.
        labels: the class of each sample.
        trained: places of the samples that it is trained on.
        tested: places of those that its accuracy is of.
        batch: samples per step; what is left over at the end of an epoch is not trained on.
        optimizer: what updates the parameters.
        rate: of learning.
        seed: of the order of samples, and of what layers draw.
        threads: of the framework.

    Raises:
        UsageError: there are fewer samples to train on than a batch holds, or none to test.
    """

    inputs: tuple[Any, ...]
    labels: Any
    trained: Any
    tested: Any
    batch: int = 32
    optimizer: str = "adam"
    rate: float = USUAL_RATE
    seed: int = 0
    threads: int = 1

    def __post_init__(self) -> None:
        if len(self.trained) < self.batch:
            raise UsageError(
                f"{len(self.trained)} samples to train on do not fill a batch of {self.batch}",
                hint="a smaller --batch, or more data",
            )
        if len(self.tested) < 1:
            raise UsageError("there is no sample to test on", hint="more data")
        if not (self.rate > 0 and math.isfinite(self.rate)):
            raise UsageError(f"a learning rate of {self.rate!r}; expected more than 0")

    def order(self, epoch: int) -> Any:
        """Places of the samples of an epoch, whole batches only."""
        import numpy as np

        drawn = np.random.default_rng([self.seed, epoch]).permutation(self.trained)
        return drawn[: len(drawn) // self.batch * self.batch]


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the samples that are trained on.

    Attributes:
        seconds: of the pass; the test is not contained.
        loss: the mean over its batches, as they were met; no number where it diverged.
        accuracy: of the samples that are tested, afterwards.
    """

    seconds: float
    loss: float
    accuracy: float


class Learner(ABC):
    """A network in a framework, ready to be trained."""

    @abstractmethod
    def epoch(self, number: int) -> Epoch:
        """Train for one more epoch, and test."""


def rows(network: Network, samples: int) -> tuple[int, ...]:
    """The shape that labels have for the network's loss: that of its result without the classes.

    Raises:
        NetworkError: it does not give one row of classes per sample.

    >>> from convcost.zoo import load
    >>> rows(load("resnet18"), 7)
    (7,)
    """
    if len(network.outputs) != 1:
        raise NetworkError(
            f"'{network.name}' returns {len(network.outputs)} tensors; one row of classes per "
            "sample is expected"
        )
    tensor = network.tensor(network.outputs[0])
    if not tensor.floating or len(tensor.axes) < 2:
        raise NetworkError(f"'{network.name}' returns {tensor}, which are no rows of classes")
    axis = class_axis(tensor)
    others = [size for place, size in enumerate(tensor.shape) if place not in {0, axis}]
    if axis == 0 or any(size != 1 for size in others):
        raise NetworkError(
            f"'{network.name}' returns {tensor}; one row of classes per sample is expected"
        )
    return (samples, *(1 for _ in others))


def class_of(network: Network, results: Any) -> Any:
    """The likeliest class of each sample; of an array that the network returned."""
    axis = class_axis(network.tensor(network.outputs[0]))
    return results.argmax(axis).reshape(-1)
