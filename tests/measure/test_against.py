"""An earlier run beside a new one: the ratio, the verdict, what has changed."""

import pytest

from convcost._version import __version__
from convcost.count import Workload
from convcost.measure import Interval, Run
from convcost.measure.store.against import compared
from convcost.report.views.against import against_earlier
from support.stored import MACHINE, measurement


def run(fingerprint="f" * 64, convcost=__version__, **changes):
    return Run(
        id=7,
        session=3,
        time="2026-07-01T09:05:59+00:00",
        fingerprint=fingerprint,
        convcost=convcost,
        measurement=measurement(**changes),
    )


def seconds(median, low, high):
    return Interval(median, low, high, 0.95)


@pytest.mark.parametrize(
    ("now", "then", "value", "low", "high", "verdict"),
    [
        ((2, 1.5, 2.5), (4, 3, 5), 0.5, 0.3, 2.5 / 3, "faster"),
        ((4, 3, 5), (2, 1.5, 2.5), 2, 1.2, 5 / 1.5, "slower"),
        ((2, 1.5, 3), (4, 3, 5), 0.5, 0.3, 1, "no difference seen"),
        ((1, 1, 1), (1, 1, 1), 1, 1, 1, "no difference seen"),
    ],
)
def test_the_interval_is_that_of_the_worst_of_both(now, then, value, low, high, verdict):
    found = compared(measurement(seconds=seconds(*now)), "f" * 64, run(seconds=seconds(*then)))
    assert found.ratio == Interval(value, low, high, pytest.approx(0.95**2))
    assert found.verdict == verdict
    assert found.to_dict()["verdict"] == verdict
    assert (found.run, found.time) == (7, "2026-07-01T09:05:59+00:00")


def test_nothing_has_changed():
    found = compared(measurement(source="another name"), "f" * 64, run())
    assert found.changed == {}
    assert "changed" not in against_earlier(measurement(against=found))


def test_what_has_changed_is_named():
    now = measurement(
        versions={"python": "3.12.1", "onnxruntime": "1.31.1", "onnx": "1.20"},
        machine={**MACHINE, "system": "Linux-7"},
        workload=Workload(batch=32, training=True, optimizer="adam", freeze=("a*", "b")),
    )
    then = run(convcost="0.0.1", workload=Workload(batch=8), runtime="torch", source="old name")
    found = compared(now, "a" * 64, then)
    # what is off is as if it were not there: no gradient of the input is named
    assert found.changed == {
        "network": ("old name (ffffffff)", "a net (aaaaaaaa)"),
        "runtime": ("torch", "onnxruntime"),
        "convcost": ("0.0.1", __version__),
        "python": ("3.11.7", "3.12.1"),
        "onnx": (None, "1.20"),
        "system": ("Linux-6", "Linux-7"),
        "batch": (8, 32),
        "mode": ("inference", "training"),
        "optimizer": (None, "adam"),
        "freeze": (None, ["a*", "b"]),
    }
    assert found.to_dict()["changed"]["python"] == {"then": "3.11.7", "now": "3.12.1"}
    line = against_earlier(measurement(against=found))
    assert "; changed: " in line
    assert "python 3.11.7 -> 3.12.1" in line
    assert "onnx none -> 1.20" in line
    assert "freeze none -> a* b" in line


def test_in_words():
    found = compared(
        measurement(seconds=seconds(2, 1.5, 2.5)), "f" * 64, run(seconds=seconds(4, 3, 5))
    )
    assert against_earlier(measurement(against=found)) == (
        "a net against run 7 of 2026-07-01 09:05 UTC: faster, 0.5x (0.3-0.833x) its time"
    )
    assert against_earlier(measurement()).startswith("a net: no earlier run to compare with")
