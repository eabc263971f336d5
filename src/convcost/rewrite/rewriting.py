"""The result of the verb: what could be done, or what was done, and its proof."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convcost.result import Result

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.predict import Estimate
    from convcost.rewrite.applying import Step
    from convcost.rewrite.judging.candidates import Candidates
    from convcost.rewrite.judging.setting import Setting
    from convcost.rewrite.proof.proof import Proof
    from convcost.rewrite.statistics.recalibrate import Recalibrated


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewriting(Result):
    """Of one network.

    Attributes:
        source: its name.
        setting: what times are predicted for.
        network: the rewritten one; the network itself where nothing was to be done.
        steps: what was done, in order.
        ratio: predicted time of the rewritten network over that of the old one; None without steps.
        candidates: what could be done; None where something was chosen.
        recalibrated: how BatchNorm statistics were estimated anew; None where they were not.
        proof: None where it was not asked for.
        output: the file that the new network was written to; None for none.
    """

    source: str
    setting: Setting
    network: Network
    steps: tuple[Step, ...] = ()
    ratio: Estimate | None = None
    candidates: Candidates | None = None
    recalibrated: Recalibrated | None = None
    proof: Proof | None = None
    output: str | None = None

    @property
    def changed(self) -> bool:
        """Whether anything was rewritten."""
        return any(step.sizes for step in self.steps)

    def __repr__(self) -> str:
        if self.candidates is not None:
            found = self.candidates
            what = f"{len(found.worth_it)} of {len(found.found)} candidates are worth it"
        else:
            what = ", ".join(step.name for step in self.steps if step.sizes) or "nothing"
        return f"<Rewriting of {self.source}: {what}>"

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract: `convcost/rewrite/1`."""
        found = self.candidates
        listed = {} if found is None else {
            "before": found.before.to_dict(),
            "candidates": [each.to_dict() for each in found.found],
            "refused": [{"name": name, **each.to_dict()} for name, each in found.refused],
        }  # fmt: skip
        more = {
            "ratio": self.ratio and self.ratio.to_dict(),
            "recalibrated": self.recalibrated and self.recalibrated.to_dict(),
            "verified": self.proof and self.proof.to_dict(),
            "output": self.output,
        }
        return {
            "schema": "convcost/rewrite/1",
            "source": self.source,
            **self.setting.to_dict(),
            "steps": [step.to_dict() for step in self.steps],
            **listed,
            **{name: value for name, value in more.items() if value is not None},
        }
