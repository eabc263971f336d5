"""Where the time of a run in PyTorch goes: a clock between the calls of a written module.

The forward pass is the module's own generated code with a look at the clock behind each call. In
the backward pass every node of autograd looks at the clock before it begins; the nodes that appear
during a call are those of the call's layer. So no time is lost or counted twice: each look ends
one part and begins the next.
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from convcost.runtime.runners.runner import RunPhase, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CALLS = frozenset({"call_module", "call_function", "call_method"})


@dataclass(slots=True)
class _Part:
    """What one layer takes in one phase.

    Attributes:
        seconds: so far.
        kernels: what PyTorch calls them.
    """

    seconds: float = 0.0
    kernels: dict[str, None] = field(default_factory=dict)


class Clock:
    """Takes the times of one run; a look at it ends one part and begins the next."""

    def __init__(self) -> None:
        self._parts: dict[tuple[str, RunPhase], _Part] = defaultdict(_Part)
        #: nodes of autograd that have a layer; kept alive, so that none is taken for another
        self._known: set[Any] = set()
        #: when a node of that layer, phase and name began
        self._begun: list[tuple[float, str, RunPhase, str]] = []
        self._last = self._start = time.perf_counter()

    def tick(self, layer: str, phase: RunPhase, kernel: str) -> None:
        """What ran since the last look was this."""
        now = time.perf_counter()
        self._add(layer, phase, kernel, now - self._last)
        self._last = time.perf_counter()

    def call(self, layer: str, kernel: str, result: Any) -> None:
        """A call of the forward pass has ended."""
        self.tick(layer, "forward" if layer else "loop", kernel)
        self.watch(layer, "backward" if layer else "loop", result)
        self._last = time.perf_counter()

    def watch(self, layer: str, phase: RunPhase, result: Any) -> None:
        """Have the nodes that lead to a result, and that have no layer yet, look at the clock."""
        found = [node for tensor in _tensors(result) if (node := tensor.grad_fn) is not None]
        while found:
            node = found.pop()
            if node not in self._known:
                self._known.add(node)
                node.register_prehook(self._hook(layer, phase, node.name().rpartition("::")[2]))
                found += [other for other, _ in node.next_functions if other is not None]

    def backward(self, loss: Any) -> None:
        """Run the backward pass of a watched number: every node runs until the next one begins."""
        self._last = time.perf_counter()
        loss.backward()
        end = time.perf_counter()
        times = [*(when for when, *_ in self._begun), end]
        self._add("", "loop", "", times[0] - self._last)
        for place, (when, layer, phase, name) in enumerate(self._begun):
            self._add(layer, phase, name, times[place + 1] - when)
        self._last = end

    def seconds(self) -> float:
        """Since it was made."""
        return time.perf_counter() - self._start

    def spans(self, whole: float) -> tuple[Span, ...]:
        """One for each layer and phase, in the order in which they began, and what is left."""
        spans = [
            Span((layer,) if layer else (), phase, part.seconds, ", ".join(part.kernels))
            for (layer, phase), part in self._parts.items()
            if (layer, phase) != ("", "loop")
        ]
        rest = whole - sum(span.seconds for span in spans)
        return (*spans, Span((), "loop", max(rest, 0.0)))

    def _add(self, layer: str, phase: RunPhase, kernel: str, seconds: float) -> None:
        part = self._parts[layer, phase]
        part.seconds += seconds
        part.kernels[kernel] = None

    def _hook(self, layer: str, phase: RunPhase, name: str) -> Any:
        begun = self._begun  # not the clock, which keeps the node that keeps the hook

        def look(_gradients: Any) -> None:
            begun.append((time.perf_counter(), layer, phase, name))

        return look


class WatchedModule:
    """A written module whose calls look at a clock.

    Args:
        module: as `convcost.write.torch.module` makes it; the parts are shared, not copied.
    """

    def __init__(self, module: Any) -> None:
        import torch

        graph = torch.fx.Graph()
        graph.output(graph.graph_copy(module.graph, {}))
        for node in list(graph.nodes):
            if node.op in _CALLS:
                layer = node.meta.get("layer", "")
                with graph.inserting_after(node):
                    graph.call_function(self._call, (layer, _kernel(module, node), node))
        self._module = torch.fx.GraphModule(module, graph)
        self._clock: Clock | None = None

    def run(self, clock: Clock, inputs: Iterable[Any], *, training: bool) -> Any:
        """The results of a forward pass."""
        self._module.train(training)
        self._clock = clock
        try:
            return self._module(*inputs)
        finally:
            # it keeps nodes of autograd, whose hooks would slow down runs without a clock
            self._clock = None

    def _call(self, layer: str, kernel: str, result: Any) -> None:
        if self._clock is not None:
            self._clock.call(layer, kernel, result)


def _kernel(module: Any, node: Any) -> str:
    """What is called: a class of `torch.nn`, a function, a method."""
    if node.op == "call_module":
        return type(module.get_submodule(node.target)).__name__
    return node.target if isinstance(node.target, str) else str(node.target.__name__)


def _tensors(result: Any) -> Iterator[Any]:
    if hasattr(result, "grad_fn"):
        yield result
    elif isinstance(result, (tuple, list)):
        for each in result:
            yield from _tensors(each)
