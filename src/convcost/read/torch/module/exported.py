"""Exported programs of PyTorch (``.pt2``), read without unpickling anything.

`torch.export.load` unpickles parts of the file, which can run code that the file brings along. The
graph itself is plain JSON beside these parts: only that is read. Its calls of ATen operators are
then played on tensors without memory, and recorded like those of a module.
"""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from convcost.errors import MissingFramework, SourceError
from convcost.network.dataclass import dataclass, replace
from convcost.network.module import Module
from convcost.network.network import Network, Note
from convcost.read.archive import Archive
from convcost.read.limits import MAX_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from convcost.network.module import Origin
    from convcost.read.reader import Options, Source

_OLD_NAME = "serialized_exported_program.json"

#: Numbers of dtypes in the file.
DTYPES = {
    1: "uint8", 2: "int8", 3: "int16", 4: "int32", 5: "int64", 6: "float16", 7: "float32",
    8: "float64", 9: "complex32", 10: "complex64", 11: "complex128", 12: "bool", 13: "bfloat16",
    28: "uint16", 29: "float8_e4m3fn", 30: "float8_e5m2",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Node:
    """One call of the graph.

    Attributes:
        target: the operator, ``torch.ops.aten.conv2d.default``.
        arguments: by name, as the file has them.
        outputs: names of its results.
        path: of the module that it belongs to.
        call: which call of that module it belongs to, from 0.
    """

    target: str
    arguments: tuple[tuple[str, Any], ...]
    outputs: tuple[str, ...]
    path: str
    call: int


@dataclass(frozen=True, slots=True)
class Program:
    """The graph of a file.

    Attributes:
        nodes: calls in order.
        stored: (name in the graph, qualified name, kind) of parameters, buffers and constants.
        inputs: names of the tensors that it is given.
        outputs: names of those that it returns.
        tensors: name -> (sizes at export, dtype, whether it is trained).
        kinds: path of a module -> its class, qualified, in the order in which they run.
    """

    nodes: tuple[Node, ...]
    stored: tuple[tuple[str, str, str], ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    tensors: Mapping[str, TensorMeta]
    kinds: Mapping[str, str]

    def __deepcopy__(self, memo: object) -> Program:
        """Itself: it does not change."""
        return self


@dataclass(frozen=True, slots=True)
class TensorMeta:
    """What the file says about a tensor."""

    shape: tuple[int, ...]
    dtype: str
    trained: bool


def network_of(source: Source, options: Options) -> Network:
    """The network of an exported program.

    Raises:
        SourceError: the file is damaged, or holds no graph.
        MissingFramework: PyTorch is not installed: its operators' shape rules are needed.
    """
    try:
        import torch  # noqa: F401 - whether it is there
    except ImportError:
        raise MissingFramework(
            f"{source.where}: reading an exported program needs PyTorch",
            hint="pip install 'convcost[torch]'",
        ) from None
    program = _program(source)
    from convcost.read.torch.module.play import call_numbers

    network = _played(program, PurePath(source.where).stem, options)
    calls = call_numbers(program.nodes)
    return replace(
        network,
        layers=tuple(replace(x, origin=_numbered(x.origin, calls)) for x in network.layers),
        modules=tuple(Module(x.path, program.kinds.get(x.path, ""), x.parameters)
                      for x in network.modules),
    )  # fmt: skip


def _played(program: Program, name: str, options: Options) -> Network:
    from convcost.read.torch.module.play import player
    from convcost.read.torch.module.read import read_module

    module = player(program)
    if options.inputs is not None:
        return read_module(module, options.inputs, options.batch_axis, name)
    inputs = [program.tensors[tensor].shape for tensor in program.inputs]
    examples = [_example(program.tensors[tensor]) for tensor in program.inputs]
    if options.batch_axis is None:
        return read_module(module, examples, None, name)
    try:
        return read_module(module, examples, options.batch_axis, name)
    except SourceError as error:
        network = read_module(module, examples, None, name)
        text = (
            f"it was exported for inputs of {' and '.join(map(str, inputs))} and works at no other "
            f"batch: the whole counts as one sample ({error.message})"
        )
        return replace(network, notes=(*network.notes, Note("assumed", text)))


def _numbered(origin: Origin | None, calls: Mapping[str, Sequence[int]]) -> Origin | None:
    """The player enters a module once per run of nodes; the file tells the module's real calls."""
    if origin is None or not origin.module:
        return origin
    return replace(origin, call=calls[origin.module][origin.call])


def _example(meta: TensorMeta) -> Any:
    import torch

    return torch.empty(meta.shape, dtype=getattr(torch, meta.dtype), device="meta")


def _program(source: Source) -> Program:
    archive = Archive(source.open, source.where)
    names = [
        name
        for name in archive.members
        if name == _OLD_NAME or (name.endswith(".json") and PurePath(name).parent.name == "models")
    ]
    if not names:
        raise SourceError(
            f"{source.where}: holds no graph of an exported program",
            hint="write one with torch.export.save(torch.export.export(model, inputs), FILE)",
        )
    if len(names) > 1:
        raise SourceError(f"{source.where}: holds {len(names)} programs; expected one",
                          hint="save each one to a file of its own")  # fmt: skip
    try:
        return _parsed(json.loads(archive.read(names[0])))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as error:
        raise SourceError(
            f"{source.where}: its graph {names[0]!r} is damaged or of another version: "
            f"{type(error).__name__}: {error}",
            hint="export and save it again",
        ) from None


def _parsed(document: Mapping[str, Any]) -> Program:
    module = document["graph_module"]
    graph, signature = module["graph"], module["signature"]
    stored, inputs = [], []
    for spec in signature["input_specs"]:
        ((kind, content),) = spec.items()
        if kind == "user_input":
            inputs += [] if "as_tensor" not in content["arg"] else [_name(content["arg"])]
        elif kind in ("parameter", "buffer", "tensor_constant"):
            stored.append((content["arg"]["name"], str(content[f"{kind}_name"]), kind))
    return Program(
        nodes=tuple(_node(node) for node in graph["nodes"]),
        stored=tuple(stored),
        inputs=tuple(inputs),
        outputs=tuple(
            _name(spec["user_output"]["arg"])
            for spec in signature["output_specs"]
            if "as_tensor" in spec.get("user_output", {}).get("arg", {})
        ),
        tensors={name: _meta(meta) for name, meta in graph["tensor_values"].items()},
        kinds={path: kind for node in graph["nodes"] for _, path, kind in _stack(node)},
    )


def _node(node: Mapping[str, Any]) -> Node:
    arguments = tuple((str(given["name"]), given["arg"]) for given in node["inputs"])
    outputs = tuple(name for output in node["outputs"] for name in _names(output))
    stack = _stack(node)
    key, path, _ = stack[-1] if stack else ("", "", "")
    # a later call of a module has its number in the key: "L__self__conv@1"
    number = key.rpartition("@")[2] if "@" in key else ""
    call = int(number) if number.isdecimal() else 0
    return Node(str(node["target"]), arguments, outputs, path, call)


def _stack(node: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Key, path and class of the modules that a node is in, the outermost first."""
    written = str(node.get("metadata", {}).get("nn_module_stack", ""))
    entries = (entry.split(",") for entry in written.split(";"))
    # functions have made-up keys; a class of them, "list[int]", may hold commas
    return [(e[0], e[1], e[2]) for e in entries if len(e) == 3 and e[0].startswith("L__self__")]


def _names(output: Mapping[str, Any]) -> Iterator[str]:
    ((kind, content),) = output.items()
    if kind == "as_tensors":
        yield from (str(part["name"]) for part in content)
    elif kind == "as_none":
        yield ""
    else:
        yield _name(output)


def _name(argument: Mapping[str, Any]) -> str:
    (content,) = argument.values()
    name = content.get("name", content.get("as_name"))
    if not isinstance(name, str):
        raise ValueError(f"{argument} names nothing")  # noqa: TRY004 - the file is wrong
    return name


def _meta(meta: Mapping[str, Any]) -> TensorMeta:
    sizes: Sequence[Mapping[str, Any]] = meta["sizes"]
    shape = tuple(
        int(size["as_int"] if "as_int" in size else size["as_expr"]["hint"]["as_int"])
        for size in sizes
    )
    if any(not 0 <= size <= MAX_SIZE for size in shape):
        raise ValueError(f"a tensor of shape {shape}")
    return TensorMeta(shape, DTYPES[meta["dtype"]], bool(meta["requires_grad"]))
