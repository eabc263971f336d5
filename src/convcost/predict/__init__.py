"""The time of a network: kernels on a device, plans over data sets."""

from convcost.predict.prediction import (
    Basis,
    Estimate,
    LayerPrediction,
    Plan,
    Prediction,
    predict,
)
from convcost.predict.roofline import (
    DATA_SHEETS,
    DataSheet,
    KernelTime,
    interval,
    kernel_time,
    vector_fill,
)

__all__ = [
    "DATA_SHEETS",
    "Basis",
    "DataSheet",
    "Estimate",
    "KernelTime",
    "LayerPrediction",
    "Plan",
    "Prediction",
    "interval",
    "kernel_time",
    "predict",
    "vector_fill",
]
