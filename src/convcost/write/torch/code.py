"""Networks as Python code of a PyTorch module, and the numbers that it loads."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from convcost._version import __version__
from convcost.errors import NetworkError
from convcost.network.network import naming
from convcost.write.torch.module import torch_module
from convcost.write.torch.names import identifier

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from convcost.network.network import Network

#: Arguments that say where and how numbers are stored, which is set apart.
_PLACE = frozenset({"device", "dtype"})
#: Of recurrent layers, whose constructors do not name them.
_RECURRENT = (
    "input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional",
)  # fmt: skip


class Code(NamedTuple):
    """A module as files.

    Attributes:
        text: Python code that needs PyTorch and NumPy only.
        state: the numbers, under the names of the module's ``state_dict``.
    """

    text: str
    state: Mapping[str, Any]


def module_code(network: Network, values: str, *, seed: int = 0) -> Code:
    """The network as the code of a `torch.nn.Module`; what it computes is `torch_module`'s.

    Args:
        network: what to write; all sizes but the batch known.
        values: the name of the file of its numbers, beside that of the code.
        seed: of random values.

    Raises:
        NetworkError: as `torch_module`; or a part has arguments that it does not tell.
        MissingFramework: PyTorch is not installed.
    """
    module = torch_module(network, seed=seed).eval()
    name = identifier(network.name)
    forward = module.graph.python_code("self")
    parts = "\n".join(f"        {line}" for line in _parts(module))
    text = _TEMPLATE.format(
        title=network.name.replace("\\", "/").replace('"', "'"),
        version=__version__,
        values=values,
        functions="".join(_named(forward)),
        name=name,
        parts=parts or "        pass",
        forward="\n".join(f"    {line}".rstrip() for line in forward.src.strip().splitlines()),
    )
    return Code(text, {key: _array(each) for key, each in module.state_dict().items()})


def _named(forward: Any) -> Iterator[str]:
    """What the forward pass calls by names of its own.

    Raises:
        NetworkError: it is nothing that can be named in a file.
    """
    used = set(re.findall(r"[A-Za-z_]\w*", forward.src)) - {"torch"}
    found = {key: value for key, value in forward.globals.items() if key in used}
    functions = {key: value for key, value in found.items() if inspect.isfunction(value)}
    yield from _sources(list(functions.values()))
    names = {key: value.__name__ for key, value in functions.items()}
    for key, value in found.items():
        if hasattr(value, "__objclass__"):  # a method of tensors
            names[key] = f"torch.Tensor.{value.__name__}"
        elif isinstance(value, float):
            names[key] = f'float("{value}")'
        elif key not in functions:
            raise NetworkError(f"its forward pass needs '{key}', which its code cannot name")
    yield "\n\n" * bool(names)
    yield from (f"{key} = {name}\n" for key, name in names.items())


def _sources(functions: list[Any]) -> Iterator[str]:
    """The code of functions, and of those of the same file that they use."""
    open_ = list(functions)
    for function in open_:
        used = [function.__globals__.get(name) for name in function.__code__.co_names]
        open_ += [each for each in used if inspect.isfunction(each) and each not in open_]
    yield from (f"\n\n{inspect.getsource(function)}" for function in open_)


def _parts(module: Any) -> Iterator[str]:
    """Statements that make a module's parts."""
    import torch

    first: dict[int, str] = {}
    for path, part in module.named_modules():
        with naming(path):
            yield from _part(path, part, first, plain=not path or type(part) is torch.nn.Module)
    dtypes = {p.dtype for p in module.parameters() if p.dtype.is_floating_point}
    if len(dtypes) > 1:
        raise NetworkError("its parameters have several dtypes, which its code cannot set")
    yield from (f"self.to({dtype})" for dtype in dtypes - {torch.float32})


def _part(path: str, part: Any, first: dict[int, str], *, plain: bool) -> Iterator[str]:
    """Statements that make one part: what holds others and tensors, or a layer of `torch.nn`.

    Args:
        path: of the part; empty for the whole.
        part: itself.
        first: where each parameter was made first, by the tensor's id; grows.
        plain: whether it holds others and tensors only.
    """
    where = _expression(path)
    if path:
        around, _, leaf = path.rpartition(".")
        made = "torch.nn.Module()" if plain else _constructor(part)
        yield f'{_expression(around)}.add_module("{leaf}", {made})'
    for name, tensor in part.named_parameters(recurse=False):
        known = first.setdefault(id(tensor), f"{where}.{name}")
        if known != f"{where}.{name}":
            yield f"{where}.{name} = {known}"
            continue
        if plain:
            made = f"torch.nn.Parameter({_empty(tensor)})"
            yield f'{where}.register_parameter("{name}", {made})'
        if not tensor.requires_grad:
            yield f"{where}.{name}.requires_grad_(False)"
    if plain:
        for name, tensor in part.named_buffers(recurse=False):
            yield f'{where}.register_buffer("{name}", {_empty(tensor)})'
    else:
        yield from (f"{where}.{name} = None" for name in _left_out(part))


def _expression(path: str) -> str:
    """A part as an expression.

    >>> _expression(""), _expression("layer1.0.conv")
    ('self', 'self.layer1.get_submodule("0").conv')
    """
    text = "self"
    for step in path.split(".") if path else ():
        text += f".{step}" if step.isidentifier() else f'.get_submodule("{step}")'
    return text


def _empty(tensor: Any) -> str:
    return f"torch.empty({tuple(tensor.shape)}, dtype={tensor.dtype})"


def _constructor(part: Any) -> str:
    """The call that makes a layer of `torch.nn`.

    Raises:
        NetworkError: the layer does not tell its arguments.
    """
    import torch

    kind = type(part)
    arguments = inspect.signature(kind.__init__).parameters
    names = list(arguments)[1:]
    if isinstance(part, torch.nn.RNNBase):
        own = {"RNN": ["nonlinearity"], "LSTM": ["proj_size"]}
        names = [*_RECURRENT, *own.get(kind.__name__, ())]
    given = []
    for name in names:
        if name in _PLACE or name.startswith("_"):
            continue
        if not hasattr(part, name):
            raise NetworkError(f"a {kind.__name__} does not tell its '{name}'")
        value = getattr(part, name)
        if name == "bias" and not isinstance(value, bool):
            value = value is not None
        usual = arguments[name].default if name in arguments else None
        if value != usual or type(value) is not type(usual):
            given.append(f"{name}={value!r}")
    return f"torch.nn.{kind.__name__}({', '.join(given)})"


def _left_out(part: Any) -> Iterator[str]:
    """Parameters that the constructor makes although the layer has none."""
    if getattr(part, "affine", False) or getattr(part, "elementwise_affine", False):
        arguments = inspect.signature(type(part).__init__).parameters
        for name, tensor in part._parameters.items():  # noqa: SLF001 - those that are None
            if tensor is None and name not in arguments:
                yield name


def _array(tensor: Any) -> Any:
    """Numbers as NumPy has them, which has no brain floats."""
    import torch

    wide = tensor.float() if tensor.dtype is torch.bfloat16 else tensor
    return wide.detach().cpu().numpy()


_TEMPLATE = '''"""{title}: a PyTorch module, written by convcost {version}.

`load` gives it with its values, which are in {values} beside this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy
import torch
{functions}

class {name}(torch.nn.Module):
    """The parts under the names of the network's layers."""

    def __init__(self) -> None:
        super().__init__()
{parts}

{forward}


def load(path: str | Path = Path(__file__).with_name("{values}")) -> {name}:
    """The module with its values, as at inference."""
    module = {name}()
    with numpy.load(path, allow_pickle=False) as state:
        module.load_state_dict({{key: torch.from_numpy(state[key]) for key in state.files}})
    return module.eval()
'''
