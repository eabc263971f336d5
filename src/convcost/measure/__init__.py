"""Time on the real framework: networks in processes of their own, interleaved, with intervals."""

from convcost.measure.layers import LayerTime
from convcost.measure.measurement import Measurement, Measurements, Ratio
from convcost.measure.measuring import measure
from convcost.measure.protocol import Effort
from convcost.measure.statistics import Interval, Verdict

__all__ = [
    "Effort",
    "Interval",
    "LayerTime",
    "Measurement",
    "Measurements",
    "Ratio",
    "Verdict",
    "measure",
]
