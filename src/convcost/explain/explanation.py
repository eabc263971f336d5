"""What an explanation consists of."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.count import Count
    from convcost.explain.verification import Verification
    from convcost.predict import Estimate, Prediction


@dataclass(frozen=True, slots=True)
class MeasuredRatio:
    """A measured time(a) / time(b).

    Attributes:
        value: of a batch; of a training step where steps were measured.
        low: of the interval of the median; None where single times are compared.
        high: its counterpart.
        confidence: the probability that such an interval holds the true ratio; None without one.
    """

    value: float
    low: float | None = None
    high: float | None = None
    confidence: float | None = None

    def times(self, factor: float) -> MeasuredRatio:
        """The ratio of a part, which has this factor more of a's time than of b's."""
        low, high = (None if end is None else end * factor for end in (self.low, self.high))
        return MeasuredRatio(self.value * factor, low, high, self.confidence)

    def to_dict(self) -> dict[str, float]:
        """Plain values; without the interval where there is none."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times longer one network takes than another: time(a) / time(b).

    Attributes:
        a: index of the later network.
        b: index of the network it is compared with.
        predicted: by the runtime's kernels on the device.
        measured: from times that the user gave, the sources tell or convcost took; None without.
        measured_forward: of the forward passes alone, where they are what is predicted; None where
            that is `measured` itself, or is not known.
    """

    a: int
    b: int
    predicted: Estimate
    measured: MeasuredRatio | None = None
    measured_forward: MeasuredRatio | None = None


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
        timed: names of the layers whose predicted time the text tells; what was measured of them
            is told with it.
    """

    rule: str
    subject: str = ""
    network: int
    layers: tuple[str, ...]
    text: str
    numbers: Mapping[str, Any]
    advice: str = ""
    seconds: float = 0.0
    timed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """A part of the difference in time between two networks; the parts add up to the whole.

    Attributes:
        a: index of the network whose layer it is, or to which the layer belongs in both.
        b: index of the network it is compared with.
        layer: the layer's name (in a, or in b where a lacks it); of what belongs to no layer, the
            phase: ``loss``, ``update``, ``loop``.
        cause: ``only in a``, ``only in b``, ``compute``, ``memory``, ``launch``, or the phase.
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
    """The answer first, then what it rests on.

    Attributes:
        answer: the first line.
        checks: the lines after it: what the measurement says of the prediction, or, where it
            refutes the prediction and is the answer itself, what was predicted.
        counts: one per network, as are predictions.
        predictions: of a batch; by data sheet, of a training step, its forward pass.
        verifications: one per network where they were measured, else none.
        ratios: of each later network to the first.
        findings: the largest predicted time at stake first.
        differences: parts of the predicted difference in time.
        achieved: what measured times mean.
        variations: how the comparison moves.
        assumptions: what figures rest on.
    """

    answer: str
    checks: tuple[str, ...] = ()
    counts: tuple[Count, ...]
    predictions: tuple[Prediction, ...]
    verifications: tuple[Verification, ...] = ()
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

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the measurement early."""
        return any(each.measurement.interrupted for each in self.verifications)

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract of `convcost/explain/1`, the schema's name aside."""
        return {
            "answer": self.answer,
            **({"checks": list(self.checks)} if self.checks else {}),
            "assumptions": list(self.assumptions),
            "networks": [self._network(index) for index in range(len(self.predictions))],
            "ratios": [self._ratio(ratio) for ratio in self.ratios],
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

    def _network(self, index: int) -> dict[str, Any]:
        total = self.counts[index].to_dict()["total"]
        found = self.predictions[index].to_dict() | {"count": total}
        if self.verifications:
            found["measured"] = self.verifications[index].to_dict()
        return found

    def _ratio(self, ratio: Ratio) -> dict[str, Any]:
        measured = {"measured": ratio.measured, "measured_forward": ratio.measured_forward}
        return {
            "a": self.source(ratio.a),
            "b": self.source(ratio.b),
            "predicted": ratio.predicted.to_dict(),
            **{name: each.to_dict() for name, each in measured.items() if each is not None},
        }
