"""What a rewrite is judged by: the workload, and what runs it where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convcost.count import Workload
from convcost.network.cost import NOTHING
from convcost.predict import forward_only, predict
from convcost.runtime import default_for

if TYPE_CHECKING:
    from convcost.device import Device
    from convcost.network.cost import Cost
    from convcost.network.network import Network
    from convcost.predict import Basis, Prediction
    from convcost.predict.profile import Profile
    from convcost.runtime import Runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The same for all variants of a network, so that their times can be compared.

    Attributes:
        workload: batch, mode, dtype.
        device: that runs them.
        runtime: that executes them.
        profile: of the runtime on the device; None: by data sheet.
    """

    workload: Workload
    device: Device
    runtime: Runtime
    profile: Profile | None = None

    @classmethod
    def chosen(
        cls,
        network: Network,
        workload: Workload | None = None,
        *,
        device: Device | None = None,
        runtime: Runtime | None = None,
        profile: Profile | None = None,
    ) -> Setting:
        """The setting that is asked for.

        Args:
            network: whose framework has a runtime of its own.
            workload: default: one sample, inference.
            device: default: this machine.
            runtime: default: that of the network's framework.
            profile: default: none.
        """
        if device is None:
            from convcost.device import THIS_MACHINE, load

            device = load(THIS_MACHINE)
        workload = workload or Workload()
        runtime = runtime or default_for(
            network.framework, training=workload.training, device_kind=device.kind
        )
        return cls(workload=workload, device=device, runtime=runtime, profile=profile)

    @property
    def basis(self) -> Basis:
        """What times come from."""
        return "data sheet" if self.profile is None else "calibrated"

    @property
    def forward_only(self) -> bool:
        """Whether times are those of a training step's forward pass."""
        return forward_only(self.workload, self.basis)

    def predicted(self, network: Network, beside: Cost = NOTHING) -> Prediction:
        """The time of a network, or of a part of one; as `convcost.predict.predict` has it."""
        return predict(
            network, self.workload, device=self.device, runtime=self.runtime, profile=self.profile,
            beside=beside,
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "device": self.device.name,
            "runtime": self.runtime.name,
            "workload": self.workload.to_dict(),
            "basis": self.basis,
        }
