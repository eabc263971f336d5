"""Pasted Keras summaries as networks: rows, repaired and solved, become layers.

A summary prints names, classes, output shapes and parameters. Kernels, strides, padding and biases
are solved from these, with code beside the table where there is some; every inference is a note.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.builder import BATCH, Builder
from convcost.network.network import Network, Note, Ref
from convcost.network.tensor import Axis, Tensor
from convcost.ops.input import Input
from convcost.ops.unknown import Unknown
from convcost.read.axis_names import axis_names
from convcost.read.keras.classes import MERGES, MODELS, SAME_SHAPE
from convcost.read.keras.names import class_of
from convcost.read.keras.network.structure import Structure, function_of, kind_of
from convcost.read.keras.network.training import training_notes
from convcost.read.keras.signatures import SIGNATURES
from convcost.read.keras.solve import totals
from convcost.read.keras.solve.activations import activations
from convcost.read.keras.solve.agree import misfit
from convcost.read.keras.solve.by_code import by_code
from convcost.read.keras.solve.items import Item, items_of
from convcost.read.keras.solve.lost import FreeSizes, lost_layers
from convcost.read.keras.solve.order import is_channels_first, order_note
from convcost.read.keras.solve.repair import repair
from convcost.read.keras.solve.rules import rules
from convcost.read.keras.solve.site import Site
from convcost.read.keras.solve.wiring import wire

if TYPE_CHECKING:
    from convcost.network.op import Op
    from convcost.read.keras.config import LayerConfig, ModelConfig
    from convcost.read.keras.summary.table import Table

#: Layers whose input, where it is not in the text, has the shape of their output.
_ANY_INPUT = (SAME_SHAPE - MERGES) | {"Flatten"}


def network_of(table: Table, name: str, code: ModelConfig | None = None) -> Network:
    """The network that a table describes.

    Args:
        table: rows and totals as printed.
        name: for people.
        code: the code that built it, where the text holds it.

    A row that has no rule, or whose numbers fit nothing, becomes an unknown layer with its printed
    shape and parameters; a contradiction is a note.
    """
    return _Reading(table, name, code).network()


def matches(table: Table, code: ModelConfig) -> bool:
    """Whether a table is the summary of some code: the same classes in the same order."""
    return _classes_of_code(code) == [item.class_name for item in _layers(items_of(table))]


class _Reading:
    def __init__(self, table: Table, name: str, code: ModelConfig | None) -> None:
        table, found = totals.filled(table)
        self.table = table
        self.builder = Builder(name, framework="keras")
        self.notes = [Note("repaired", note.text, None, note.line) for note in table.notes]
        self.notes += found
        self.items = items_of(table)
        if code is not None:
            self.notes += training_notes(code.training)
            for item, layer in zip(_layers(self.items), _code_layers(code), strict=True):
                item.config = layer.config
        self.channels_first = is_channels_first(self.items)
        self.notes += wire(self.items, channels_first=self.channels_first)
        if code is None:
            self.notes += order_note(self.items)
        self.notes += repair(self.items, channels_first=self.channels_first)
        self.lost = lost_layers(self.items)
        self.free = FreeSizes()
        self.functions, assumed = activations(self.items)
        self.notes += assumed
        self.refs: dict[str, Ref] = {}
        self.structure = Structure(kind_of(code.class_name, code.custom) if code else "")

    def network(self) -> Network:
        for item in self.items:
            self._add(item)
            self._place(item)
        network = self.builder.build()
        notes, missing = totals.check(self.table, network, begins_late=self._begins_late())
        self.notes += notes
        network = self.builder.build(network.outputs, notes=self.notes, missing=missing)
        return self.structure.given_to(network)

    def _place(self, item: Item) -> None:
        """Note down the class of a layer, and the printed models that it is in."""
        path = ""
        for row in item.within:
            kind = kind_of(class_of(row.kind, row.name) or row.kind, None)
            path = self.structure.part(path, row.name, kind)
        function = function_of(
            item.class_name or item.row.kind, known=item.class_name in SIGNATURES
        )
        self.structure.called(item.name, function, path, 0)

    def _add(self, item: Item) -> None:
        if item.class_name == "InputLayer":
            tensor = self._printed(item)
            self.refs[item.name] = self.builder.add(
                Input(tensor), name=item.name, line=item.row.line
            )
            return
        for name in item.inputs:
            if name not in self.refs and name in self.lost:
                self._add_lost(name, item)
        inputs = [self.refs[name] for name in item.inputs if name in self.refs]
        shaped = all(self.builder.tensor(ref).axes for ref in inputs)
        whole = len(inputs) == len(item.inputs) and shaped
        site = Site(
            item,
            tuple(self.builder.tensor(ref) for ref in inputs) if whole else (),
            self.functions.get(item.name, "linear"),
            self.channels_first,
        )
        rule = rules().get(item.class_name or "")
        why = _without_rule(item)
        try:
            op = by_code(site) if rule is None else rule(site)
        except NetworkError as error:
            op, why = None, error.message
        if op is not None:
            inputs, op, why = self._checked(site, op, inputs if whole else [], why)
        if op is None:
            # what the text lacks is no contradiction
            known = whole and item.shape
            if known and rule is not None and item.row.parameters is not None:
                self.notes.append(Note("contradiction", why, item.name, item.row.line))
            op = self._unknown(item, why)
        else:
            self.notes += site.notes
        try:
            self.refs[item.name] = self._call(item, op, inputs, shared_with=item.call_of)
        except NetworkError as error:
            # a later call whose weights cannot be those of the first one
            op = self._unknown(item, error.message, parameters=0)
            self.refs[item.name] = self._call(item, op, inputs)

    def _call(
        self, item: Item, op: Op, inputs: list[Ref], *, shared_with: str | None = None
    ) -> Ref:
        return self.builder.add(
            op,
            *inputs,
            name=item.name,
            shared_with=shared_with,
            trainable=item.row.trainable is not False,
            line=item.row.line,
        )

    def _checked(
        self, site: Site, op: Op, inputs: list[Ref], why: str
    ) -> tuple[list[Ref], Op | None, str]:
        """The op with its inputs, if its own rules give what the row prints."""
        item = site.item
        if not inputs:
            tensor = None if site.input is None else self.free.fresh(site.input)
            if tensor is None and item.class_name in _ANY_INPUT:
                tensor = self._printed(item)
            if tensor is None:
                return [], None, "the layer before it is not in the text"
            inputs = [self._external(item, tensor)]
        tensors = [self.builder.tensor(ref) for ref in inputs]
        wrong = misfit(op, tensors, item.shape, item.row.parameters)
        return inputs, None if wrong else op, wrong or why

    def _external(self, item: Item, tensor: Tensor) -> Ref:
        """The tensor that the first layer, or one behind a lost row, was given."""
        lost = next((name for name in item.inputs if name not in self.refs), None)
        name = lost or f"{item.name}_input"
        if any(other.name == name for other in self.items):
            # a row's name: it stands further below, or it is this very row
            name = f"{item.name} (input)"
        if name in self.refs:
            return self.refs[name]
        axes = (Axis("batch", BATCH), *tensor.axes[1:])
        self.refs[name] = self.builder.add(Input(Tensor(axes, tensor.dtype)), name=name)
        return self.refs[name]

    def _add_lost(self, name: str, item: Item) -> None:
        """A tensor of a layer that is not in the text: of the shape of another one beside it."""
        beside = [self.refs[other] for other in item.inputs if other in self.refs]
        shown = self.lost[name]
        if beside and item.class_name in MERGES:
            tensor = self.builder.tensor(beside[0])
        else:
            tensor = self._printed(shown)
        self.refs[name] = self.builder.add(Input(tensor), name=name)
        text = f"{name} is not in the text; taken to have the shape of {shown.name}"
        self.notes.append(Note("assumed", text, item.name, item.row.line))

    def _begins_late(self) -> bool:
        """Whether layers before the first row are known to be missing."""
        there = {item.name for item in self.items}
        connected = any(item.row.inputs for item in self.items)
        return connected and any(name not in there for item in self.items for name in item.inputs)

    def _printed(self, item: Item) -> Tensor:
        """The printed shape; what is not a number becomes a symbol."""
        names = axis_names(item.rank, channels_first=self.channels_first)
        axes = [Axis("batch", BATCH)]
        for position, (name, size) in enumerate(zip(names, item.shape, strict=True)):
            if position:
                axis = str(name or f"axis_{position}")
                inputs = item.class_name == "InputLayer"
                free = self.free.of_input(axis) if inputs else self.free.new(axis)
                axes.append(Axis(name, size if isinstance(size, int) else free))
        return Tensor(tuple(axes[: item.rank]))

    def _unknown(self, item: Item, why: str, *, parameters: int | None = None) -> Op:
        return Unknown(
            name=item.class_name or item.row.kind or "?",
            results=(self._printed(item),),
            parameters=item.row.parameters if parameters is None else parameters,
            why=why,
        )


def _without_rule(item: Item) -> str:
    if item.class_name in MODELS:
        return f"the layers inside {item.row.name} are not printed (summary(expand_nested=True))"
    return f"there is no rule for {item.class_name or 'a layer whose class is lost'}"


def _layers(items: list[Item]) -> list[Item]:
    return [item for item in items if item.class_name != "InputLayer"]


def _code_layers(code: ModelConfig) -> list[LayerConfig]:
    return [layer for layer in code.layers if layer.class_name != "InputLayer"]


def _classes_of_code(code: ModelConfig) -> list[str | None]:
    return [layer.class_name for layer in _code_layers(code)]
