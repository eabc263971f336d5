"""Printouts of PyTorch models as networks.

A printout shows modules in the order in which they ran, not what each was given. Every row is taken
to follow the one before it unless its numbers contradict that; then its input is looked for among
what the printout shows, or solved, and a note says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from convcost.errors import NetworkError
from convcost.network.builder import Builder
from convcost.network.dataclass import replace
from convcost.network.dims import product, summed
from convcost.network.network import Network, Note, Ref
from convcost.ops.input import Input
from convcost.ops.reshape import Flatten, Reshape
from convcost.ops.unknown import Unknown
from convcost.read.torch.tables.calls import Calls
from convcost.read.torch.tables.check import check
from convcost.read.torch.tables.inputs import Inputs, Value, describe
from convcost.read.torch.tables.layout import Shapes, Step, steps
from convcost.read.torch.tables.names import CONTAINERS
from convcost.read.torch.tables.rules import rules
from convcost.read.torch.tables.site import TorchSite

if TYPE_CHECKING:
    from convcost.network.op import Op
    from convcost.network.tensor import Tensor
    from convcost.read.torch.tables.table import TorchRow, TorchTable


def network_of(table: TorchTable, name: str) -> Network | None:
    """The network that a printout describes; None where it shows no module that computes.

    A row that has no rule, or whose numbers fit nothing, becomes an unknown layer with its printed
    shape and parameters.
    """
    return _Reading(table, name).network()


class _Fit(NamedTuple):
    """How a row may be read: an op on a value, with what that costs in likelihood."""

    cost: float
    op: Op
    value: Value
    site: TorchSite


class _Reading:
    def __init__(self, table: TorchTable, name: str) -> None:
        self.table = table
        self.builder = Builder(name, framework="torch")
        self.shapes = Shapes(table)
        self.steps = steps(table, rules().keys())
        self.inputs = Inputs(table, self.shapes)
        self.notes = [Note("repaired", text, None, line) for line, text in table.notes]
        self.calls = Calls()
        self.read: list[tuple[Step, Op, Tensor]] = []
        self.containers: list[str] = []

    def network(self) -> Network | None:
        self._add_all()
        if not any(step.role == "layer" for step in self.steps) and not self.read:
            return None
        network = self.builder.build()
        notes, missing = check(self.table, network, self.read, self.shapes)
        notes = [*self._assumptions(network), *self.notes, *notes]
        return self.builder.build(network.outputs, notes=notes, missing=missing)

    def _add_all(self) -> None:
        for step in self.steps:
            if step.role == "open":
                self._own_parameters(step)
                self.inputs.open(step)
            elif step.role == "close":
                self.inputs.close(step)
                if not self.table.tree:
                    self.containers.append(step.name)
            else:
                self._layer(step)

    def _layer(self, step: Step) -> None:
        row = step.row
        shared = self.calls.first(row) if row.recursive else None
        if shared is not None:
            row = replace(row, parameters=shared.row.parameters, kernel=shared.row.kernel)
            step = replace(step, row=row)
        why = self._why_unknown(row)
        reading = None
        if why is None:
            reading, why = self._read(step)
        if reading is None:
            self._unknown(step, why or "")
            return
        self.notes += reading.site.notes
        source = self._source(step, reading)
        name = None if shared is None else shared.name
        try:
            ref = self._add(step, reading.op, source, shared_with=name)
        except NetworkError as error:
            self._unknown(step, error.message)
            return
        if shared is not None:
            self._note("assumed", f"a module that ran before: taken to be {name}", step)
            self.calls.used(shared)
        else:
            self.calls.add(step)
        self.read.append((step, reading.op, self.builder.tensor(source)))
        self.inputs.ran(self.builder.tensor(ref), ref)

    def _why_unknown(self, row: TorchRow) -> str | None:
        if row.shape is None:
            return "its output shape is not printed: call summary with an input_size"
        if row.parameters is None:
            return "its parameters are not printed: leave num_params in col_names"
        if row.kind in rules():
            return None
        if row.kind in CONTAINERS:
            return f"what {row.kind} holds is not printed: print it with a larger depth"
        return f"there is no rule for {row.kind}, or what it holds is not printed (larger depth)"

    def _read(self, step: Step) -> tuple[_Fit | None, str]:
        """The likeliest reading of a row, or why none fits."""
        row, rule = step.row, rules()[step.row.kind]
        best: _Fit | None = None
        why = ""
        for value in self.inputs.candidates(row):
            output = self.shapes.tensor(row.shape or (), row.kind, value.tensor or value.sizes)
            site = TorchSite(
                row,
                step.name,
                output,
                self.inputs.as_given(value, output, row.kind),
                sizes=value.sizes,
                first=self.inputs.current is None,
                model_input=self.inputs.model_input,
            )
            try:
                op = rule(site)
                _check(site, op)
            except NetworkError as error:
                why = why or error.message
                continue
            cost = value.cost + site.cost
            if best is None or cost < best.cost:
                best = _Fit(cost, op, value, site)
            if cost == 0:
                break
        return best, why

    def _source(self, step: Step, reading: _Fit) -> Ref:
        """The tensor that a layer takes; one that the printout does not show is an input."""
        value, site = reading.value, reading.site
        tensor = site.input or site.solved
        assert tensor is not None  # noqa: S101 - a rule without an input solves it
        ref = value.ref
        if ref is None:
            ref = self.builder.add(Input(tensor), name=f"{step.name} input")
            if self.inputs.current is None:
                self.inputs.began(tensor, ref)
        current = self.inputs.current
        # where other readings take another input, each says which
        told = any(each.input_sizes for note in site.notes for each in note.alternatives)
        if value is current and value.why:
            text = f"its input is {value.why}: {describe(tensor)}"
            self._note("assumed", text, step)
        elif value.why and current is not None and current.tensor is not None:
            shown = "" if value.tensor is not None or told else f", {describe(tensor)}"
            text = f"its input cannot be the {describe(current.tensor)} before it: {value.why}"
            self._note("assumed", text + shown, step)
        elif site.solved is not None and not told:
            self._note("inferred", f"the input is {describe(site.solved)}", step)
        there = self.builder.tensor(ref)
        if there.names != tensor.names and there.shape == tensor.shape:
            ref = self.builder.add(Reshape(tensor.axes[1:]), ref, name=f"{step.name} axes")
        if site.flatten:
            ref = self.builder.add(Flatten(), ref, name=f"{step.name} flatten")
        return ref

    def _add(self, step: Step, op: Op, source: Ref, *, shared_with: str | None) -> Ref:
        return self.builder.add(
            op,
            source,
            name=step.name,
            shared_with=shared_with,
            trainable=step.row.trainable is not False,
            line=step.row.line,
        )

    def _unknown(self, step: Step, why: str) -> None:
        row = step.row
        current = self.inputs.current
        before = current.tensor if current is not None else None
        results = (self.shapes.tensor(row.shape, row.kind, before),) if row.shape else ()
        op = Unknown(name=row.kind or row.name, results=results, parameters=row.parameters, why=why)
        sources = [current.ref] if current is not None and current.ref is not None else []
        ref = self.builder.add(op, *sources, name=step.name, line=row.line)
        if self._why_unknown(row) is None:
            self._note("contradiction", why, step)
        if results:
            self.inputs.ran(results[0], ref)

    def _note(
        self, kind: Literal["inferred", "assumed", "contradiction"], text: str, step: Step
    ) -> None:
        self.notes.append(Note(kind, text, step.name, step.row.line))

    def _own_parameters(self, step: Step) -> None:
        """Parameters that a container holds itself, or of modules of it that did not run."""
        if not step.row.parameters:
            return
        why = f"{step.row.kind} has parameters that no printed module uses"
        op = Unknown(name=step.row.kind, results=(), parameters=step.row.parameters, why=why)
        self.builder.add(op, name=f"{step.name} own parameters", line=step.row.line)

    def _assumptions(self, network: Network) -> list[Note]:
        tool, line = self.table.tool, self.table.line
        texts = [
            f"{tool} prints no graph: every row is taken to follow the one before it",
            "functions called in forward() (additions, concatenations) are not printed or counted",
        ]
        batch = self.shapes.batch
        if batch is not None and batch > 1:
            texts.append(f"the first size, {batch}, is taken to be the batch")
        if any(not parameter.learned for parameter in network.table.values()):
            texts.append("PyTorch prints no statistics of BatchNorm; 2 per channel stand beside")
        if self.containers:
            listed = ", ".join(self.containers[:3])
            more = len(self.containers) - 3
            texts.append(
                f"rows without parameters of classes that are no layers hold the rows above them: "
                f"{listed}{f' and {more} more' if more > 0 else ''}"
            )
        return [Note("assumed", text, None, line) for text in texts]


def _check(site: TorchSite, op: Op) -> None:
    """Whether an op gives the printed shape with the printed parameters.

    Raises:
        NetworkError: it does not.
    """
    tensor = site.input or site.solved
    if tensor is None:
        raise NetworkError("the layer before it is not known")
    if site.flatten:
        (tensor,) = Flatten().outputs(tensor)
    result = op.outputs(tensor)[0]
    if result.shape != site.output.shape:
        raise NetworkError(f"its input gives {result}, but {site.output} is printed")
    learned = summed(product(weight.shape) for weight in op.weights(tensor) if weight.learned)
    stored = summed(product(weight.shape) for weight in op.weights(tensor))
    if site.parameters not in (learned, stored, stored + 1):
        raise NetworkError(f"it would have {learned} parameters, not {site.parameters:,}")
