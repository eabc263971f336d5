"""One forward pass, recorded: every call of an ATen operator, with its tensors and its module.

Under `torch.inference_mode` composite operators (``linear``, ``layer_norm``, ``lstm``, attention)
arrive whole, as the user's code calls them. Those that have no rule are taken apart into what they
are composed of; those that have neither are recorded as they are.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from convcost.network.dataclass import dataclass, field
from convcost.read.torch.module.results import quick_results
from convcost.read.torch.module.shadow import is_scripted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence


@dataclass(frozen=True, slots=True, eq=False)
class ModuleCall:
    """One call of a module during the forward pass.

    Attributes:
        path: its qualified name; empty for the whole network.
        leaf: whether it has no parts.
        number: which call of this module it is, from 0.
    """

    path: str
    leaf: bool
    number: int = 0


@dataclass(slots=True, eq=False)
class Record:
    """One call of an operator.

    Attributes:
        name: without its overload, ``aten.conv2d``; ``torch.nn.X`` for a module taken as a whole.
        func: the operator; None for a module.
        args: positional arguments.
        kwargs: the others.
        results: the tensors that it returns.
        within: the module call that it belongs to.
        part_of: the operator that was taken apart into this one and others; empty for none.
    """

    name: str
    func: Any
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    results: list[Any]
    within: ModuleCall
    part_of: str = ""

    @property
    def called(self) -> str:
        """The name with its overload where that is not the default one."""
        overload = getattr(self.func, "_overloadname", "default")
        return self.name if overload in {"", "default"} else f"{self.name}.{overload}"


@dataclass(slots=True, eq=False)
class Trace:
    """A recorded forward pass.

    Attributes:
        records: in order.
        inputs: the tensors that it was given.
        outputs: the tensors that it returned.
        origins: for stand-ins of tensors that had memory, by identity: (stand-in, original).
    """

    records: list[Record] = field(default_factory=list)
    inputs: list[Any] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)
    origins: dict[int, tuple[Any, Any]] = field(default_factory=dict)


def capture(
    module: Any,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    *,
    rules: Collection[str],
    whole_modules: Collection[str],
    real: bool,
) -> Trace:
    """Run a stand-in once and record it.

    Args:
        module: from `stand_in`; its hooks are removed again.
        args: positional arguments of its forward.
        kwargs: named ones.
        rules: operators to record whole.
        whole_modules: classes of modules to record as one call, by qualified name.
        real: whether tensors hold values.
    """
    import torch

    trace = Trace(inputs=[*tensors_in(args), *tensors_in(tuple(kwargs.values()))])
    stack = _Stack(whole_modules)
    with torch.inference_mode(), stack.watching(module, trace), _mode(trace, stack, rules, real):
        result = module(*args, **kwargs)
    trace.outputs = list(tensors_in(result))
    return trace


def tensors_in(value: Any) -> Iterator[Any]:
    """The tensors in nested sequences, mappings and data objects, in order."""
    import torch

    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from tensors_in(part)
    elif isinstance(value, (list, tuple, set)):
        for part in value:
            yield from tensors_in(part)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from tensors_in(getattr(value, name, None))


class _Stack:
    """Which module is running, and which operators are being taken apart."""

    def __init__(self, whole_modules: Collection[str]) -> None:
        self.calls: list[ModuleCall] = [ModuleCall("", leaf=False)]
        self.composites: list[str] = []
        self.hidden = 0
        self._whole = whole_modules
        self._handles: list[Any] = []

    def watching(self, module: Any, trace: Trace) -> Any:
        """Follow the calls of all parts of a module."""
        from contextlib import contextmanager

        @contextmanager
        def watch() -> Iterator[None]:
            try:
                for path, part in module.named_modules():
                    if not is_scripted(part):
                        self._follow(path, part, trace)
                yield
            finally:
                for handle in self._handles:
                    handle.remove()

        return watch()

    def _follow(self, path: str, part: Any, trace: Trace) -> None:
        kind = f"{type(part).__module__}.{type(part).__qualname__}"
        whole = kind in self._whole
        leaf = not part._modules  # noqa: SLF001 - children() makes a set at each call
        numbers = count()

        def enter(_: Any, __: Any) -> None:
            self.calls.append(ModuleCall(path, leaf, next(numbers)))
            self.hidden += whole

        def leave(part: Any, args: Any, result: Any) -> None:
            # calls that ended in an error which the model caught are left behind here
            while len(self.calls) > 1 and self.calls[-1].path != path:
                self.calls.pop()
            call = self.calls.pop() if len(self.calls) > 1 else self.calls[0]
            if whole:
                self.hidden -= 1
                if not self.hidden:
                    record = Record(kind, None, args, {"module": part}, [result], call)
                    trace.records.append(record)

        self._handles.append(part.register_forward_pre_hook(enter, prepend=True))
        self._handles.append(part.register_forward_hook(leave))


def _mode(trace: Trace, stack: _Stack, rules: Collection[str], real: bool) -> Any:
    """The dispatch mode that records."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    tensor_type = torch.Tensor
    quick: Mapping[Any, Callable[..., Any]] = {} if real else quick_results()
    known: dict[Any, tuple[str, bool]] = {}
    records, origins = trace.records, trace.origins

    def memoryless(tensor: Any) -> Any:
        """What stands for a tensor with memory among tensors without."""
        found = origins.get(-id(tensor))
        if found is None:
            found = torch.empty_like(tensor, device="meta"), tensor
            # the original stays alive beside its stand-in, and so keeps its identity
            origins[-id(tensor)] = origins[id(found[0])] = found
        return found[0]

    def adapted(value: Any) -> Any:
        if isinstance(value, tensor_type):
            return value if value.is_meta else memoryless(value)
        if isinstance(value, (list, tuple)):
            return type(value)(adapted(part) for part in value)
        return value

    class Recorder(TorchDispatchMode):  # type: ignore[misc]
        def __torch_dispatch__(
            self, func: Any, _: Any, args: tuple[Any, ...] = (), kwargs: Any = None
        ) -> Any:
            kwargs = kwargs or {}
            name, whole = known.get(func) or known.setdefault(func, _known(func, rules))
            if not real:
                given = [*tensors_in(args), *tensors_in(tuple(kwargs.values()))]
                some = any(tensor.is_meta for tensor in given)
                if some and not all(tensor.is_meta for tensor in given):
                    args = tuple(adapted(value) for value in args)
                    kwargs = {key: adapted(value) for key, value in kwargs.items()}
            if not whole and not stack.hidden:
                stack.composites.append(name)
                try:
                    with self:
                        return func.decompose(*args, **kwargs)
                finally:
                    stack.composites.pop()
            shortcut = quick.get(func)
            result = NotImplemented if shortcut is None else shortcut(*args, **kwargs)
            if result is NotImplemented:
                result = func(*args, **kwargs)
            if not stack.hidden:
                results = list(tensors_in(result))
                outermost = stack.composites[0] if stack.composites else ""
                call = stack.calls[-1]
                records.append(Record(name, func, args, kwargs, results, call, outermost))
            return result

    return Recorder()


def _known(func: Any, rules: Collection[str]) -> tuple[str, bool]:
    """The name of an operator, and whether it is recorded whole."""
    from torch._C import DispatchKey, _dispatch_has_kernel_for_dispatch_key

    name = str(func.overloadpacket)
    key = DispatchKey.CompositeImplicitAutograd
    composed = _dispatch_has_kernel_for_dispatch_key(func.name(), key)
    return name, not composed or name in rules or name.rstrip("_") in rules
