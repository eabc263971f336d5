"""The time of a network: kernels on a device, plans over data sets."""

from convcost.predict.batches import AtBatch, Batches
from convcost.predict.estimate import Estimate, interval
from convcost.predict.kernel import KernelTime
from convcost.predict.plan import Judgement, Plan
from convcost.predict.predicting import predict
from convcost.predict.prediction import Basis, LayerPrediction, Prediction, forward_only
from convcost.predict.rates import Rates
from convcost.predict.roofline import DATA_SHEETS, DataSheet, kernel_time
from convcost.predict.vectors import vector_fill

__all__ = [
    "DATA_SHEETS",
    "AtBatch",
    "Basis",
    "Batches",
    "DataSheet",
    "Estimate",
    "Judgement",
    "KernelTime",
    "LayerPrediction",
    "Plan",
    "Prediction",
    "Rates",
    "forward_only",
    "interval",
    "kernel_time",
    "predict",
    "vector_fill",
]
