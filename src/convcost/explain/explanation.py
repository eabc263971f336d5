"""What an explanation consists of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.count import Count
    from convcost.predict import Estimate, Prediction


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times longer one network takes than another: time(a) / time(b).

    Attributes:
        a: index of the later network.
        b: index of the network it is compared with.
        predicted: by the runtime's kernels on the device.
        measured: from the times that the user gave; None without them.
    """

    a: int
    b: int
    predicted: Estimate
    measured: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a rule found.

    Attributes:
        rule: the rule's name.
        subject: what it is about, for a sentence (``BatchNorm``).
        network: index of the network it is about.
        layers: names of the layers it is about.
        text: the statement, with its numbers, one or two sentences.
        numbers: the numbers of the text, exact integers for bytes and counts.
        advice: what to do; empty where there is nothing to do.
        seconds: predicted time at stake, which orders the findings.
    """

    rule: str
    subject: str = ""
    network: int
    layers: tuple[str, ...]
    text: str
    numbers: Mapping[str, Any]
    advice: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Difference:
    """A part of the difference in time between two networks; the parts add up to the whole.

    Attributes:
        a: index of the network whose layer it is, or to which the layer belongs in both.
        b: index of the network it is compared with.
        layer: the layer's name (in a, or in b where a lacks it).
        cause: ``only in a``, ``only in b``, ``compute``, ``memory`` or ``launch``.
        seconds: time(a) - time(b) of it.
    """

    a: int
    b: int
    layer: str
    cause: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Achieved:
    """What a measured time means.

    Attributes:
        network: index.
        seconds: measured, for `samples` samples.
        samples: how many.
        flops_per_second: achieved; None where the cost is not complete.
        bytes_per_second: achieved on the runtime's traffic.
        fraction_of_device: predicted time on the device / measured time.
        verdict: what kind of device, or of bottleneck, that is.
    """

    network: int
    seconds: float
    samples: int
    flops_per_second: float
    bytes_per_second: float
    fraction_of_device: float
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
class Explanation:
    """The answer first, then what it rests on."""

    answer: str
    counts: tuple[Count, ...]
    predictions: tuple[Prediction, ...]
    ratios: tuple[Ratio, ...] = ()
    findings: tuple[Finding, ...] = ()
    differences: tuple[Difference, ...] = ()
    achieved: tuple[Achieved, ...] = ()
    variations: tuple[Variation, ...] = ()
    assumptions: tuple[str, ...] = field(default=())

    def __repr__(self) -> str:
        return f"<Explanation: {self.answer}>"

    def source(self, index: int) -> str:
        """The name of a network."""
        return self.predictions[index].source

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract of `convcost/explain/1`, the schema's name aside."""
        return {
            "answer": self.answer,
            "assumptions": list(self.assumptions),
            "networks": [
                prediction.to_dict() | {"count": counted.to_dict()["total"]}
                for prediction, counted in zip(self.predictions, self.counts, strict=True)
            ],
            "ratios": [
                {
                    "a": self.source(ratio.a),
                    "b": self.source(ratio.b),
                    "predicted": ratio.predicted.to_dict(),
                    **({} if ratio.measured is None else {"measured": {"value": ratio.measured}}),
                }
                for ratio in self.ratios
            ],
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
            "differences": [
                {
                    "a": self.source(part.a),
                    "b": self.source(part.b),
                    "layer": part.layer,
                    "cause": part.cause,
                    "seconds": part.seconds,
                }
                for part in self.differences
            ],
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
