"""From recorded calls to layers: who reads what, which weights, under which names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import ConvcostError, SourceError
from convcost.network.dataclass import dataclass, field, replace
from convcost.network.network import Ref
from convcost.network.op import Op
from convcost.ops.constant import Constant
from convcost.ops.input import Input
from convcost.ops.unknown import Unknown
from convcost.read.shared_axes import AxisNames
from convcost.read.torch.module.aten import rule_for
from convcost.read.torch.module.capture import ModuleCall, tensors_in
from convcost.read.torch.module.memory import memory_of
from convcost.read.torch.module.site import Arranged, Site, Step, is_view, view
from convcost.read.torch.module.unkept import unkept
from convcost.read.torch.module.values import Operand, Stored, StoredValues, dtype_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcost.network.tensor import Tensor
    from convcost.read.torch.module.capture import Record
    from convcost.read.torch.module.memory import Memory
    from convcost.read.torch.module.sizes import Sizes


@dataclass(slots=True, eq=False)
class Draft:
    """A layer before it has its name.

    Attributes:
        function: what it does, in a word, for its name.
        within: the module call that it belongs to; None for inputs and stored tensors.
        op: see `Step`.
        inputs: the tensors that it takes.
        outputs: those that it makes.
        weights: stored tensors that it uses.
        arranged: see `Step`.
        name: given where it is settled before.
        called: the operator, with its overload where that is not the default one.
        part_of: see `Record`.
        unkept: see `Layer`.
    """

    function: str
    within: ModuleCall | None
    op: Op | Callable[[tuple[Tensor, ...]], Op]
    inputs: tuple[Operand, ...]
    outputs: tuple[Operand, ...]
    weights: tuple[Operand, ...] = ()
    arranged: tuple[Arranged | None, ...] = ()
    name: str | None = None
    called: str = ""
    part_of: str = ""
    unkept: str | None = None


@dataclass(slots=True, eq=False)
class Graph:
    """The network while it is built.

    A draft's place in the list stands for its name in references: ``Ref(str(place))``.

    Attributes:
        sizes: formulas of sizes.
        memory: which tensor is what.
        drafts: layers in order.
    """

    sizes: Sizes
    memory: Memory
    drafts: list[Draft] = field(default_factory=list)

    def add_input(self, tensors: Sequence[Any], name: str, batch_axis: int | None) -> None:
        """One of the network's inputs, as it is in each pass."""
        operand = self._new(tensors)
        if batch_axis is not None and operand.rank:
            names: list[str | None] = [None] * operand.rank
            names[batch_axis] = "batch"
            operand.axes.take(names)
        self.memory.register(tensors[0], operand)
        self._add(Draft("input", None, lambda out: Input(out[0]), (), (operand,), name=name))

    def add(self, records: Sequence[Record]) -> None:
        """One call, as it is in each pass."""
        record = records[0]
        if not record.results:
            return  # a number for the program, no tensor
        given = [id(tensor) for tensor in tensors_in((record.args, *record.kwargs.values()))]
        changes = record.func is not None and record.func._schema.is_mutable  # noqa: SLF001
        same = not changes and all(id(result) in given for result in record.results)
        if same and "dropout" not in record.name:
            return  # nothing was done: contiguous() of what is contiguous
        shapes = zip(*(other.results for other in records), strict=True)
        results = tuple(self._new(tensors) for tensors in shapes)
        if all(result.is_empty for result in results):
            for tensor, operand in zip(record.results, results, strict=True):
                self.memory.register(tensor, operand)
            return  # no values: nothing is computed
        site = Site(self, tuple(records), results)
        step = self._step(site)
        if step is None:
            first = self.operands_of(record)[0]
            for tensor in record.results:
                self.memory.register(tensor, first)
            return
        if self._is_view_of_stored(step, site):
            return
        inputs = tuple(self._readable(o) for o in step.inputs if not o.is_empty)
        function = site.function
        kept = step.kept or (1 if isinstance(step.op, Op) else len(results))
        made = tuple(result for result in results[:kept] if not result.is_empty)
        self._add(Draft(function, record.within, step.op, inputs, made, step.weights,
                        step.arranged, called=record.called, part_of=record.part_of,
                        unkept=step.unkept))  # fmt: skip
        for byproduct in results[kept:]:
            # whoever reads it waits for the layer; its bytes are taken for those of the result
            byproduct.ref = results[0].ref
        for tensor, operand in zip(record.results, results, strict=True):
            if changes and id(tensor) in given:
                self.memory.written(tensor, operand)
            self.memory.register(tensor, operand)

    def returned(self, tensors: Sequence[Any]) -> list[Ref]:
        """The layers' outputs that tensors are; empty ones are left out."""
        operands = (self.operand(tensor) for tensor in tensors)
        found = (self._readable(o) for o in operands if o is not None and not o.is_empty)
        return [operand.ref for operand in found if operand.ref is not None]

    def operand(self, value: Any) -> Operand | None:
        """What a tensor of the first pass is; None for anything else."""
        import torch

        if not isinstance(value, torch.Tensor):
            return None
        found = self.memory.operand(value)
        later = self.memory.later_writes(value)
        if later:
            old = self._readable(found)
            found = Operand(old.shape, old.dtype, old.axes)
            self._add(Draft("view", None, view(), (old, *later), (found,)))
            self.memory.register(value, found)
        return found

    def operands_of(self, record: Record) -> tuple[Operand, ...]:
        """All tensors among a call's arguments."""
        found = (self.operand(t) for t in tensors_in((record.args, *record.kwargs.values())))
        return tuple(operand for operand in found if operand is not None)

    def named(self, operand: Operand, names: Sequence[str | None]) -> Operand:
        """The operand with axes of these names; under other names a view of it."""
        if len(names) == operand.rank and operand.axes.take(names):
            return operand
        old = self._readable(operand)
        renamed = Operand(operand.shape, operand.dtype, AxisNames(names))
        self._add(Draft("view", None, view("reshape"), (old,), (renamed,)))
        return renamed

    def shares_memory(self, site: Site) -> bool:
        """Whether a call's first result sees the memory of its first operand."""
        return memory_of(self.first_tensor(site)) == memory_of(site.record.results[0])

    def first_tensor(self, site: Site) -> Any:
        """The first tensor among a call's arguments in the first pass."""
        return next(tensors_in((site.record.args, *site.record.kwargs.values())))

    def _step(self, site: Site) -> Step | None:
        rule = rule_for(site.record.name)
        why = "no rule for this operator"
        if rule is not None:
            try:
                step = rule(site)
                return step and replace(step, unkept=unkept(site))
            except SourceError:
                raise
            except ConvcostError as error:
                why = error.message
        name = site.record.name
        operands = site.every_operand()
        weights = tuple(o for o in operands if o.stored is not None and o.stored.learned)
        numbers = sum(int(o.stored.tensor.numel()) for o in weights if o.stored is not None)
        return Step(
            lambda out: Unknown(name=name, results=out, parameters=numbers, why=why),
            tuple(o for o in operands if o not in weights),
            weights,
        )

    def _is_view_of_stored(self, step: Step, site: Site) -> bool:
        """Follow views of whole stored tensors, so that they stay weights."""
        record = site.record
        if not is_view(step.op) or len(step.inputs) != 1 or len(site.results) != 1:
            return False
        stored = step.inputs[0].stored
        if stored is None or stored.name is None:
            return False
        if record.results[0].numel() != stored.tensor.numel():
            return False
        call = (record.func, record.args, dict(record.kwargs))
        site.result.stored = Stored(
            stored.name, stored.tensor, stored.learned, (*stored.views, call)
        )
        self.memory.register(record.results[0], site.result)
        return True

    def _readable(self, operand: Operand) -> Operand:
        """The operand as the output of a layer: a stored tensor becomes one."""
        if operand.ref is not None or operand.stored is None:
            return operand
        stored = operand.stored
        if stored.views:
            base = self._readable(self.memory.whole(stored))
            self._add(Draft("view", None, view(), (base,), (operand,)))
            return operand
        is_parameter = stored.learned
        told = not is_parameter and stored.name is not None and not stored.tensor.is_meta
        values = StoredValues(stored) if told else None
        self._add(
            Draft(
                "constant",
                None,
                lambda out: Constant(tensor=out[0], parameter=is_parameter, values=values),
                (),
                (operand,),
                (operand,) if is_parameter else (),
                name=stored.name,
            )
        )
        return operand

    def _new(self, tensors: Sequence[Any]) -> Operand:
        shape = self.sizes.shape([tensor.shape for tensor in tensors])
        return Operand(shape, dtype_name(tensors[0].dtype), AxisNames([None] * len(shape)))

    def _add(self, draft: Draft) -> None:
        place = str(len(self.drafts))
        for number, operand in enumerate(draft.outputs):
            operand.ref = Ref(place, number)
        self.drafts.append(draft)
