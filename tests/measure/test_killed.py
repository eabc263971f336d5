"""`convcost measure` killed in mid-run loses no earlier run, and leaves no process."""

import sys
from importlib.util import find_spec

import pytest

from convcost.measure.store.store import Store
from support.killing import STAGES, killed
from support.stored import measurement

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
    pytest.mark.skipif(
        find_spec("onnxruntime") is None or find_spec("onnx") is None, reason="needs onnxruntime"
    ),
]


@pytest.mark.parametrize(
    ("stage", "delay"), [(STAGES[0], 0.3), (STAGES[2], 0.3), (STAGES[3], 0.05)]
)
def test_a_killed_measurement_leaves_what_was_there(tmp_path, stage, delay):
    path = tmp_path / "store.sqlite"
    with Store(path) as store:
        earlier = {*store.add([measurement(), measurement()], ["a", "b"])}
    left = killed(path, stage, delay)
    # where this process was slow, the other one has come to its end
    done = left.ids - earlier
    assert len(done) <= 1
    assert done or not left.finished
    assert left.workers == 1 or done
    assert left.gone is not None
    assert left.intact == "ok"
    assert earlier <= left.ids
    with Store(path) as store:
        assert {run.id for run in store.runs()} == left.ids
