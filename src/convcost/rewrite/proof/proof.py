"""All that proves a rewrite, by the kinds of its steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convcost.rewrite.proof.agreement import agreement
from convcost.rewrite.proof.denormals import denormals
from convcost.rewrite.proof.equality import equality
from convcost.rewrite.proof.timing import timing
from convcost.rewrite.proof.weights import weight_errors
from convcost.rewrite.rewrite import least_exact
from convcost.rewrite.running.valued import filled, without_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from convcost.count import Workload
    from convcost.measure import Effort
    from convcost.network.network import Network
    from convcost.predict import Estimate
    from convcost.rewrite.proof.agreement import Agreement
    from convcost.rewrite.proof.denormals import Denormal
    from convcost.rewrite.proof.equality import Equality
    from convcost.rewrite.proof.timing import Timing
    from convcost.rewrite.proof.weights import WeightError
    from convcost.rewrite.rewrite import Kind
    from convcost.rewrite.samples.data import Data
    from convcost.rewrite.training.curves import Training


_NO_VALUES = "the source has no values of parameters: outputs were not compared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was seen of a rewritten network beside the original.

    Attributes:
        kind: of the steps together: the least exact of theirs.
        equality: of outputs, where all steps are exact; None where they are not, or there was
            nothing to run.
        weights: errors of kernels, of approximate steps.
        agreement: of outputs, where values were carried over approximately, or there are data.
        timing: None where nothing was measured.
        denormals: parameters that hold denormal numbers.
        training: None where nothing was trained.
        remarks: what is not proved, and why.
    """

    kind: Kind
    equality: Equality | None = None
    weights: tuple[WeightError, ...] = ()
    agreement: Agreement | None = None
    timing: Timing | None = None
    denormals: tuple[Denormal, ...] = ()
    training: Training | None = None
    remarks: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether outputs differ that must not."""
        return self.equality is not None and not self.equality.equal

    def to_dict(self) -> dict[str, Any]:
        """Plain values: ``verified`` of the rewrite's JSON."""
        parts = {
            "equality": self.equality,
            "agreement": self.agreement,
            "timing": self.timing,
            "training": self.training,
        }
        return {
            "kind": self.kind,
            "failed": self.failed,
            **{name: part.to_dict() for name, part in parts.items() if part is not None},
            "weights": [each.to_dict() for each in self.weights],
            "denormals": [each.to_dict() for each in self.denormals],
            "remarks": list(self.remarks),
        }


def proved(
    before: Network,
    after: Network,
    kinds: Iterable[Kind],
    *,
    runtime: str | None = None,
    workload: Workload | None = None,
    effort: Effort | None = None,
    threads: int | None = None,
    data: Data | None = None,
    predicted: Estimate | None = None,
    again: Callable[[Network], Network] | None = None,
    recalibrated: bool = False,
    measured: bool = True,
    training: Training | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Proof:
    """Prove a rewrite.

    Exact steps: outputs are equal. Approximate ones: how far weights and outputs are off, and the
    accuracy on the user's data. Steps after which the network has to be trained: what `training`
    says. All: the time, measured side by side; denormal numbers.

    Args:
        before: the original.
        after: the rewritten network.
        kinds: of what was done, at least one.
        runtime: to measure and compare in; default: to measure, the network's own framework; to
            compare, ONNX Runtime where it is installed.
        workload: what is measured.
        effort: how long to measure.
        threads: of the framework.
        data: the user's samples.
        predicted: time(after) / time(before).
        again: does the same steps to another network of the same structure. With it a network
            without values is proved too: it gets random ones first.
        recalibrated: whether statistics were estimated anew afterwards: outputs are not meant to be
            equal then, exact as the steps may be.
        measured: whether to measure.
        training: of both networks, where they were trained.
        say: told what is going on.

    Raises:
        NetworkError: a network cannot be run in that runtime.
        MissingFramework: the runtime is not installed.
        ConvcostError: it failed, or took too long.
    """
    kind = least_exact(kinds)
    compared: dict[str, Any] = {}
    if kind == "retrain":
        remarks = ["new layers have no values: outputs and accuracy are for training to show"]
    elif without_values(before) or without_values(after):
        remarks = [_NO_VALUES]
        if kind == "exact" and again is not None:
            say("comparing outputs, with random values")
            one = filled(before)
            remarks = []
            compared["equality"] = equality(
                one, again(one), runtime=runtime, threads=threads, values="random"
            )
    else:
        say("comparing outputs")
        remarks = []
        exact = kind == "exact" and not recalibrated
        if exact:
            compared["equality"] = equality(before, after, runtime=runtime, threads=threads)
        if kind != "exact":
            compared["weights"] = weight_errors(before, after)
        if not exact or data is not None:
            compared["agreement"] = agreement(
                before, after, data, runtime=runtime, threads=threads, say=say
            )
    if measured:
        compared["timing"] = timing(
            before, after, workload, runtime=runtime, threads=threads, effort=effort,
            predicted=predicted, say=say,
        )  # fmt: skip
    return Proof(
        kind=kind,
        denormals=denormals(before, after),
        training=training,
        remarks=tuple(remarks),
        **compared,
    )
