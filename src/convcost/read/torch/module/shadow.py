"""A stand-in for a module: the same structure and code, tensors without memory.

The forward pass runs on the stand-in. Whatever it does, the user's module keeps its mode, buffers
and hooks, and no weight is copied.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from convcost.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Stored whole numbers and single numbers may steer a forward pass: small ones keep their values.
_KEPT_ELEMENTS = 2**16


def stand_in(module: Any, *, real: bool) -> Any:
    """A copy of the module in inference mode.

    Args:
        module: the user's; not changed.
        real: keep the values of all tensors.

    Raises:
        SourceError: it holds something that cannot be copied.
    """
    module = unwrapped(module)
    memo: dict[int, Any] = {}
    for tensor in _tensors(module):
        if id(tensor) not in memo:
            memo[id(tensor)] = _without_memory(tensor, real=real)
    # tensors stay alive as long as the memo is used: an id must not be given to another object
    try:
        result = copy.deepcopy(module, memo)
    except Exception as error:
        raise SourceError(
            f"{type(module).__name__} cannot be copied: {_first_line(error)}",
            hint="the forward pass runs on a copy, so that your module stays as it is; "
            "keep what cannot be copied outside of the module",
        ) from error
    result.eval()
    return result


def unwrapped(module: Any) -> Any:
    """The module inside wrappers that change only how it is run."""
    while True:
        kind = type(module).__name__
        if kind in ("DataParallel", "DistributedDataParallel"):
            module = module.module
        elif kind == "OptimizedModule":
            module = module._orig_mod  # noqa: SLF001 - torch.compile has no public name for it
        else:
            return module


def is_scripted(module: Any) -> bool:
    """Whether a module is compiled TorchScript, whose parts are not Python objects."""
    import torch

    return isinstance(module, torch.jit.ScriptModule)


def _tensors(module: Any) -> Iterator[Any]:
    """Parameters, buffers, and tensors that are plain attributes of modules."""
    import torch

    for part in module.modules():
        if is_scripted(part):
            continue  # copied by its own code
        for value in (*part._parameters.values(), *part._buffers.values()):  # noqa: SLF001
            if value is not None:
                yield value
        for value in vars(part).values():
            if isinstance(value, torch.Tensor):
                yield value


def _without_memory(tensor: Any, *, real: bool) -> Any:
    import torch
    from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

    if isinstance(tensor, (UninitializedParameter, UninitializedBuffer)):
        kind = type(tensor)
        extra = {"requires_grad": tensor.requires_grad} if kind is UninitializedParameter else {}
        return kind(**extra, device=None if real else "meta", dtype=tensor.dtype)
    steers = not tensor.is_floating_point() or tensor.numel() == 1
    is_parameter = isinstance(tensor, torch.nn.Parameter)
    if real or (steers and not is_parameter and tensor.numel() <= _KEPT_ELEMENTS):
        values = tensor.detach().clone()
    else:
        values = torch.empty_strided(
            tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta"
        )
    if is_parameter:
        return torch.nn.Parameter(values, requires_grad=tensor.requires_grad)
    return values


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
