"""Time on the real framework: networks in processes of their own, interleaved, with intervals."""

from convcost.measure.layers import LayerTime
from convcost.measure.measurement import Measurement, Measurements, Ratio
from convcost.measure.measuring import measure
from convcost.measure.protocol import Effort
from convcost.measure.statistics import Interval, Verdict
from convcost.measure.store.against import Against
from convcost.measure.store.runs import History, Run

__all__ = [
    "Against",
    "Effort",
    "History",
    "Interval",
    "LayerTime",
    "Measurement",
    "Measurements",
    "Ratio",
    "Run",
    "Verdict",
    "measure",
]
