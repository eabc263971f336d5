"""The module while it is built: its parts, the calls between them, how tensors lie in memory."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.builder import BATCH
from convcost.write.torch.functions import filled
from convcost.write.torch.names import Names, identifier

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcost.network.parameter import Parameter
    from convcost.network.tensor import Tensor

#: Calls that are left out where nothing uses their result: parts of results, first states.
_UNUSED = (operator.getitem, filled)


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor of the forward pass.

    Attributes:
        node: of the `torch.fx` graph.
        order: for each of its axes, the position of that axis in the network's tensor.
        zeros: whether it is known to hold nothing else.
    """

    node: Any
    order: tuple[int, ...]
    zeros: bool = False


class Graph:
    """Parts and calls, in order."""

    def __init__(self) -> None:
        import torch

        self._root = torch.nn.Module()
        self._calls = torch.fx.Graph()
        blank = torch.fx.GraphModule(torch.nn.Module(), torch.fx.Graph())
        self._names = Names(frozenset(dir(blank)))
        self._arguments: set[str] = set()
        self._batch: tuple[Any, int] | None = None
        #: paths by what was asked for, so that shared layers share them
        self._parts: dict[str, str] = {}
        self._stored: dict[tuple[str, str], list[Any]] = {}
        self._turned: dict[tuple[Any, tuple[int, ...]], Any] = {}

    def argument(self, name: str, tensor: Tensor) -> Any:
        """An input of the module."""
        name = identifier(name)
        while name in self._arguments or name == "self":
            name += "_"
        self._arguments.add(name)
        node = self._calls.placeholder(name)
        if BATCH in tensor.shape and self._batch is None:
            self._batch = node, tensor.shape.index(BATCH)
        return node

    def batch(self) -> tuple[Any, int]:
        """An input and its axis that has the batch's size.

        Raises:
            NetworkError: there is none.
        """
        if self._batch is None:
            raise NetworkError("no input has the size of the batch", hint="fix it: batch=32")
        return self._batch

    def module(self, name: str, make: Callable[[], Any], *inputs: Any) -> Any:
        """Call the part of that name, which is made at its first call."""
        if name not in self._parts:
            module = make()
            self._parts[name] = path = self._names.path(name)
            container, leaf = self._container(path)
            container.add_module(leaf, module)
        return self._calls.call_module(self._parts[name], inputs)

    def tensor(self, name: str, make: Callable[[], Any]) -> Any:
        """A stored tensor: a parameter, or a buffer."""
        import torch

        if name not in self._parts:
            tensor = make()
            self._parts[name] = path = self._names.path(name)
            container, leaf = self._container(path)
            if isinstance(tensor, torch.nn.Parameter):
                container.register_parameter(leaf, tensor)
            else:
                container.register_buffer(leaf, tensor)
        return self._calls.get_attr(self._parts[name])

    def function(self, function: Callable[..., Any], *inputs: Any, **options: Any) -> Any:
        """Call a function."""
        return self._calls.call_function(function, inputs, options)

    def numbers(self, parameter: Parameter, array: Any, part: str) -> Any:
        """Numbers of a parameter as a tensor: always the same one for the same part of it.

        Raises:
            NetworkError: another layer wants them in another order.
        """
        import numpy as np
        import torch

        # a weight whose axes lie in another order would make convolutions change the order of all
        tensor = torch.tensor(np.ascontiguousarray(array)).to(getattr(torch, parameter.dtype))
        known = self._stored.setdefault((parameter.id, part), [])
        for other in known:
            if other.shape == tensor.shape and torch.equal(other, tensor):
                return other
        if known:
            raise NetworkError(f"'{parameter.id}' is shared by layers that store it in two orders")
        if parameter.learned:
            trained = parameter.trainable and tensor.is_floating_point()
            tensor = torch.nn.Parameter(tensor, requires_grad=trained)
        known.append(tensor)
        return tensor

    def turned(self, value: Value, order: tuple[int, ...]) -> Any:
        """The value with its axes in another order: a view."""
        import torch

        if value.order == order:
            return value.node
        key = (value.node, order)
        if key not in self._turned:
            steps = tuple(value.order.index(position) for position in order)
            self._turned[key] = self.function(torch.permute, value.node, steps)
        return self._turned[key]

    def mark(self, layer: str) -> None:
        """Note whose calls those are that came since the last mark: ``meta["layer"]``."""
        for node in reversed(self._calls.nodes):
            if "layer" in node.meta:
                break
            node.meta["layer"] = layer

    def finished(self, name: str, results: list[Any]) -> Any:
        """The whole as a `torch.fx.GraphModule`."""
        import torch

        self._calls.output(results[0] if len(results) == 1 else tuple(results))
        for node in reversed(self._calls.nodes):
            if node.target in _UNUSED and not node.users:
                self._calls.erase_node(node)
        return torch.fx.GraphModule(self._root, self._calls, identifier(name))

    def _container(self, path: str) -> tuple[Any, str]:
        """The module that holds what is so named, made where it is missing; and the last part."""
        import torch

        owner, (*parts, leaf) = self._root, path.split(".")
        for part in parts:
            if part not in owner._modules:  # noqa: SLF001 - a name may shadow an attribute
                owner.add_module(part, torch.nn.Module())
            owner = owner._modules[part]  # noqa: SLF001
        return owner, leaf
