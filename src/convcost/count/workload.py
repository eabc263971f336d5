"""What is asked of a network: one value for count, predict and explain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.count.rows import FORWARD
from convcost.errors import UsageError
from convcost.network.dataclass import dataclass
from convcost.network.tensor import dtype_bytes

if TYPE_CHECKING:
    from convcost.count.rows import CountedPhase
    from convcost.network.op import Mode

#: What a training step minimises where nothing else is asked for.
DEFAULT_LOSS = "cross-entropy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A pass over one batch, and how often it is repeated.

    Attributes:
        batch: samples per batch.
        training: whether the batch trains the network: the forward pass behaves as in training
            (BatchNorm, Dropout), and the ledger has the backward pass.
        dtype: of the floating-point tensors; None keeps the source's.
        optimizer: what updates the parameters; None counts no update.
        loss: what is minimised; None counts none, the gradient of the results being given.
        freeze: patterns of names of layers (``conv*``) whose parameters are not trained, besides
            those that the source says are frozen.
        input_gradient: whether the gradient of the network's inputs is computed too.
        samples: size of the data set of a plan; None asks for no plan.
        epochs: passes over the data set.
        accumulate: batches whose gradients are added up before an update; what is predicted of a
            batch has its share of the update.

    Raises:
        UsageError: a number is below one, a name is unknown, or something belongs to training that
            is not asked for.
    """

    batch: int = 1
    training: bool = False
    dtype: str | None = None
    optimizer: str | None = None
    loss: str | None = None
    freeze: tuple[str, ...] = ()
    input_gradient: bool = False
    samples: int | None = None
    epochs: int = 1
    accumulate: int = 1

    def __post_init__(self) -> None:
        for name in ("batch", "samples", "epochs", "accumulate"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int) or value < 1):
                raise UsageError(f"{name} is {value!r}; expected a whole number of at least 1")
        if self.dtype is not None:
            dtype_bytes(self.dtype)
        if self.optimizer is not None:
            from convcost.count.optimizers import optimizer_of

            optimizer_of(self.optimizer)
        if self.loss is not None:
            from convcost.ops.loss import loss_name

            loss_name(self.loss)
        self._check_training()

    def _check_training(self) -> None:
        """Nothing of a training step without one."""
        for name in ("optimizer", "loss", "freeze", "input_gradient"):
            if getattr(self, name) and not self.training:
                raise UsageError(f"{name.replace('_', ' ')} belongs to training",
                                 hint="add --training (training=True)")  # fmt: skip
        if self.accumulate > 1 and self.optimizer is None:
            raise UsageError("gradients are added up for an update, and there is none",
                             hint="add --optimizer adam (optimizer=)")  # fmt: skip

    @property
    def mode(self) -> Mode:
        """How the forward pass behaves."""
        return "training" if self.training else "inference"

    @property
    def phases(self) -> tuple[CountedPhase, ...]:
        """What the ledger has of each layer."""
        if not self.training:
            return FORWARD
        backward: tuple[CountedPhase, ...] = ("backward_data", "backward_weights")
        return (*FORWARD, *backward, *(("update",) if self.optimizer else ()))

    @property
    def steps(self) -> int | None:
        """Batches of a plan, the last one perhaps smaller; None without a plan."""
        return None if self.samples is None else self.epochs * -(-self.samples // self.batch)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "batch": self.batch,
            "mode": self.mode,
            "dtype": self.dtype,
            "samples": self.samples,
            "epochs": self.epochs,
            **(self._training_to_dict() if self.training else {}),
        }

    def _training_to_dict(self) -> dict[str, Any]:
        return {
            "optimizer": self.optimizer,
            "loss": self.loss,
            "freeze": list(self.freeze),
            "input_gradient": self.input_gradient,
            **({"accumulate": self.accumulate} if self.accumulate > 1 else {}),
        }
