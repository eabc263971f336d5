"""Optimizers: what one update costs and what is stored between updates.

Each framework's own implementation is charged: PyTorch's `torch.optim` (single-tensor form) and
Keras 3's `keras.optimizers`, with their default settings; what differs is given below. Element-wise
operations are per parameter, each addition, multiplication, division, root and sign one. What is
computed once per step for all parameters (bias corrections) is not charged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from convcost.errors import unknown_name
from convcost.network.cost import Cost
from convcost.network.dataclass import dataclass, field
from convcost.network.dims import Dim, summed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from convcost.network.parameter import Parameter

Framework: TypeAlias = Literal["torch", "keras"]

#: PyTorch keeps the number of steps beside each parameter, as a float32 tensor.
_STEP_BYTES = 4
#: Keras keeps the number of steps (int64) and the learning rate (float32) once.
_KERAS_BYTES = 8 + 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimizer:
    """A rule that turns gradients into new parameters.

    Attributes:
        name: for the command line.
        title: what it is called, with the settings that its cost depends on.
        states: numbers of a parameter's size that are kept between updates.
        counts_steps: whether PyTorch keeps the number of steps beside each parameter.
        torch: element-wise operations per parameter in PyTorch.
        keras: those in Keras.
        framework_class: its class of `torch.optim` and `keras.optimizers`, which have the same
            names.
        settings: arguments of the class that its cost depends on.
    """

    name: str
    title: str
    states: tuple[str, ...]
    counts_steps: bool
    torch: int
    keras: int
    framework_class: str
    settings: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def elementwise(self, framework: Framework) -> int:
        """Operations per parameter."""
        return self.torch if framework == "torch" else self.keras


_ALL = (
    Optimizer(
        name="sgd",
        title="stochastic gradient descent, momentum 0",
        states=(),
        counts_steps=False,
        torch=2,  # p -= lr * g
        keras=2,
        framework_class="SGD",
    ),
    Optimizer(
        name="momentum",
        title="stochastic gradient descent, momentum 0.9",
        states=("momentum",),
        counts_steps=False,
        torch=4,  # v = m * v + g, p -= lr * v
        keras=4,  # v = m * v - lr * g, p += v
        framework_class="SGD",
        settings={"momentum": 0.9},
    ),
    Optimizer(
        name="nesterov",
        title="stochastic gradient descent, Nesterov momentum 0.9",
        states=("momentum",),
        counts_steps=False,
        torch=6,  # v = m * v + g, p -= lr * (g + m * v)
        keras=7,  # v = m * v - lr * g, p += m * v - lr * g
        framework_class="SGD",
        settings={"momentum": 0.9, "nesterov": True},
    ),
    Optimizer(
        name="rmsprop",
        title="RMSprop, momentum 0, not centred",
        states=("squares",),
        counts_steps=True,
        torch=9,  # s = a * s + (1 - a) * g * g, p -= lr * g / (sqrt(s) + eps)
        keras=9,  # the same with sqrt(s + eps)
        framework_class="RMSprop",
    ),
    Optimizer(
        name="adam",
        title="Adam, without AMSGrad",
        states=("mean", "squares"),
        counts_steps=True,
        # m += (g - m) * (1 - b1), s = b2 * s + (1 - b2) * g * g: 3 + 4
        torch=13,  # p -= step * m / (sqrt(s) / c + eps)
        keras=12,  # p -= m * step / (sqrt(s) + eps), the correction being part of the step
        framework_class="Adam",
    ),
    Optimizer(
        name="adamw",
        title="AdamW: Adam with weight decay (PyTorch 0.01, Keras 0.004)",
        states=("mean", "squares"),
        counts_steps=True,
        torch=14,  # p *= 1 - lr * decay, then Adam
        keras=15,  # p -= p * decay * lr, then Adam
        framework_class="AdamW",
    ),
    Optimizer(
        name="adagrad",
        title="Adagrad",
        states=("squares",),
        counts_steps=True,
        torch=7,  # s += g * g, p -= lr * g / (sqrt(s) + eps)
        keras=7,  # the same with sqrt(s + eps)
        framework_class="Adagrad",
    ),
    Optimizer(
        name="adadelta",
        title="Adadelta",
        states=("squares", "updates"),
        counts_steps=True,
        # s = r * s + (1 - r) * g * g, d = sqrt(u + eps) / sqrt(s + eps) * g,
        # u = r * u + (1 - r) * d * d, p -= lr * d
        torch=16,
        keras=17,  # d is negated
        framework_class="Adadelta",
    ),
    Optimizer(
        name="lion",
        title="Lion, weight decay 0 (in PyTorch the authors' implementation, google/automl)",
        states=("momentum",),
        counts_steps=False,
        # p -= lr * sign(b1 * m + (1 - b1) * g), m = b2 * m + (1 - b2) * g
        torch=10,  # the decay is multiplied in even when it is 0
        keras=9,
        framework_class="Lion",
    ),
)

OPTIMIZERS: Mapping[str, Optimizer] = {optimizer.name: optimizer for optimizer in _ALL}


def optimizer_of(name: str) -> Optimizer:
    """The optimizer of that name.

    Raises:
        UsageError: there is none; the nearest names are given.
    """
    try:
        return OPTIMIZERS[name]
    except KeyError:
        raise unknown_name("optimizer", name, OPTIMIZERS) from None


def framework_of(source: str | None) -> Framework:
    """Whose implementation runs a network of that framework: PyTorch's but for Keras networks."""
    return "keras" if source == "keras" else "torch"


def update_cost(parameter: Parameter, optimizer: Optimizer, framework: Framework) -> Cost:
    """The cost of one update of a parameter; nothing where it is frozen.

    Bytes: parameter, gradient and states are read once, parameter and states written once.

    >>> from convcost.network.parameter import Parameter
    >>> kernel = Parameter("kernel", (3, 3, 64, 64))
    >>> cost = update_cost(kernel, optimizer_of("adam"), "torch")
    >>> cost.elementwise == 13 * 9 * 64 * 64, cost.bytes == 7 * kernel.bytes
    (True, True)
    """
    if not parameter.trainable:
        return Cost()
    size, states = parameter.bytes, len(optimizer.states)
    return Cost(
        elementwise=optimizer.elementwise(framework) * parameter.elements,
        read_bytes=(2 + states) * size,
        write_bytes=(1 + states) * size,
        weight_bytes=size,
    )


def state_bytes(parameters: Iterable[Parameter], optimizer: Optimizer, framework: Framework) -> Dim:
    """Bytes kept between updates: the states, the counts of steps, Keras's learning rate.

    >>> from convcost.network.parameter import Parameter
    >>> weights = Parameter("kernel", (10, 5)), Parameter("bias", (5,))
    >>> [state_bytes(weights, optimizer_of("adam"), framework) for framework in ("torch", "keras")]
    [448, 452]
    """
    trained = [parameter for parameter in parameters if parameter.trainable]
    states = len(optimizer.states) * summed(parameter.bytes for parameter in trained)
    if framework == "keras":
        return states + _KERAS_BYTES
    return states + optimizer.counts_steps * _STEP_BYTES * len(trained)
