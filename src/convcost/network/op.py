"""The contract of an op: attributes, shape rule, parameters, cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias, cast

from convcost.errors import NetworkError
from convcost.network.backward import backward_data, backward_weights
from convcost.network.cost import Cost
from convcost.network.dataclass import dataclass, fields
from convcost.network.once import once

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcost.network.dims import Dim
    from convcost.network.equation import Equation
    from convcost.network.parameter import Parameter, Weight
    from convcost.network.tensor import Tensor

Mode: TypeAlias = Literal["inference", "training"]
Phase: TypeAlias = Literal["forward", "backward_data", "backward_weights"]


@dataclass(frozen=True)
class Call:
    """What an op is applied to: one layer's tensors and parameters, and the mode of the pass.

    Attributes:
        inputs: operands but the parameters.
        outputs: results.
        parameters: the parameters and statistics used, in the order of the op's weights.
        mode: how the forward pass behaves.
        wanted: for each input, whether something before it waits for its gradient; None: for all.
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    parameters: tuple[Parameter, ...] = ()
    mode: Mode = "inference"
    wanted: tuple[bool, ...] | None = None

    def wants(self, place: int) -> bool:
        """Whether an input's gradient is wanted; whole numbers have none."""
        return self.inputs[place].floating and (self.wanted is None or self.wanted[place])

    @property
    def wanted_inputs(self) -> tuple[Tensor, ...]:
        """The inputs whose gradient is wanted."""
        return tuple(tensor for place, tensor in enumerate(self.inputs) if self.wants(place))

    @property
    def trained(self) -> tuple[Parameter, ...]:
        """The parameters whose gradient is wanted: those not frozen."""
        return tuple(parameter for parameter in self.parameters if parameter.trainable)

    def trains(self, place: int) -> bool:
        """Whether the gradient of a parameter is wanted; -1 is the last one."""
        return bool(self.parameters) and self.parameters[place].trainable

    def equations_of(self, op: Op) -> tuple[Equation, ...]:
        """The equations of the op that is applied, worked out once."""
        found = vars(self).get("_equations")
        if found is None or found[0] is not op:
            found = vars(self)["_equations"] = op, op.equations(self)
        return cast("tuple[Equation, ...]", found[1])

    def cost_of(self, op: Op) -> Cost | None:
        """The cost of the op's forward pass, worked out once."""
        found = vars(self).get("_cost")
        if found is None or found[0] is not op:
            found = vars(self)["_cost"] = op, op.cost("forward", self)
        return cast("Cost | None", found[1])

    @once
    def output_elements(self) -> Dim:
        """Elements of all results."""
        return sum([tensor.elements for tensor in self.outputs])

    @once
    def input_bytes(self) -> Dim:
        """Bytes of all operands but the parameters."""
        return sum([tensor.bytes for tensor in self.inputs])

    @once
    def output_bytes(self) -> Dim:
        """Bytes of all results."""
        return sum([tensor.bytes for tensor in self.outputs])

    @once
    def weight_bytes(self) -> Dim:
        """Bytes of the parameters and statistics used."""
        return sum([parameter.bytes for parameter in self.parameters])


@dataclass(frozen=True, slots=True)
class Condition:
    """What has to hold for an op to be possible, stated as a size that is at least one.

    Attributes:
        size: symbolic until the network is bound; a divisibility is ``1 - remainder``.
        otherwise: what is wrong where it is smaller.
    """

    size: Dim
    otherwise: str


def require(conditions: Iterable[Condition]) -> None:
    """Check conditions in order; one that still holds symbols passes.

    Raises:
        NetworkError: one does not hold.
    """
    for condition in conditions:
        if isinstance(condition.size, int) and condition.size < 1:
            raise NetworkError(condition.otherwise)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gradient:
    """What the backward pass of an op does besides its products with operands swapped.

    Those products, and the operands that they read, follow from the op's equations.

    Attributes:
        through: element-wise operations on the result's gradient before anything else is done with
            it, such as the derivative of a fused activation.
        through_reads: bytes of tensors read for these.
        data: element-wise operations of the gradient of the inputs.
        weights: those of the gradient of the learned parameters that are not frozen, such as the
            sum for a bias.
        data_reads: bytes of tensors read for the gradient of the inputs, besides the result's
            gradient.
        data_weight_reads: bytes of parameters and statistics read for it.
        weights_reads: bytes of tensors read for the gradient of the parameters, besides the
            result's gradient.
    """

    through: Dim = 0
    through_reads: Dim = 0
    data: Dim = 0
    weights: Dim = 0
    data_reads: Dim = 0
    data_weight_reads: Dim = 0
    weights_reads: Dim = 0

    def __add__(self, other: Gradient) -> Gradient:
        return Gradient(
            **{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)}
        )


class Op:
    """What a layer does. Subclasses are frozen dataclasses whose fields are the attributes.

    An op file states five things: `outputs`, `weights`, `equations` (its matrix products as loop
    nests), `elementwise` (its rule for everything else) and `gradient` (the same of the backward
    pass). MACs and bytes follow from these.
    """

    kind: ClassVar[str]
    #: Fewest and most inputs; None for no limit.
    arity: ClassVar[tuple[int, int | None]] = (1, 1)
    __slots__ = ()

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The tensors that the op computes.

        Raises:
            NetworkError: the inputs do not fit the attributes.
        """
        raise NotImplementedError  # every op has its own

    def conditions(self, *inputs: Tensor) -> Iterable[Condition]:  # noqa: ARG002 - most have none
        """What the attributes and inputs have to fulfil besides outputs of at least one.

        `outputs` requires them of numbers; a network requires them when its symbols are bound.
        """
        return ()

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:  # noqa: ARG002 - most ops have none
        """The parameters that the op needs for these inputs."""
        return ()

    def equations(self, call: Call) -> tuple[Equation, ...]:  # noqa: ARG002 - most ops have none
        """The convolutions and matrix products that the op computes."""
        return ()

    def padding_macs(self, call: Call) -> int | None:  # noqa: ARG002 - most ops pad nothing
        """The part of the MACs that multiplies padding zeros; None while sizes are symbolic."""
        return 0

    def elementwise(self, call: Call) -> Dim:  # noqa: ARG002 - most reshaping ops compute nothing
        """Operations that are not MACs, by the rule that the op's docstring states."""
        return 0

    def touches_data(self, call: Call) -> bool:  # noqa: ARG002 - true of nearly all
        """False where the result is a view of the input: nothing is read or written."""
        return True

    def differentiable(self, call: Call) -> bool:
        """Whether gradients pass from the results to the inputs: not from whole numbers."""
        return any(tensor.floating for tensor in call.outputs)

    def gradient(self, call: Call) -> Gradient | None:  # noqa: ARG002 - none is the default
        """Element-wise work and operands of the backward pass; None where no rule is known."""
        return None

    def cost(self, phase: Phase, call: Call) -> Cost | None:
        """The exact cost of a call; None where no rule is known.

        Bytes are the compulsory traffic: operands read once, results written once. In the backward
        phases the operands are the result's gradient, the other operands of each product, and what
        `gradient` says; the results are the gradients that are wanted. What an op makes on its way
        belongs to the runtime.
        """
        if not self.touches_data(call):
            return Cost()
        if phase == "forward":
            weight_bytes = call.weight_bytes
            return Cost(
                macs=sum([equation.macs for equation in call.equations_of(self)]),
                elementwise=self.elementwise(call),
                read_bytes=call.input_bytes + weight_bytes,
                write_bytes=call.output_bytes,
                weight_bytes=weight_bytes,
            )
        if not (call.wanted_inputs or call.trained) or not self.differentiable(call):
            return Cost()
        gradient = self.gradient(call)
        if gradient is None:
            return None
        backward = backward_data if phase == "backward_data" else backward_weights
        return backward(call, call.equations_of(self), gradient)
