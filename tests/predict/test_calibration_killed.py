"""A calibration that is killed loses nothing that was run, and goes on."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from convcost.measure import process
from convcost.predict.calibration import calibrate as subject
from convcost.predict.calibration import fit
from convcost.predict.profile import Setting
from convcost.runtime import load as runtime

FAKE = Path(__file__).parents[1] / "measure" / "fake_worker.py"
#: A calibration for a minute, in which the fake worker runs the networks.
PROGRAM = f"""
import sys
from convcost.measure import process
from convcost.predict.calibration import calibrate
from convcost.predict.profile import Setting

process.COMMAND = (sys.executable, {str(FAKE)!r})
calibrate.loop_costs = lambda *_, **__: {{}}
calibrate.calibrate(Setting(runtime="fake", threads=1), seconds=60)
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture
def samples(monkeypatch, tmp_path):
    monkeypatch.setenv("CONVCOST_PROFILES", str(tmp_path))
    return tmp_path / "fake-inference-1.samples"


def lines(path):
    """Whole lines behind the first one."""
    return path.read_bytes().split(b"\n")[1:-1] if path.exists() else []


def killed(path, more):
    """Calibrate until there are so many networks more, then kill."""
    before = len(lines(path))
    running = subprocess.Popen([sys.executable, "-c", PROGRAM])
    end = time.monotonic() + 60
    while len(lines(path)) < before + more:
        assert running.poll() is None
        assert time.monotonic() < end
        time.sleep(0.002)
    workers = children(running.pid)
    running.kill()
    assert running.wait() == -signal.SIGKILL
    return workers


def children(pid):
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in found.read_text().split()] if found.exists() else []


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_what_was_run_before_a_kill_stays(samples, monkeypatch):
    there = []
    for more in (1, 4, 2, 3, 1, 2):
        workers = killed(samples, more)
        now = lines(samples)
        assert now[: len(there)] == there
        there = now
        end = time.monotonic() + 10
        while any(map(alive, workers)):
            assert time.monotonic() < end
            time.sleep(0.01)
    # a line that was being written when the power went out
    with samples.open("ab") as file:
        file.write(b'{"seed":99,"blo')
    monkeypatch.setattr(process, "COMMAND", (sys.executable, str(FAKE)))
    monkeypatch.setattr(subject, "FEWEST", 6)
    monkeypatch.setattr(fit, "_TREES", 5)
    monkeypatch.setattr(fit, "runtime", lambda _: runtime("torch"))
    monkeypatch.setattr(subject, "loop_costs", lambda *_, **__: {})
    found = subject.calibrate(Setting(runtime="fake", threads=1), seconds=1.0)
    assert found.profile.networks == len(there) + found.networks
    seeds = [json.loads(line)["seed"] for line in lines(samples)]
    assert seeds == list(range(len(seeds)))
    assert lines(samples)[: len(there)] == there
