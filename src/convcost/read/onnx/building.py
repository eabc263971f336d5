"""The network while it is built: node after node, values by their names."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dataclass import dataclass, field, replace
from convcost.network.network import Ref
from convcost.network.op import Op
from convcost.ops.constant import Constant
from convcost.ops.copy import Fill
from convcost.ops.unknown import Unknown
from convcost.ops.view import View
from convcost.read.limits import MAX_KNOWN_ELEMENTS, MAX_OUTPUTS
from convcost.read.onnx.arithmetic.folding import folded, loaded
from convcost.read.onnx.arithmetic.known import MISFITS
from convcost.read.onnx.arithmetic.scalars import Undecided
from convcost.read.onnx.file.messages import Reference
from convcost.read.onnx.order import ordered
from convcost.read.onnx.rules import rules
from convcost.read.onnx.scope import Draft, layer_name
from convcost.read.onnx.site import Site
from convcost.read.onnx.step import Step, Weight
from convcost.read.onnx.unkept import unkept
from convcost.read.onnx.values import Stored, StoredValues, Value
from convcost.read.shared_axes import AxisNames
from convcost.read.unique import unique

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcost.network.tensor import Tensor
    from convcost.read.onnx.arithmetic.known import Known
    from convcost.read.onnx.file.messages import Graph, Model, Node
    from convcost.read.onnx.inputs import OpenSizes
    from convcost.read.onnx.scope import Scope


@dataclass(slots=True, eq=False)
class Building:
    """The network as far as it is built.

    Attributes:
        model: what is read.
        sizes: symbols of open sizes.
        main: values of the main graph.
        drafts: layers in order.
        settings: ids of stored tensors that tell how, not what: shapes, scales, limits.
        assumed: layers that state the batch as a number where it is read as N.
        failed: why rules did not fit, by layer.
        written_out: nodes of functions and loops so far.
    """

    model: Model
    sizes: OpenSizes
    main: Scope
    drafts: list[Draft] = field(default_factory=list)
    settings: set[str] = field(default_factory=set)
    assumed: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    written_out: int = 0
    _taken: dict[str, int] = field(default_factory=dict)
    _whole: dict[str, Value] = field(default_factory=dict)
    _folded: dict[str, Known | None] = field(default_factory=dict)

    # ----- graphs

    def initializers(self, graph: Graph, scope: Scope, overridable: bool) -> None:
        """Make values of the tensors that a graph stores."""
        also = {value.name for value in graph.inputs} if overridable else set()
        for name, tensor in graph.initializers.items():
            stored = Stored(scope.prefix + name, tensor, "initializer", name in also)
            scope.values[name] = self.stored_value(name, stored)

    def stored_value(self, name: str, stored: Stored) -> Value:
        """A value for a stored tensor."""
        dims = stored.tensor.dims
        axes = AxisNames([None] * len(dims))
        return Value(name, dims, stored.tensor.dtype, axes, stored=stored, is_empty=0 in dims)

    def run(self, nodes: tuple[Node, ...], scope: Scope, where: str) -> None:
        """Make layers of nodes.

        Raises:
            SourceError: a value is missing, or nodes wait for each other.
        """
        scope.names = Counter([node.name for node in nodes])
        opsets = scope.opsets
        table = rules()
        functions = self.model.functions
        for node in ordered(nodes, scope.has, where):
            if scope.attributes is not None:
                node = _filled_in(node, scope.attributes)  # noqa: PLW2901 - the same one
            given = tuple([scope.find(name) if name else None for name in node.inputs])
            key = f"{node.domain}:{node.op_type}" if node.domain else node.op_type
            site = Site(self, scope, node, given, opsets.get(node.domain, 1))
            if not node.domain and folded(site):
                continue
            rule = table.get(key)
            if rule is None and (node.domain, node.op_type) in functions:
                rule = table["function"]
            self._add(site, rule)

    def _add(self, site: Site, rule: Any) -> None:
        why = f"no rule for the operator {site.node.op_type}"
        if rule is None and site.node.domain:
            why += f" of {site.node.domain}"
        first, lost = len(self.drafts), None
        try:
            made = None if rule is None else rule(site)
            lost = None if rule is None else unkept(site)
        except NetworkError as error:
            made, why = None, error.message
        except Undecided:
            made, why = None, "it depends on values that are computed at run time"
        except MISFITS as error:
            made, why = None, f"its inputs or attributes are not those of the operator: {error}"
        if made is None:
            self._unknown(site, why, broken=rule is not None)
            return
        if isinstance(made, Step):
            self.layer("", made, site.scope, site.node)
            made = (*made.results, *made.byproducts)
        for draft in self.drafts[first:] if lost else ():
            draft.unkept = lost if draft.inputs else None  # not the stored tensors that it reads
        outputs = made if isinstance(made, tuple) else (made,)
        values = site.scope.values
        for name, value in zip(site.node.outputs, outputs, strict=False):
            if name:
                values[name] = value
        for name in site.node.outputs[len(outputs) :]:
            if name:  # more outputs than the operator has
                values[name] = Value(name, None, "float32", AxisNames(()))

    # ----- values

    def known(self, value: Value, *, setting: bool = False) -> Known | None:
        """The elements of a value, where they are known; None for data.

        Args:
            value: of the graph.
            setting: whether it tells how: then stored fractions are looked at as well.
        """
        if value.known is not None:
            return value.known
        stored = value.stored
        if stored is None or stored.views or stored.elements > MAX_KNOWN_ELEMENTS:
            return None
        if stored.is_real and stored.is_parameter and not setting:
            return None
        self.settings.add(stored.id)
        if stored.id not in self._folded:
            self._folded[stored.id] = loaded(stored.tensor)
        return self._folded[stored.id]

    def readable(self, value: Value) -> Value:
        """The value as the output of a layer: a stored tensor becomes one.

        Raises:
            NetworkError: nothing is known of it.
        """
        if value.ref is not None:
            return value
        stored = value.stored
        if stored is None:
            if value.known is None:
                raise NetworkError(f"the value '{value.name}' is not known")
            numbers = value.known.array
            self._draft(value.name, lambda out: Constant(tensor=out[0], values=numbers), (),
                        (value,), idle=True)  # fmt: skip
            return value
        if stored.views:  # in the shape that it is read in: nothing is done at run time
            self._store(value.name, value, stored)
            return value
        whole = self._whole.setdefault(stored.id, value)
        if whole is value:
            self._store(stored.id, value, stored)
        else:
            value.ref, value.axes = whole.ref, whole.axes
        return value

    def _store(self, name: str, value: Value, stored: Stored) -> None:
        learned = stored.is_parameter
        weights = (Weight("value", value),) if learned else ()
        if stored.origin == "filled":
            self._draft(
                name, lambda out: Fill(function="constant", result=out[0], value=stored.number), (),
                (value,), idle=True,
            )  # fmt: skip
            return
        absent = learned or stored.tensor.load is None
        numbers = None if absent else StoredValues(stored, None)
        self._draft(name, lambda out: Constant(tensor=out[0], parameter=learned, values=numbers),
                    (), (value,), weights, idle=True)  # fmt: skip

    def parameter(self, value: Value) -> Value:
        """A stored tensor as data that is learned, whatever its dtype: a quantised weight."""
        stored = value.stored
        if stored is None or value.ref is not None or stored.id in self._whole or stored.views:
            return value
        self._whole[stored.id] = value
        self._draft(stored.id, lambda out: Constant(tensor=out[0], parameter=True), (),
                    (value,), (Weight("value", value),), idle=True)  # fmt: skip
        return value

    def declared(self, name: str) -> tuple[Any, str] | None:
        """The shape and dtype that the file states of a value; None where it does not."""
        info = self.model.graph.value_info.get(name)
        shape = self.sizes.declared(info)
        if info is None or shape is None or 0 in shape:
            return None
        return shape, info.dtype or "float32"

    # ----- layers

    def layer(self, what: str, step: Step, scope: Scope, node: Node) -> None:
        """Add a layer, unless nothing is computed.

        Args:
            what: it does for a node that has another layer as well; empty for the node itself.
            step: the layer.
            scope: of the node.
            node: whom it belongs to.
        """
        results = step.results
        if any([result.is_empty for result in results]):  # noqa: C419 - a list is faster here
            results = tuple([result for result in results if not result.is_empty])
            if not results:
                return
        inputs = tuple([value if value.ref is not None else self.readable(value)
                        for value in step.inputs if not value.is_empty])  # fmt: skip
        name = layer_name(node, scope) + (f".{what}" if what else "")
        idle = what == "view" or step.idle
        op: Any = step.op
        if len(inputs) < len(step.inputs) and (not isinstance(op, Op) or len(inputs) < op.arity[0]):
            op = lambda out: Fill(function="constant", result=out[0])  # noqa: E731 - of nothing
        self._draft(name, op, inputs, results, step.weights, idle=idle)
        for byproduct in step.byproducts:
            # not computed by the op's rule: it comes along with the first result
            if byproduct.name and not byproduct.is_empty:
                self._draft(f"{name}.byproduct", View, results[:1], (byproduct,), idle=True)

    def _unknown(self, site: Site, why: str, *, broken: bool) -> None:
        """A layer whose cost is not known; its results as far as the file declares them."""
        node, scope = site.node, site.scope
        if broken:
            self.failed[layer_name(node, scope)] = why
        results = []
        for name in node.outputs[:MAX_OUTPUTS]:
            if name:
                shape, dtype = self.declared(name) or (None, "float32")
                value = Value(name, shape, dtype, AxisNames([None] * len(shape or ())))
                scope.values[name] = value
                results.append(value)
        given = [value for value in site.given if value is not None]
        learned = [v for v in dict.fromkeys(given) if v.stored is not None and v.stored.is_real
                   and v.stored.is_parameter and v.ref is None]  # fmt: skip
        weights = tuple(Weight("parameters", value) for value in learned)
        numbers = sum(value.stored.elements for value in learned if value.stored is not None)
        kind = node.op_type
        op = lambda out: Unknown(name=kind, results=out, parameters=numbers, why=why)  # noqa: E731
        inputs = tuple(
            value for value in given if value.ref is not None and value.shape is not None
        )
        known = tuple(value for value in results if value.shape is not None)
        self._draft(layer_name(node, scope), op, inputs, known, weights)

    def _draft(
        self, name: str, op: Any, inputs: tuple[Value, ...], results: tuple[Value, ...],
        weights: tuple[Weight, ...] = (), *, idle: bool = False,
    ) -> None:  # fmt: skip
        name = unique(name, self._taken)
        for number, result in enumerate(results):
            result.ref = Ref(name, number)
        self.drafts.append(Draft(name, op, inputs, results, weights, idle))

    def add_input(self, value: Value, make: Callable[[tuple[Tensor, ...]], Op]) -> None:
        """One of the network's inputs."""
        self._draft(value.name, make, (), (value,))


def _filled_in(node: Node, attributes: Mapping[str, Any]) -> Node:
    """A function's node with the attributes of its caller."""
    if not any(isinstance(value, Reference) for value in node.attributes.values()):
        return node
    found = {}
    for name, value in node.attributes.items():
        if not isinstance(value, Reference):
            found[name] = value
        elif value.name in attributes:
            found[name] = attributes[value.name]
    return replace(node, attributes=found)
