"""From recorded passes to an immutable network."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.module import Module, Origin
from convcost.network.network import Layer, Network, Note, Ref
from convcost.network.op import Op
from convcost.network.parameter import Parameter
from convcost.read.torch.module.graph import Graph
from convcost.read.torch.module.memory import Memory
from convcost.read.torch.module.naming import input_names, names_of
from convcost.read.torch.module.site import is_view
from convcost.read.torch.module.sizes import Sizes, same_calls
from convcost.read.torch.module.values import Stored, StoredValues, dtype_name
from convcost.read.unused import unused_notes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.read.torch.module.graph import Draft
    from convcost.read.torch.module.passes import Passes

#: Buffers by these names are a network's statistics, used in this pass or not.
_STATISTICS = ("running_mean", "running_var")

_VALUES_NOTE = "the forward pass asks for values of tensors: it was run on the example inputs"


def assemble(passes: Passes, name: str | None) -> tuple[Network, bool]:
    """The network, and whether a size has to be confirmed by another pass.

    Raises:
        SourceError: the passes differ in more than sizes.
    """
    sizes = Sizes(passes.batches if passes.examples.has_batch else passes.batches[:1])
    calls = [[record.name for record in trace.records] for trace in passes.traces]
    same_calls(calls, passes.batches)
    first = passes.traces[0]
    stored = _stored(passes)
    tensors = {id(tensor): known for tensor, known in stored}
    for stand_in, original in first.origins.values():
        if id(original) in tensors:
            tensors[id(stand_in)] = tensors[id(original)]
    graph = Graph(sizes, Memory(tensors))
    _add_inputs(graph, passes)
    for records in zip(*(trace.records for trace in passes.traces), strict=True):
        graph.add(records)
    returned = graph.returned(first.outputs)
    drafts = graph.drafts
    names = names_of(drafts, _needed(drafts, returned))
    layers, table = _layers(drafts, names)
    outputs = tuple(_ref(ref, names) for ref in returned)
    notes = _complete(table, passes, stored)
    return (
        Network(
            name=name or type(passes.module).__name__,
            layers=layers,
            table=table,
            outputs=outputs,
            notes=notes,
            framework="torch",
            modules=_modules(passes),
        ),
        sizes.unconfirmed,
    )


def _stored(passes: Passes) -> list[tuple[Any, Stored]]:
    """The copy's tensors with the user's, whose values count."""
    originals = dict(passes.module.named_parameters()) | dict(passes.module.named_buffers())
    found = []
    for learned, tensors in ((True, passes.copy.named_parameters()),
                             (False, passes.copy.named_buffers())):  # fmt: skip
        for name, tensor in tensors:
            original = originals.get(name, tensor)
            found.append((tensor, Stored(name, original, learned)))
    return found


def _add_inputs(graph: Graph, passes: Passes) -> None:
    tensors = list(zip(*(trace.inputs for trace in passes.traces), strict=True))
    names = input_names(passes.examples.names(_argument_names(passes.module)))
    for same, name, axis in zip(tensors, names, passes.examples.axes, strict=True):
        graph.add_input(same, name, axis)


def _argument_names(module: Any) -> list[str]:
    try:
        parameters = inspect.signature(module.forward).parameters.values()
    except (TypeError, ValueError):
        return []
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.kind in positional]


def _needed(drafts: Sequence[Draft], returned: Sequence[Ref]) -> set[int]:
    """Places of the layers to keep: views and constants that nobody reads are left out."""
    read = {int(ref.layer) for ref in returned}
    for place in reversed(range(len(drafts))):
        draft = drafts[place]
        idle = is_view(draft.op) or draft.function == "constant"
        if place in read or not idle:
            read.add(place)
            read.update(int(o.ref.layer) for o in draft.inputs if o.ref is not None)
    return read


def _layers(
    drafts: Sequence[Draft], names: Sequence[str | None]
) -> tuple[tuple[Layer, ...], dict[str, Parameter]]:
    table: dict[str, Parameter] = {}
    users: dict[tuple[str, ...], str] = {}
    layers = []
    for draft, name in zip(drafts, names, strict=True):
        if name is None:
            continue
        outputs = tuple(operand.tensor for operand in draft.outputs)
        op = draft.op if isinstance(draft.op, Op) else draft.op(outputs)
        ids = _used(draft, table)
        shared_with = users.get(ids) if ids else None
        users.setdefault(ids, name)
        refs = tuple(_ref(operand.ref, names) for operand in draft.inputs)
        layers.append(Layer(name, op, refs, outputs, ids, shared_with, origin=_origin(draft),
                            unkept=draft.unkept))  # fmt: skip
    return tuple(layers), table


def _origin(draft: Draft) -> Origin | None:
    within = draft.within
    if within is None:
        return None
    return Origin(draft.called, within.path, within.number, draft.part_of)


def _modules(passes: Passes) -> tuple[Module, ...]:
    ids = {id(tensor): name for name, tensor in passes.module.named_parameters()}
    return tuple(
        Module(
            path,
            f"{type(part).__module__}.{type(part).__qualname__}",
            tuple(ids[id(tensor)] for _, tensor in part.named_parameters(recurse=False)),
        )
        for path, part in passes.module.named_modules()
    )


def _ref(ref: Ref | None, names: Sequence[str | None]) -> Ref:
    name = None if ref is None else names[int(ref.layer)]
    if ref is None or name is None:
        raise NetworkError("a layer reads a tensor that no layer makes")
    return Ref(name, ref.output)


def _used(draft: Draft, table: dict[str, Parameter]) -> tuple[str, ...]:
    """The ids of a layer's parameters; the first layer that uses one states its order."""
    ids = []
    orders = draft.arranged or (None,) * len(draft.weights)
    for weight, arranged in zip(draft.weights, orders, strict=True):
        stored = weight.stored
        if stored is None or stored.name is None:
            continue
        ids.append(stored.name)
        if stored.name not in table:
            how, shape = arranged or (None, weight.shape)
            values = None if stored.tensor.is_meta else StoredValues(stored, how)
            table[stored.name] = Parameter(
                stored.name,
                tuple(shape),
                dtype_name(stored.tensor.dtype),
                learned=stored.learned,
                trainable=stored.learned and bool(stored.tensor.requires_grad),
                values=values,
            )
    return tuple(ids)


def _complete(
    table: dict[str, Parameter], passes: Passes, stored: Sequence[tuple[Any, Stored]]
) -> tuple[Note, ...]:
    """Add what the forward pass does not use; notes about it."""
    unused: dict[str, int] = {}
    for tensor, known in stored:
        name = str(known.name)
        if name in table or not (known.learned or name.rpartition(".")[2] in _STATISTICS):
            continue
        values = None if known.tensor.is_meta else StoredValues(known)
        table[name] = Parameter(
            name,
            tuple(tensor.shape),
            dtype_name(tensor.dtype),
            learned=known.learned,
            trainable=known.learned and bool(known.tensor.requires_grad),
            values=values,
        )
        if known.learned:
            unused[name] = int(tensor.numel())
    notes = []
    if passes.real:
        notes.append(Note("assumed", _VALUES_NOTE))
    return (*notes, *unused_notes(unused))
