"""The recorded passes through a module, one per batch size."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from convcost.errors import ConvcostError, SourceError
from convcost.network.dataclass import dataclass, replace
from convcost.read.torch.module import aten
from convcost.read.torch.module.capture import capture
from convcost.read.torch.module.shadow import stand_in, unwrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.read.torch.module.capture import Trace
    from convcost.read.torch.module.inputs import Examples

#: Batches of the passes, in multiples of the user's. Both are above one, where axes of size one
#: behave in their own way; halves, limits and the like of both are not in their proportion.
_FACTORS = (2, 7)
_CONFIRMING_FACTOR = 3


@dataclass(frozen=True, slots=True)
class Passes:
    """What was recorded.

    Attributes:
        module: the user's.
        copy: the stand-in that was run.
        examples: its inputs.
        batches: the batch of each pass.
        traces: the passes.
        real: whether they were run on values.
    """

    module: Any
    copy: Any
    examples: Examples
    batches: tuple[int, ...]
    traces: tuple[Trace, ...]
    real: bool = False


def run(module: Any, examples: Examples) -> Passes:
    """Pass at two batches; at the given one alone where the inputs have no batch axis.

    A forward pass that asks for values of tensors is run on the example inputs instead.

    Raises:
        SourceError: it fails.
    """
    module = unwrapped(module)
    batches = tuple(factor * examples.batch for factor in _FACTORS)
    if not examples.has_batch:
        batches = batches[:1]
    try:
        return _run(module, examples, batches, real=False)
    except ConvcostError:
        raise
    except Exception as error:  # noqa: BLE001 - it is the user's code that runs
        first = error
    try:
        return _run(module, examples, batches, real=True)
    except ConvcostError:
        raise
    except Exception as error:
        raise _failure(module, error, first, examples) from error


def confirmed(passes: Passes) -> Passes:
    """With one pass more, at another batch."""
    batch = _CONFIRMING_FACTOR * passes.examples.batch
    copy = _ready(passes.module, passes.examples, batch, real=passes.real)
    trace = _pass(copy, passes.examples, batch, real=passes.real)
    return replace(passes, batches=(*passes.batches, batch), traces=(*passes.traces, trace))


def _run(module: Any, examples: Examples, batches: tuple[int, ...], *, real: bool) -> Passes:
    copy = _ready(module, examples, batches[0], real=real)
    traces = [_pass(copy, examples, batches[0], real=real)]
    for batch in batches[1:]:
        trace = _pass(copy, examples, batch, real=real)
        if _calls(trace) != _calls(traces[0]):
            # what the first pass left behind (a table kept for the next time) changes the second
            fresh = _ready(module, examples, batches[0], real=real)
            trace = _pass(fresh, examples, batch, real=real)
        traces.append(trace)
    return Passes(module, copy, examples, batches, tuple(traces), real)


def _ready(module: Any, examples: Examples, batch: int, *, real: bool) -> Any:
    """A stand-in whose weights have their sizes."""
    copy = stand_in(module, real=real)
    if _is_lazy(copy):
        _pass(copy, examples, batch, real=real)
    return copy


def _calls(trace: Trace) -> list[str]:
    return [record.name for record in trace.records]


def _pass(copy: Any, examples: Examples, batch: int, *, real: bool) -> Trace:
    args, kwargs = examples.at(batch if examples.has_batch else None, real=real)
    with _undisturbed():
        return capture(
            copy, args, kwargs, rules=aten.rules(), whole_modules=aten.modules(), real=real
        )


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Leave the framework's own state as it is: random numbers, and the choice of kernels."""
    import torch

    fast = torch.backends.mha.get_fastpath_enabled()
    with torch.random.fork_rng(devices=[]):
        # the fused encoder layer of the CPU is one opaque operator
        torch.backends.mha.set_fastpath_enabled(False)
        try:
            yield
        finally:
            torch.backends.mha.set_fastpath_enabled(fast)


def _is_lazy(module: Any) -> bool:
    """Whether it learns the sizes of its weights from the first input that it sees."""
    from torch.nn.parameter import is_lazy

    return any(is_lazy(tensor) for tensor in (*module.parameters(), *module.buffers()))


def _failure(module: Any, error: Exception, first: Exception, examples: Examples) -> SourceError:
    """What to tell about a forward pass that raised on tensors without values, and with them."""
    hint = (
        "give inputs of the shapes and dtypes that it takes, the batch axis included: "
        "inputs=torch.zeros(1, 3, 224, 224), on the command line without it: --input 3,224,224"
    )
    at = ""
    if examples.has_batch:
        at = f" at batch {_FACTORS[0] * examples.batch}"
        hint += "; batch_axis=None if it takes these inputs as they are and no other batch"
    if any(tensor.is_meta for tensor in module.parameters()):
        error = first  # there are no values to run it on
        hint += "; a module on the meta device cannot be asked for values"
    text = (str(error).strip() or "no message").splitlines()[0]
    return SourceError(
        f"the module's forward pass fails{at}: {type(error).__name__}: {text}", hint=hint
    )
