"""Loss functions: what training minimises."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from convcost.errors import NetworkError, unknown_name
from convcost.network.dataclass import dataclass, replace
from convcost.network.dims import summed
from convcost.network.op import Call, Gradient, Op, Phase
from convcost.network.tensor import Tensor, dtype_bytes
from convcost.ops.activation import ACTIVATIONS, last_function

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.cost import Cost
    from convcost.network.dims import Dim


class Rule(NamedTuple):
    """Operations of a loss, its sum over the batch included.

    Attributes:
        element: per element of the prediction.
        row: per label, where each label belongs to a row of predictions.
        gradient: per element of the prediction's gradient, the division by the batch included.
        ends_in: the activation that the prediction has gone through; None where it has not.
    """

    element: int
    row: int
    gradient: int
    ends_in: str | None = None


_LOG_SOFTMAX = ACTIVATIONS["log_softmax"]

#: x is the prediction, y the target, p a probability.
RULES: Mapping[tuple[str, bool], Rule] = {
    # log-softmax; its value at the label: negate, sum. PyTorch and TensorFlow fuse both: the
    # gradient is that of the log-softmax
    ("cross-entropy", False): Rule(_LOG_SOFTMAX.charge, 2, _LOG_SOFTMAX.derivative.charge),
    # the label's probability: log, negate, sum; -1/p at the label: divide, multiply, and write
    ("cross-entropy", True): Rule(0, 3, 2, "softmax"),
    # max(x, 0) - x * y + log(1 + e^-|x|): compare, multiply, subtract, abs, negate, exp, add, log,
    # add, sum. Gradient (sigmoid(x) - y) / n: the sigmoid, subtract, divide
    ("binary-cross-entropy", False): Rule(10, 0, ACTIVATIONS["sigmoid"].charge + 2),
    # y * log p + (1 - y) * log(1 - p): log, multiply, subtract, log, subtract, multiply, add,
    # negate, sum; (p - y) / (p * (1 - p)) / n: subtract, subtract, multiply, divide, multiply
    ("binary-cross-entropy", True): Rule(9, 0, 5, "sigmoid"),
    ("mse", False): Rule(3, 0, 2),  # subtract, square, sum; (x - y) * 2/n
    ("mae", False): Rule(3, 0, 3),  # subtract, abs, sum; subtract, sign, multiply
}

LOSSES = tuple(dict.fromkeys(function for function, _ in RULES))


def loss_name(name: str) -> str:
    """The name of a loss.

    Raises:
        UsageError: there is none; the nearest names are given.
    """
    if name not in LOSSES:
        raise unknown_name("loss", name, LOSSES)
    return name


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss(Op):
    """One number for how far predictions are from targets, averaged over the batch.

    Element-wise and gradient: `RULES`. Bytes: predictions and targets; a target is an int64 label
    per row (cross-entropy: the rows of the channels, or of the last axis), or a tensor like the
    prediction.

    Attributes:
        function: a name of `LOSSES`.
        probabilities: whether the predictions are probabilities already (softmax, sigmoid), not
            what these are computed from.

    >>> x = Tensor.of(batch=32, feature=10)
    >>> op = Loss(function="cross-entropy")
    >>> call = Call((x,), op.outputs(x))
    >>> op.cost("forward", call).elementwise == 320 * 6 + 32 * 2
    True
    >>> op.cost("backward_data", call).elementwise == 320 * 4
    True
    """

    kind: ClassVar[str] = "loss"
    arity: ClassVar[tuple[int, int | None]] = (1, None)
    function: str
    probabilities: bool = False

    @property
    def rule(self) -> Rule:
        """What is charged.

        Raises:
            NetworkError: there is no such loss.
        """
        try:
            return RULES[self.function, self.probabilities]
        except KeyError:
            of = " of probabilities" if self.probabilities else ""
            raise NetworkError(f"unknown loss '{self.function}'{of}") from None

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """A number."""
        return (Tensor((), inputs[0].dtype),)

    def elementwise(self, call: Call) -> Dim:
        """`RULES` per element and per row; predictions of several results are all charged."""
        return summed(
            self.rule.element * tensor.elements + self.rule.row * _rows(tensor)
            for tensor in call.inputs
        )

    def gradient(self, call: Call) -> Gradient:
        """`RULES` per element."""
        return Gradient(
            data=summed(self.rule.gradient * tensor.elements for tensor in call.wanted_inputs),
            data_reads=summed(t.bytes + self.target_bytes(t) for t in call.wanted_inputs),
        )

    def cost(self, phase: Phase, call: Call) -> Cost | None:
        """The general rule; targets are read too."""
        cost = super().cost(phase, call)
        if cost is None or phase != "forward":
            return cost
        targets = summed(self.target_bytes(tensor) for tensor in call.inputs)
        return replace(cost, read_bytes=cost.read_bytes + targets)

    def target_bytes(self, tensor: Tensor) -> Dim:
        """Bytes of the targets of one prediction."""
        return _rows(tensor) * dtype_bytes("int64") if self.rule.row else tensor.bytes


def class_axis(tensor: Tensor) -> int:
    """The axis of the classes: the channels, or the last one."""
    return tensor.names.index("channel") if tensor.has("channel") else len(tensor.axes) - 1


def ends_in_probabilities(op: Op, loss: str) -> bool:
    """Whether the last function of an op is the one that the loss contains otherwise.

    >>> from convcost.ops.activation import Activation
    >>> ends_in_probabilities(Activation("softmax"), "cross-entropy")
    True
    """
    rule = RULES.get((loss, True))
    return rule is not None and last_function(op) == rule.ends_in


def _rows(tensor: Tensor) -> Dim:
    """Labels: elements without the axis of the classes."""
    return tensor.elements // tensor.axes[class_axis(tensor)].size if tensor.axes else 1
