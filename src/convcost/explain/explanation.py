"""What an explanation consists of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from convcost.explain.difference import CauseSum, by_cause
from convcost.explain.said import Said, joined
from convcost.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.count import Count
    from convcost.explain.ablation import Ablation
    from convcost.explain.difference import Difference
    from convcost.explain.ratio import Ratio
    from convcost.explain.verification import Verification
    from convcost.predict import Prediction


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a rule found.

    Attributes:
        rule: the rule's name, which `convcost.explain.rules.rules` gives it.
        subject: what it is about, for a sentence (``BatchNorm``).
        network: index of the network it is about.
        layers: names of the layers it is about.
        text: the statement, with its numbers, one or two sentences.
        numbers: the numbers of the text, exact integers for bytes and counts.
        advice: what to do; empty where there is nothing to do.
        seconds: predicted time at stake, which orders the findings.
        timed: names of the layers whose predicted time the text tells; what was measured of them
            is told with it.
    """

    rule: str = ""
    subject: str = ""
    network: int
    layers: tuple[str, ...]
    text: str
    numbers: Mapping[str, Any]
    advice: str = ""
    seconds: float = 0.0
    timed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Achieved:
    """What a measured time means.

    Attributes:
        network: index.
        seconds: measured, for `samples` samples.
        samples: how many.
        flops_per_second: achieved; None where not all of the network's cost is known, as are the
            next two.
        bytes_per_second: achieved on the runtime's traffic.
        fraction_of_device: predicted time on the device / measured time.
        verdict: what kind of device, or of bottleneck, that is.
    """

    network: int
    seconds: float
    samples: int
    flops_per_second: float | None
    bytes_per_second: float | None
    fraction_of_device: float | None
    verdict: str


@dataclass(frozen=True, slots=True)
class Variation:
    """How the time moves when one thing is varied.

    Attributes:
        parameter: what is varied (``batch``, ``convolutions``).
        text: what the table shows.
        columns: names of the columns after the parameter's.
        rows: (value of the parameter, one number per column).
    """

    parameter: str
    text: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[float, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation(Result):
    """The answer first, then what it rests on.

    Attributes:
        said: the answer, pair by pair.
        checks: the lines after it: what the measurement says of the prediction, or, where it
            refutes the prediction and is the answer itself, what was predicted.
        counts: one per network, as are predictions.
        predictions: of a batch; by data sheet, of a training step, its forward pass.
        verifications: one per network where they were measured, else none.
        ratios: of each later network to the first.
        findings: the largest predicted time at stake first.
        differences: parts of the predicted difference in time.
        ablations: networks without one cause of their time, the largest change first.
        achieved: what measured times mean.
        variations: how the comparison moves.
        assumptions: what figures rest on.
    """

    said: tuple[Said, ...]
    checks: tuple[str, ...] = ()
    counts: tuple[Count, ...]
    predictions: tuple[Prediction, ...]
    verifications: tuple[Verification, ...] = ()
    ratios: tuple[Ratio, ...] = ()
    findings: tuple[Finding, ...] = ()
    differences: tuple[Difference, ...] = ()
    ablations: tuple[Ablation, ...] = ()
    achieved: tuple[Achieved, ...] = ()
    variations: tuple[Variation, ...] = ()
    assumptions: tuple[str, ...] = field(default=())

    def __repr__(self) -> str:
        return f"<Explanation: {self.answer}>"

    @property
    def answer(self) -> str:
        """The first line."""
        return joined(self.said)

    def source(self, index: int) -> str:
        """The name of a network."""
        return self.predictions[index].source

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the measurement early."""
        short = any(each.measurement.interrupted for each in self.verifications)
        return short or any(each.interrupted for each in self.ablations)

    @property
    def causes(self) -> tuple[CauseSum, ...]:
        """What each cause makes of the differences, over all layers."""
        return by_cause(self.differences)

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract of `convcost/explain/1`, the schema's name aside."""
        sources = [self.source(index) for index in range(len(self.predictions))]
        return {
            "answer": self.answer,
            **({"checks": list(self.checks)} if self.checks else {}),
            "assumptions": list(self.assumptions),
            "networks": [self._network(index) for index in range(len(self.predictions))],
            "ratios": [ratio.to_dict(sources) for ratio in self.ratios],
            "findings": [
                {
                    "rule": finding.rule,
                    "network": self.source(finding.network),
                    "layers": list(finding.layers),
                    "text": finding.text,
                    "numbers": dict(finding.numbers),
                    "advice": finding.advice,
                }
                for finding in self.findings
            ],
            "differences": [part.to_dict(sources) for part in self.differences],
            "causes": [each.to_dict(sources) for each in self.causes],
            **(
                {"ablations": [x.to_dict(sources[x.network]) for x in self.ablations]}
                if self.ablations
                else {}
            ),
            "achieved": [
                {
                    "network": self.source(a.network),
                    "seconds": a.seconds,
                    "samples": a.samples,
                    "flops_per_second": a.flops_per_second,
                    "bytes_per_second": a.bytes_per_second,
                    "fraction_of_device": a.fraction_of_device,
                    "verdict": a.verdict,
                }
                for a in self.achieved
            ],
            "variations": [
                {
                    "parameter": variation.parameter,
                    "text": variation.text,
                    "columns": list(variation.columns),
                    "rows": [[value, *numbers] for value, numbers in variation.rows],
                }
                for variation in self.variations
            ],
        }

    def _network(self, index: int) -> dict[str, Any]:
        total = self.counts[index].to_dict()["total"]
        found = self.predictions[index].to_dict() | {"count": total}
        if self.verifications:
            found["measured"] = self.verifications[index].to_dict()
        return found
