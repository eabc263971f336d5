"""Other people's counters, run: one function per convention, by the convention's name.

A runner takes a module in eval mode and its inputs, and returns what the tool says, parameters and
activations where it says these too. It may change the module: it gets one of its own. Gradients
stay enabled, as the tools' own examples have it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True)
class Said:
    """What a tool says; None for what it does not count."""

    operations: int
    parameters: int | None = None
    activations: int | None = None


def fvcore(module: Any, inputs: Sequence[Any]) -> Said:
    from fvcore.nn import ActivationCountAnalysis, FlopCountAnalysis, parameter_count

    logging.getLogger("fvcore").setLevel(logging.ERROR)
    flops = FlopCountAnalysis(module, tuple(inputs)).total()
    activations = ActivationCountAnalysis(module, tuple(inputs)).total()
    assert flops == int(flops)
    return Said(int(flops), parameter_count(module)[""], activations)


def flop_counter(module: Any, inputs: Sequence[Any]) -> Said:
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        module(*inputs)
    return Said(counter.get_total_flops())


#: Convention -> (what to import to see whether the tool is there, runner).
RUNNERS: dict[str, tuple[str, Callable[[Any, Sequence[Any]], Said]]] = {
    "fvcore": ("fvcore", fvcore),
    "flop-counter": ("torch", flop_counter),
}
