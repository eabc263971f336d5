"""From a model's messages to its network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.collector import without_collecting
from convcost.errors import LimitError, NetworkError
from convcost.network.builder import BATCH
from convcost.network.dataclass import replace
from convcost.network.evaluation import substitute
from convcost.network.network import Note
from convcost.ops.input import Input
from convcost.read.onnx.assemble import assemble
from convcost.read.onnx.building import Building
from convcost.read.onnx.inputs import input_shapes
from convcost.read.onnx.scope import Scope
from convcost.read.onnx.values import Value
from convcost.read.shared_axes import AxisNames

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.dims import Dim
    from convcost.network.network import Network
    from convcost.read.onnx.file.messages import Graph, Model, ValueInfo
    from convcost.read.reader import Options

#: From this version of the format on an initializer need not be a graph input; below it every one
#: has to be, and runtimes take it for a constant nevertheless.
_INPUTS_ARE_APART = 4


def network_of_model(model: Model, name: str, options: Options) -> Network:
    """The network that a file holds.

    Args:
        model: what is in the file.
        name: of the network.
        options: what the user says about its inputs. A batch that the file states as a number is
            read as N where the graph allows it; else the whole counts as one sample, and a note
            says so.

    Raises:
        SourceError: a value is missing, nodes wait for each other, or sizes nest too deeply.
        UsageError: the inputs given do not fit.
    """
    try:
        with without_collecting():
            return _network(model, name, options)
    except RecursionError:
        raise LimitError(
            f"{name}: the formulas of its sizes nest too deeply",
            hint="state the sizes: convcost count FILE --input 1,3,224,224",
        ) from None


def _network(model: Model, name: str, options: Options) -> Network:
    read = _Read(model, options, lift=True)
    literal = read.building.sizes.literal
    if literal is None:
        return read.network(name)
    misfit = read.misfit(literal)
    failed = read.building.failed
    if misfit or failed:
        fixed = _Read(model, options, lift=False)
        if misfit or len(fixed.building.failed) < len(failed):
            why = misfit or next(f"{layer}: {text}" for layer, text in failed.items()
                                 if layer not in fixed.building.failed)  # fmt: skip
            text = f"its batch of {literal} cannot be read as N, the whole is one sample: {why}"
            return fixed.network(name, Note("assumed", text))
    return read.network(name)


class _Read:
    """One attempt: with the stated batch as N, or as the number that it is."""

    def __init__(self, model: Model, options: Options, *, lift: bool) -> None:
        graph = model.graph
        self.model = model
        infos = real_inputs(graph)
        shapes, axes, sizes = input_shapes(infos, options, lift=lift)
        self.scope = Scope(model.opsets)
        self.building = Building(model, sizes, self.scope)
        overridable = model.ir_version >= _INPUTS_ARE_APART
        self.building.initializers(graph, self.scope, overridable=overridable)
        for info, shape, axis in zip(infos, shapes, axes, strict=True):
            self._input(info, shape, axis)
        self.building.run(graph.nodes, self.scope, f"graph '{graph.name}'")

    def _input(self, info: ValueInfo, shape: tuple[Dim, ...] | None, axis: int | None) -> None:
        names: list[str | None] = [None] * len(shape or ())
        if axis is not None:
            names[axis] = "batch"
        value = Value(info.name, shape, info.dtype or "float32", AxisNames(names))
        self.scope.values[info.name] = value
        if shape is not None:
            self.building.add_input(value, lambda out: Input(out[0]))

    def outputs(self) -> list[Value]:
        """What the network returns, as far as its shape is known."""
        found = (self.scope.find(info.name) for info in self.model.graph.outputs)
        return [value for value in found if value is not None and value.shape is not None]

    def misfit(self, literal: int) -> str:
        """Where an output is not as declared for the batch that the file states."""
        for info in self.model.graph.outputs:
            value = self.scope.find(info.name)
            if value is None or value.shape is None or info.dims is None:
                continue
            bound = [substitute(size, {str(BATCH): literal}) for size in value.shape]
            if not _fits(bound, info.dims):
                stated = tuple("?" if size is None else size for size in info.dims)
                return f"the output '{info.name}' is {stated}, not {tuple(bound)}"
        return ""

    def network(self, name: str, *notes: Note) -> Network:
        """The network."""
        building = self.building
        returned = []
        for value in self.outputs():
            try:
                found = building.readable(value)
            except NetworkError:
                continue
            if found.ref is not None and not value.is_empty:
                returned.append(found.ref)
        network = assemble(building, name, tuple(returned))
        return replace(network, notes=(*notes, *self._assumed(), *network.notes))

    def _assumed(self) -> tuple[Note, ...]:
        names = self.building.assumed
        if not names:
            return ()
        shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        literal = self.building.sizes.literal
        return (Note("assumed", f"the batch of {literal} that {shown} state(s) is read as N"),)


def real_inputs(graph: Graph) -> list[ValueInfo]:
    """The graph's inputs that are no initializers."""
    return [info for info in graph.inputs if info.name not in graph.initializers]


def _fits(sizes: Sequence[Dim], dims: Sequence[int | str | None]) -> bool:
    """Whether a shape is the declared one, as far as both are numbers."""
    if len(sizes) != len(dims):
        return False
    pairs = zip(sizes, dims, strict=True)
    return all(a == b for a, b in pairs if isinstance(a, int) and isinstance(b, int) and b)
