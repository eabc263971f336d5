"""What was measured of a network, beside what was predicted of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from convcost.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from convcost.measure import Interval, LayerTime, Measurement, Measurements
    from convcost.predict import Prediction


#: Of a workload, what training steps depend on besides their forward passes.
_OF_STEPS = ("optimizer", "freeze")


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """The predicted and the measured time of layers that ran as one.

    Attributes:
        name: of the first layer; of the phase (``loss``, ``update``, ``loop``) where it is none.
        layers: names in the network; none for what belongs to no layer.
        predicted: seconds, of the forward pass where only that is predicted; None where none is.
        measured: seconds of what is predicted; None where no time was seen.
        step: measured seconds of all phases; None where no time was seen.
    """

    name: str
    layers: tuple[str, ...]
    predicted: float | None
    measured: float | None
    step: float | None

    @property
    def together_with(self) -> tuple[str, ...]:
        """The other layers that ran in the same kernels."""
        return self.layers[1:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """A network's measurement, row by row beside its prediction.

    Attributes:
        measurement: the whole of it.
        forward_only: whether training steps were measured, of which the forward pass is predicted.
        rows: in the network's order; what was predicted but not seen is contained; empty where the
            measurement was interrupted before its layers were timed.
    """

    measurement: Measurement
    forward_only: bool
    rows: tuple[Beside, ...]

    @property
    def trained(self) -> bool:
        """Whether training steps were measured."""
        return self.measurement.workload.training

    @property
    def compared(self) -> Interval | None:
        """The measured seconds of what is predicted.

        Of the whole batch, or, where only that is predicted, of a training step's forward pass,
        whose share of the step is taken to be exact; None where the layers were not timed.
        """
        whole, share = self.measurement.seconds, self.share_compared
        if share is None:
            return None
        ends = {"low": whole.low * share, "high": whole.high * share}
        return replace(whole, median=whole.median * share, **ends)

    @property
    def share_compared(self) -> float | None:
        """The share of the measured time that the prediction is about; None if not known."""
        if not self.forward_only:
            return 1.0
        if not self.rows:
            return None
        return sum(row.measured or 0.0 for row in self.rows) / self.measurement.seconds.median

    def rows_of(self, layers: Collection[str]) -> tuple[Beside, ...]:
        """The rows in which some of these layers ran, or should have."""
        return tuple(row for row in self.rows if not set(layers).isdisjoint(row.layers))

    @property
    def phases(self) -> dict[str, float]:
        """Measured seconds per phase, all layers together."""
        sums: dict[str, float] = {}
        for layer in self.measurement.layers:
            for phase, seconds in layer.phases.items():
                sums[phase] = sums.get(phase, 0.0) + seconds
        return sums

    def to_dict(self) -> dict[str, Any]:
        """Plain values: those of `convcost/measure/1`, its seconds not nested, layers compared."""
        found = self.measurement.to_dict()
        part = self.compared if self.forward_only else None
        return {
            **found.pop("seconds"),
            **{key: value for key, value in found.items() if key != "source"},
            **({} if part is None else {"forward": part.to_dict()}),
            "layers": [self._row(row) for row in self.rows],
        }

    def _row(self, row: Beside) -> dict[str, Any]:
        return {
            "name": row.name,
            "layers": list(row.layers),
            "predicted_seconds": row.predicted,
            "measured_seconds": row.measured,
            **({"step_seconds": row.step} if self.forward_only else {}),
        }


def verifications(
    predictions: Sequence[Prediction], measurements: Measurements
) -> tuple[Verification, ...]:
    """One per network.

    Raises:
        UsageError: other networks were measured, or another workload.
    """
    found = measurements.networks
    if len(found) != len(predictions):
        raise UsageError(
            f"{len(found)} measured networks, {len(predictions)} to explain",
            hint="explain the networks that were measured, in the same order",
        )
    return tuple(map(_verification, predictions, found))


def _verification(prediction: Prediction, measurement: Measurement) -> Verification:
    """A measurement beside the prediction of the same network."""
    if measurement.loop != "step":
        raise UsageError(
            f"'{measurement.source}' was measured per {measurement.per}, and batches are explained",
            hint="measure a batch: without a loop over samples",
        )
    _check_workload(prediction, measurement)
    rows = tuple(_rows(prediction, measurement)) if measurement.layers else ()
    return Verification(measurement=measurement, forward_only=prediction.forward_only, rows=rows)


def _check_workload(prediction: Prediction, measurement: Measurement) -> None:
    """Refuse a measurement of something else than is predicted.

    What is predicted of a whole step depends on the update too.

    Raises:
        UsageError: it is.
    """
    asked, ran = prediction.workload, measurement.workload
    for what in ("batch", "mode", "dtype", *(_OF_STEPS if prediction.of_step else ())):
        if getattr(asked, what) != getattr(ran, what):
            raise UsageError(
                f"'{measurement.source}' was measured with {what} {_shown(getattr(ran, what))}, "
                f"and is to be explained with {what} {_shown(getattr(asked, what))}",
                hint="explain it with the workload of the measurement",
            )


def _shown(value: object) -> str:
    return (", ".join(value) if isinstance(value, tuple) else str(value or "")) or "none"


def _rows(prediction: Prediction, measurement: Measurement) -> Iterator[Beside]:
    """In the network's order, what belongs to no layer last."""
    seen = {layer.layers[0]: layer for layer in measurement.layers if layer.layers}
    inside = {name for layer in measurement.layers for name in layer.layers}
    unknown = {part.layer for part in prediction.unknown}
    seconds = {each.name: each.seconds for each in prediction.layers if each.name not in unknown}
    part = prediction.forward_only
    for name in (each.name for each in prediction.layers):
        if name in seen:
            yield _seen(seen[name], seconds, forward_only=part)
        elif name not in inside and seconds.get(name):
            yield Beside(
                name=name, layers=(name,), predicted=seconds[name], measured=None, step=None
            )
    for layer in measurement.layers:
        if not layer.layers:
            found = _seen(layer, seconds, forward_only=part)
            rest = [s for phase, s in prediction.rest.items() if phase in layer.phases]
            yield replace(found, predicted=sum(rest)) if rest else found


def _seen(layer: LayerTime, seconds: dict[str, float], *, forward_only: bool) -> Beside:
    known = [seconds[name] for name in layer.layers if name in seconds]
    return Beside(
        name=layer.name,
        layers=layer.layers,
        predicted=sum(known) if known else None,
        measured=layer.phases.get("forward") if forward_only else layer.seconds,
        step=layer.seconds,
    )
