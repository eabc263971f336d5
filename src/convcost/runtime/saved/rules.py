"""What a runtime keeps of one layer for its gradient."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcost.network.dims import Dim
    from convcost.network.network import Layer
    from convcost.network.op import Call, Op


@dataclass(frozen=True, slots=True)
class Saved:
    """What is kept of one layer. Parameters and statistics are stored anyway and do not count.

    Attributes:
        inputs: places of the inputs whose memory is kept.
        outputs: places of the results whose memory is kept.
        own: bytes of what the layer makes for its gradient alone: masks, indices, statistics.
        exact: False where the rule is an upper estimate.
        why: why it is not even that: something that is kept is not known.
    """

    inputs: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()
    own: Dim = 0
    exact: bool = True
    why: str | None = None


#: From a layer and what its op is applied to; only asked where a gradient is computed.
Rule: TypeAlias = "Callable[[Layer, Call], Saved]"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRules:
    """The behaviour of a runtime.

    Attributes:
        table: a rule per kind of op.
        otherwise: the rule of all others.
        scratch: bytes that kinds of ops make for a moment besides their results where no gradient
            is computed.
        exact: False where all rules are upper estimates.
        source: where the behaviour was seen.
    """

    table: Mapping[type[Op], Rule]
    otherwise: Rule
    exact: bool
    source: str
    scratch: Mapping[type[Op], Callable[[Layer, Call], Dim]] = field(default_factory=dict)

    def of(self, layer: Layer, call: Call) -> Saved:
        """What is kept of a layer; nothing where no gradient is computed or no data touched."""
        op = layer.op
        computes = call.wanted_inputs or call.trained
        if not computes or not op.touches_data(call) or not op.differentiable(call):
            return Saved()
        return self.table.get(type(op), self.otherwise)(layer, call)

    def scratch_of(self, layer: Layer, call: Call) -> Dim:
        """Bytes that a layer makes besides its results where no gradient is computed."""
        rule = self.scratch.get(type(layer.op))
        return 0 if rule is None else rule(layer, call)


def input_only(layer: Layer, call: Call) -> Saved:
    """The first input."""
    del layer, call
    return Saved(inputs=(0,))


def nothing(layer: Layer, call: Call) -> Saved:
    """Sums and copies: the gradient needs sizes alone."""
    del layer, call
    return Saved()
