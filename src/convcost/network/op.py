"""The contract of an op: attributes, shape rule, parameters, cost."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from convcost.errors import NetworkError
from convcost.network.cost import Cost

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcost.network.dims import Dim
    from convcost.network.equation import Equation
    from convcost.network.parameter import Parameter, Weight
    from convcost.network.tensor import Tensor

Mode: TypeAlias = Literal["inference", "training"]
Phase: TypeAlias = Literal["forward"]


@dataclass(frozen=True, slots=True)
class Call:
    """What an op is applied to: one layer's tensors and parameters, and the mode of the pass."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    parameters: tuple[Parameter, ...] = ()
    mode: Mode = "inference"

    @property
    def output_elements(self) -> Dim:
        """Elements of all results."""
        return sum((tensor.elements for tensor in self.outputs), start=0)

    @property
    def input_bytes(self) -> Dim:
        """Bytes of all operands but the parameters."""
        return sum((tensor.bytes for tensor in self.inputs), start=0)

    @property
    def output_bytes(self) -> Dim:
        """Bytes of all results."""
        return sum((tensor.bytes for tensor in self.outputs), start=0)

    @property
    def weight_bytes(self) -> Dim:
        """Bytes of the parameters and statistics used."""
        return sum((parameter.bytes for parameter in self.parameters), start=0)


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


class Op(ABC):
    """What a layer does. Subclasses are frozen dataclasses whose fields are the attributes.

    An op file states four things: `outputs`, `weights`, `equations` (its matrix products as loop
    nests) and `elementwise` (its rule for everything else). MACs and bytes follow from these.
    """

    kind: ClassVar[str]
    #: Fewest and most inputs; None for no limit.
    arity: ClassVar[tuple[int, int | None]] = (1, 1)
    __slots__ = ()

    @abstractmethod
    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The tensors that the op computes.

        Raises:
            NetworkError: the inputs do not fit the attributes.
        """

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

    def cost(self, phase: Phase, call: Call) -> Cost | None:  # noqa: ARG002 - one phase so far
        """The exact cost of a call; None where no rule is known.

        Bytes are the compulsory traffic: operands read once, results written once.
        """
        if not self.touches_data(call):
            return Cost()
        return Cost(
            macs=sum((equation.macs for equation in self.equations(call)), start=0),
            elementwise=self.elementwise(call),
            read_bytes=call.input_bytes + call.weight_bytes,
            write_bytes=call.output_bytes,
            weight_bytes=call.weight_bytes,
        )
