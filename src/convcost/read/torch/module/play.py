"""Exported graphs, played: a module whose forward pass makes the calls of a graph."""

from __future__ import annotations

import operator
import re
from itertools import groupby
from typing import TYPE_CHECKING, Any

from convcost.errors import LimitError, SourceError
from convcost.read.limits import MAX_MODEL_DEPTH, MAX_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcost.read.torch.module.exported import Node, Program

_TARGET = re.compile(r"torch\.ops\.(aten|torchvision)\.([A-Za-z0-9_]+)\.([A-Za-z0-9_]+)")
#: Operators that reach outside of the graph.
_REFUSED = ("from_file", "save", "load", "_print", "_validate_compressed_sparse_indices")
#: Operators that check sizes and compute nothing.
_CHECKS = ("_assert_scalar", "_assert_tensor_metadata", "_assert_async", "sym_constrain_range",
           "sym_constrain_range_for_size")  # fmt: skip
#: Operators with as many results as an axis is long.
_MANY = ("unbind", "split", "chunk", "tensor_split", "unsafe_chunk", "unsafe_split")
_MANY_RESULTS = 100_000

#: Arithmetic of sizes.
_OPERATORS = ("add", "sub", "mul", "floordiv", "mod", "neg", "eq", "ne", "lt", "le", "gt", "ge",
              "truediv", "getitem")  # fmt: skip
_SIZES: Mapping[str, Callable[..., Any]] = {
    **{f"_operator.{name}": getattr(operator, name) for name in _OPERATORS},
    "torch.sym_max": max,
    "torch.sym_min": min,
    "torch.sym_not": operator.not_,
    "torch.sym_int": int,
    "torch.sym_float": float,
    "math.trunc": int,
}


def player(program: Program) -> Any:
    """A `torch.nn.Module` that plays the graph, with its parameters under their names.

    Raises:
        SourceError: the graph calls something that is no tensor operator, or has a module or tensor
            that cannot be made, by its name.
        LimitError: modules are nested too deeply.
    """
    import torch

    functions = {node.target: _function(node.target) for node in program.nodes}

    class Part(torch.nn.Module):  # type: ignore[misc]
        """A module of the exported network: makes the calls that belong to it."""

        def forward(self, nodes: Sequence[Node], values: dict[str, Any]) -> Any:
            last = None
            for node in nodes:
                last = _call(functions[node.target], node, values)
            return last

    class Played(torch.nn.Module):  # type: ignore[misc]
        """The exported network."""

        def forward(self, *inputs: Any) -> Any:
            values = dict(zip(program.inputs, inputs, strict=True))
            for name, qualified, _ in program.stored:
                values[name] = _found(self, qualified)
            for path, _, nodes in _runs(program.nodes):
                if path:
                    self.get_submodule(path)(nodes, values)
                else:
                    Part.forward(self, nodes, values)
            return tuple(values[name] for name in program.outputs)

    whole = Played()
    try:
        for path in filter(None, program.kinds):
            _owner(whole, f"{path}.", Part)
        for name, qualified, kind in program.stored:
            _store(whole, qualified, program.tensors[name], kind, Part)
    except KeyError as error:
        raise SourceError(f"a module or tensor of the exported program cannot be made: {error}",
                          hint="export and save it again") from None  # fmt: skip
    return whole


def call_numbers(nodes: Sequence[Node]) -> dict[str, list[int]]:
    """For each time that a module is entered while the graph is played, which of its calls it is.

    A module whose work its parts interrupt is entered several times in one call.
    """
    numbers: dict[str, list[int]] = {}
    for path, call, _ in _runs(nodes):
        numbers.setdefault(path, []).append(call)
    return numbers


def _runs(nodes: Sequence[Node]) -> list[tuple[str, int, tuple[Node, ...]]]:
    """Neighbouring nodes of one call of a module."""
    grouped = groupby(nodes, key=lambda node: (node.path, node.call))
    return [(path, call, tuple(own)) for (path, call), own in grouped]


def _store(whole: Any, qualified: str, meta: Any, kind: str, part: type) -> None:
    import torch

    tensor = torch.empty(meta.shape, dtype=getattr(torch, meta.dtype), device="meta")
    owner = _owner(whole, qualified, part)
    leaf = qualified.rpartition(".")[2]
    if kind == "parameter":
        owner.register_parameter(leaf, torch.nn.Parameter(tensor, requires_grad=meta.trained))
    elif kind == "buffer":
        owner.register_buffer(leaf, tensor)
    else:
        setattr(owner, leaf, tensor)


def _owner(whole: Any, qualified: str, part: type) -> Any:
    """The module that holds what is so named; made where it is missing."""
    owner = whole
    if qualified.count(".") > MAX_MODEL_DEPTH:
        raise LimitError(f"modules are nested more than {MAX_MODEL_DEPTH} deep")
    for name in qualified.split(".")[:-1]:
        if name not in owner._modules:  # noqa: SLF001 - a name may shadow an attribute
            owner.add_module(name, part())
        owner = owner._modules[name]  # noqa: SLF001
    return owner


def _found(whole: Any, qualified: str) -> Any:
    path, _, leaf = qualified.rpartition(".")
    return getattr(whole.get_submodule(path), leaf)


def _function(target: str) -> Callable[..., Any]:
    if target in _SIZES:
        return _SIZES[target]
    import torch

    found = _TARGET.fullmatch(target)
    if found is None or found[2] in _REFUSED:
        raise SourceError(
            f"the exported program calls {target}, which is no operator that is played here",
            hint="read the module itself: convcost.read(module, inputs=...)",
        )
    packet = getattr(getattr(torch.ops, found[1]), found[2], None)
    overload = getattr(packet, found[3], None)
    if not isinstance(overload, torch._ops.OpOverload):  # noqa: SLF001 - it has no public name
        raise SourceError(
            f"the exported program calls {target}, which this PyTorch {torch.__version__} lacks",
            hint="install the version that exported it",
        )
    function: Callable[..., Any] = overload
    return function


def _call(function: Any, node: Node, values: dict[str, Any]) -> Any:
    name = node.target.split(".")[-2]
    if name in _CHECKS:
        return None
    given = {key: _value(argument, values) for key, argument in node.arguments}
    schema = getattr(function, "_schema", None)
    if schema is None:
        result = function(*given.values())
    else:
        args = []
        for argument in schema.arguments:
            if argument.name not in given:
                break
            args.append(given.pop(argument.name))
        if name in _MANY and max(args[0].shape, default=0) > _MANY_RESULTS:
            raise LimitError(f"{node.target} of a tensor of shape {tuple(args[0].shape)}")
        result = function(*args, **given)
    results = result if isinstance(result, (list, tuple)) else (result,)
    for key, value in zip(node.outputs, results, strict=False):
        if isinstance(value, int) and abs(value) > MAX_SIZE**2:
            raise LimitError(f"{node.target} gives a size of {value.bit_length()} bits")
        values[key] = value
    return result


def _value(argument: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    """An argument as the file has it, as a value."""
    ((kind, content),) = argument.items()
    if kind in ("as_tensor", "as_sym_int", "as_sym_bool", "as_sym_float", "as_optional_tensor"):
        return _leaf(content, values)
    if kind in ("as_tensors", "as_sym_ints", "as_optional_tensors", "as_sym_floats"):
        return [_leaf(part, values) for part in content]
    if kind in ("as_int", "as_float", "as_bool", "as_string", "as_ints", "as_floats", "as_bools"):
        return content
    return _option(kind, content)


def _leaf(content: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    if "name" in content:
        return values[content["name"]]
    ((kind, inner),) = content.items()
    if kind == "as_name":
        return values[inner]
    if kind == "as_tensor":
        return values[inner["name"]]
    return None if kind == "as_none" else inner


def _option(kind: str, content: Any) -> Any:
    import torch

    from convcost.read.torch.module.exported import DTYPES

    if kind == "as_none":
        return None
    if kind == "as_scalar_type":
        return getattr(torch, DTYPES[content])
    if kind == "as_device":
        return torch.device("meta")
    if kind == "as_layout":
        return torch.strided
    if kind == "as_memory_format":
        formats = {1: torch.contiguous_format, 2: torch.channels_last, 3: torch.channels_last_3d}
        return formats.get(content, torch.preserve_format)
    raise SourceError(f"the exported program has an argument of a kind that is not played: {kind}")
