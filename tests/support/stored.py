"""Measurements for the store: plain values in every field."""

import sqlite3

from convcost.count import Workload
from convcost.measure import Interval, LayerTime, Measurement, Verdict
from convcost.measure.layers import Instrument

MACHINE = {"model": "Some CPU", "cores": 4, "threads": 2, "system": "Linux-6"}


def layer(name="conv", seconds=0.5):
    return LayerTime(
        name=name,
        layers=(name, "relu"),
        seconds=seconds,
        share=0.5,
        phases={"forward": seconds},
        kernels=("Conv",),
    )


def measurement(**changes):
    """One that is stable, of a forward pass; `changes` are fields of `Measurement`."""
    usual = {
        "source": "a net",
        "runtime": "onnxruntime",
        "versions": {"python": "3.11.7", "onnxruntime": "1.31.1"},
        "machine": MACHINE,
        "workload": Workload(batch=32),
        "seconds": Interval(1.0, 0.9, 1.1, 0.96875),
        "runs": 12,
        "samples": (0.9, 1.0, 1.0, 1.0, 1.0, 1.1),
        "processes": (1,) * 6,
        "verdict": Verdict("stable"),
        "layers": (layer(),),
        "idle": ("flatten",),
        "instrument": Instrument(0.02, scaled=False),
        "peak_bytes": 1_000_000,
        "predicted_peak_bytes": None,
        "interrupted": False,
    }
    return Measurement(**usual | changes)


def direct(path, query):
    """Rows as SQLite gives them to anybody."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()
