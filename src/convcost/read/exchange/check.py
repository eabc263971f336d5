"""Whether what a file states can be: the ops' own rules decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from convcost.errors import NetworkError
from convcost.network.builder import SENSELESS, applied, senseless
from convcost.network.dims import Dim, Expr
from convcost.network.evaluation import Evaluation
from convcost.network.network import Layer, Network, check_sizes
from convcost.network.op import Call, Op
from convcost.network.parameter import Parameter
from convcost.network.tensor import Tensor
from convcost.read.exchange.misfit import Misfit, expected, step
from convcost.read.limits import MAX_NAME, MAX_OUTPUTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from convcost.network.network import Ref

_Rules: TypeAlias = tuple[tuple[Tensor, ...], tuple[Dim, ...]]

#: Two numbers for the open sizes that formulas are compared at; consecutive sizes differ.
_TRIALS = (61, 1_024)


def checked(network: Network, open_: Collection[str]) -> Network:
    """The network, if it can be run in this order and has the sizes that it states.

    Raises:
        Misfit: it cannot; the path says which row is wrong.
    """
    check = _Check(network, open_)
    for place, layer in enumerate(network.layers):
        with step("layers", place):
            check.layer(layer)
    for place, ref in enumerate(network.outputs):
        with step("outputs", place):
            check.tensor(ref)
    for place, module in enumerate(network.modules):
        for number, id_ in enumerate(module.parameters):
            if id_ not in network.table:
                raise _unknown(id_).at(number).at("parameters").at(place).at("modules")
    return network


def check_unique(names: Iterable[str], key: str, field: str) -> None:
    """Refuse rows of one name, and names beyond the limit.

    Raises:
        Misfit: the path says which row is wrong.
    """
    seen: set[str] = set()
    for place, name in enumerate(names):
        if len(name) > MAX_NAME:
            raise Misfit(f"a name has more than {MAX_NAME:,} letters").at(field).at(place).at(key)
        if name in seen:
            raise Misfit(f"{name!r:.80} is there before").at(field).at(place).at(key)
        seen.add(name)


class _Check:
    """Goes through the layers in order."""

    def __init__(self, network: Network, open_: Collection[str]) -> None:
        self._table = network.table
        self._before: dict[str, Layer] = {}
        self._worked_out: dict[tuple[Op, tuple[Tensor, ...]], _Rules] = {}
        self._trials = [
            Evaluation({name: trial + place for place, name in enumerate(sorted(open_))})
            for trial in _TRIALS
        ]

    def tensor(self, ref: Ref) -> Tensor:
        """What a reference stands for.

        Raises:
            Misfit: there is no such output of a layer before.
        """
        layer = self._before.get(ref.layer)
        if layer is None or ref.output >= len(layer.outputs):
            raise expected("an output of a layer before", f"{ref.layer}, {ref.output}")
        return layer.outputs[ref.output]

    def layer(self, layer: Layer) -> None:
        """Its inputs, shapes and parameters.

        Raises:
            Misfit: they do not fit its op.
        """
        inputs = []
        for place, ref in enumerate(layer.inputs):
            with step("inputs", place):
                inputs.append(self.tensor(ref))
        with step("op"):
            outputs, elements = self._rules(layer.op, tuple(inputs))
        with step("outputs"):
            check_sizes(layer)
            self._check_outputs(layer.outputs, outputs)
        with step("parameters"):
            self._check_parameters(layer.parameters, elements)
        if layer.shared_with is not None and layer.shared_with not in self._before:
            raise expected("the name of a layer before", layer.shared_with).at("shared_with")
        self._before[layer.name] = layer

    def _rules(self, op: Op, inputs: tuple[Tensor, ...]) -> _Rules:
        """What the op makes of its inputs, and the elements of the parameters that it needs.

        Networks repeat themselves: equal calls are worked out once.
        """
        found = self._worked_out.get((op, inputs))
        if found is None:
            outputs, weights = applied(op, inputs)
            table = tuple(Parameter(w.name, w.shape, learned=w.learned) for w in weights)
            try:
                op.cost("forward", Call(inputs, outputs, table))
            except SENSELESS as error:
                raise senseless(error) from None
            found = outputs, tuple(parameter.elements for parameter in table)
            self._worked_out[op, inputs] = found
        return found

    def _check_outputs(self, stated: tuple[Tensor, ...], derived: tuple[Tensor, ...]) -> None:
        if len(stated) != len(derived) or len(stated) > MAX_OUTPUTS:
            raise Misfit(f"expected {min(len(derived), MAX_OUTPUTS)} tensors, got {len(stated)}")
        for place, (a, b) in enumerate(zip(stated, derived, strict=True)):
            if len(a.axes) != len(b.axes) or not all(map(self._same, a.shape, b.shape)):
                raise Misfit(f"{a} is stated, but the op makes {b} of its inputs").at(place)

    def _check_parameters(self, ids: tuple[str, ...], weights: tuple[Dim, ...]) -> None:
        if len(ids) != len(weights):
            raise Misfit(f"expected {len(weights)} parameters, got {len(ids)}")
        for place, (id_, elements) in enumerate(zip(ids, weights, strict=True)):
            parameter = self._table.get(id_)
            if parameter is None:
                raise _unknown(id_).at(place)
            if not self._same(parameter.elements, elements):
                shape = parameter.shape
                raise Misfit(f"{id_!r:.80} has the shape {shape}; the op needs {elements}").at(
                    place
                )

    def _same(self, stated: Dim, derived: Dim) -> bool:
        """Whether sizes are equal; a named size stands for its formula."""
        if stated == derived:
            return True
        if not isinstance(stated, Expr) and not isinstance(derived, Expr):
            return False
        try:
            return all(trial(stated) == trial(derived) for trial in self._trials)
        except NetworkError:
            return False


def _unknown(id_: str) -> Misfit:
    return expected("the id of a parameter of the table", id_)
