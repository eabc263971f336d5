"""Explanations of networks on a device of the catalogue, and small networks to explain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost import device, runtime, zoo
from convcost.count import Workload
from convcost.explain import explain
from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Tensor
from convcost.ops.input import Input

if TYPE_CHECKING:
    from convcost.device import Device
    from convcost.explain import Explanation
    from convcost.explain.explanation import Finding
    from convcost.network.network import Network, Ref

#: What is no part of a workload.
_OTHERS = ("measured", "verifier", "ablate", "profile")


def explanation(
    *networks: str | Network,
    on: str | Device = "i9-10940x",
    under: str = "torch",
    workload: Workload | None = None,
    **more: Any,
) -> Explanation:
    """Networks explained.

    Args:
        networks: or their names in the zoo.
        on: a device, or its name.
        under: a runtime.
        workload: default: a batch of 32, but for what `more` says.
        more: other arguments of `explain`, and fields of the workload.
    """
    others = {name: more.pop(name) for name in _OTHERS if name in more}
    return explain(
        [zoo.load(each) if isinstance(each, str) else each for each in networks],
        workload or Workload(**({"batch": 32} | more)),
        device=device.load(on) if isinstance(on, str) else on,
        runtime=runtime.load(under),
        **others,
    )


def found(rule: str, *networks: str | Network, **options: Any) -> list[Finding]:
    """What a rule finds; options as of `explanation`."""
    return [each for each in explanation(*networks, **options).findings if each.rule == rule]


def image(
    side: int = 32, channels: int = 3, *, first: bool = False, framework: str | None = None
) -> tuple[Builder, Ref]:
    """A network that begins with a square image, channels last or first."""
    builder = Builder("made", framework=framework)
    sizes = {"height": side, "width": side}
    shape = {"channel": channels, **sizes} if first else {**sizes, "channel": channels}
    return builder, builder.add(Input(Tensor.of(batch=BATCH, **shape)), name="image")
