"""Networks measured by the fake worker."""

import sys
from pathlib import Path

import pytest

from convcost.measure import measuring, process
from convcost.measure.protocol import Effort
from convcost.runtime.runners.runner import Runner

COMMAND = (sys.executable, str(Path(__file__).with_name("fake_worker.py")))
#: The fake clock does not run while nothing runs: the fewest turns are enough.
EFFORT = Effort(seconds=0.05, timeout=20)


class KnownFake(Runner):
    """What the parent knows of the fake runners."""

    needs = "pip install fake"

    def __init__(self, name, *, trains=True):
        self.name = name
        self.trains = trains

    def versions(self):
        raise AssertionError("the parent imports no framework")

    def load(self, network, job):  # noqa: ARG002
        raise AssertionError("the parent imports no framework")


@pytest.fixture
def known_fake():
    """The class of these."""
    return KnownFake


@pytest.fixture
def effort():
    """As little as gives an interval."""
    return EFFORT


@pytest.fixture
def fakes(monkeypatch):
    """Every name is a runtime that the fake worker runs."""
    monkeypatch.setattr(process, "COMMAND", COMMAND)
    monkeypatch.setattr(
        measuring, "runner", lambda name: KnownFake(name, trains="eval" not in name)
    )
