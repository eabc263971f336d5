"""Many networks side by side under one workload."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convcost import zoo
from convcost.compare.difference import LayerDifference, differing
from convcost.count import Workload, count
from convcost.errors import NetworkError, UsageError
from convcost.predict import predict
from convcost.result import Result
from convcost.runtime import default_for
from convcost.runtime.memory import known_peak

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcost.device import Device
    from convcost.network.network import Network
    from convcost.predict import Basis, Estimate
    from convcost.predict.profile import Profile
    from convcost.runtime import Runtime
    from convcost.zoo import Accuracy


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What a network costs; a figure that is not known is None.

    Attributes:
        source: its name.
        parameters: learned ones.
        macs: of a batch's forward pass, or of a training step.
        activation_bytes: that the layers of its forward pass write.
        memory_bytes: the most at one time.
        seconds: predicted, of a batch.
        complete: whether every layer is counted.
        why: why there is no time; empty where there is.
        top1: the published accuracy of a network of the zoo with its own settings.
    """

    source: str
    parameters: int | None
    macs: int | None
    activation_bytes: int | None
    memory_bytes: int | None
    seconds: Estimate | None
    complete: bool
    why: str = ""
    top1: Accuracy | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract."""
        accuracy = self.top1
        return {
            "source": self.source,
            "parameters": self.parameters,
            "macs": self.macs,
            "activation_bytes": self.activation_bytes,
            "memory_bytes": self.memory_bytes,
            "seconds": None if self.seconds is None else self.seconds.to_dict(),
            "complete": self.complete,
            **({"why": self.why} if self.why else {}),
            "top1": None if accuracy is None else {
                "percent": accuracy.percent, "data": accuracy.data, "source": accuracy.source
            },
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(Result):
    """Networks side by side.

    Attributes:
        workload: of all of them.
        device: that runs them.
        runtime: that executes them.
        basis: ``calibrated`` or ``data sheet``.
        rows: in the order of the networks.
        differences: of two networks, layer by layer; None where it was not asked for.
    """

    workload: Workload
    device: Device
    runtime: Runtime
    basis: Basis
    rows: tuple[Costs, ...]
    differences: tuple[LayerDifference, ...] | None = None

    def __repr__(self) -> str:
        names = ", ".join(row.source for row in self.rows)
        return f"<Comparison of {names}: {self.runtime.name} on {self.device.name}>"

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract: `convcost/compare/1`."""
        found = self.differences
        return {
            "schema": "convcost/compare/1",
            "device": self.device.name,
            "runtime": self.runtime.name,
            "basis": self.basis,
            "workload": self.workload.to_dict(),
            "networks": [row.to_dict() for row in self.rows],
            **({} if found is None else {"differences": [each.to_dict() for each in found]}),
        }


def compare(
    networks: Sequence[Network],
    workload: Workload | None = None,
    *,
    device: Device,
    runtime: Runtime | None = None,
    profile: Profile | None = None,
    diff: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Comparison:
    """Count and predict several networks in one runtime.

    Args:
        networks: two or more.
        workload: default: one sample, inference.
        device: that runs them.
        runtime: default: that of the first network's framework.
        profile: of that runtime on that device; None: by data sheet.
        diff: also tell two networks' difference layer by layer.
        say: told which network it is at.

    Raises:
        UsageError: there is only one network, or there are more than two to tell the difference of.
    """
    if len(networks) < 2:
        raise UsageError("there is nothing to compare with", hint="convcost compare A B, or zoo:*")
    if diff and len(networks) != 2:
        raise UsageError(f"a difference is of two networks, the sources have {len(networks)}")
    workload = workload or Workload()
    runtime = runtime or default_for(
        networks[0].framework, training=workload.training, device_kind=device.kind
    )
    rows = []
    for place, network in enumerate(networks, 1):
        say(f"{place} of {len(networks)}: {network.name}")
        rows.append(_costs(network, workload, device, runtime, profile))
    return Comparison(
        workload=workload,
        device=device,
        runtime=runtime,
        basis="data sheet" if profile is None else "calibrated",
        rows=tuple(rows),
        differences=differing(*networks, workload=workload) if diff else None,
    )


def _costs(
    network: Network, workload: Workload, device: Device, runtime: Runtime, profile: Profile | None
) -> Costs:
    found = count(network, workload)
    total = found.total
    seconds, why = None, ""
    try:
        predicted = predict(network, workload, device=device, runtime=runtime, profile=profile)
        seconds = predicted.seconds
    except NetworkError as error:
        why = error.message
    macs = total.step.macs if workload.training else total.forward.macs
    return Costs(
        source=network.name,
        parameters=_known(total.parameters),
        macs=_known(macs),
        activation_bytes=_known(total.forward.write_bytes),
        memory_bytes=known_peak(network, workload, runtime),
        seconds=seconds,
        complete=found.complete,
        why=why,
        top1=_top1(network),
    )


def _known(size: Any) -> int | None:
    return size if isinstance(size, int) else None


def _top1(network: Network) -> Accuracy | None:
    """Of the zoo's own network of that name, if this is that one."""
    if network.name not in zoo.names():
        return None
    found = zoo.entry(network.name).top1
    return found if found is not None and zoo.load(network.name) == network else None
