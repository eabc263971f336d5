"""A worker whose framework is a fake: it runs nothing, and times what its clock is told.

Started as the real one is, with what to do in the name of the runtime: `fake`, `fake-broken` ...
"""

import os
import sys
import time
from pathlib import Path

from convcost.errors import MissingFramework, NetworkError
from convcost.measure import worker
from convcost.runtime.runners.runner import Loaded, Runner, Span, Watched

#: Seconds of a run of every parameterised layer, on the fake clock.
PER_LAYER = 0.004
#: Seconds between the layers.
LOOP = 0.001
#: Seconds that a loop over samples adds to every batch.
FEEDING = 0.0025
#: The instrument's own share.
OVERHEAD = 0.25

clock = [0.0]
worker.perf_counter = lambda: clock[0]
worker._probe = lambda: clock.__setitem__(0, clock[0] + 0.001)


class FakeLoaded(Loaded):
    """Takes a fixed time per layer, a little more each run so that samples differ."""

    def __init__(self, network, job, way):
        self.job = job
        self.names = [layer.name for layer in network.layers if layer.parameters]
        self.way = way
        self.number = 0

    def run(self):
        self.number += 1
        sys.stdout.write("chatter on stdout\n")
        sys.stderr.write("chatter on stderr\n")
        os.write(1, b"chatter on the descriptor itself\n")
        if self.number > 2:
            self._misbehave()
        step = PER_LAYER * len(self.names) + LOOP + 1e-6 * (self.number % 7)
        clock[0] += self.job.steps * (step + FEEDING * (self.job.loop != "step"))

    def _misbehave(self):
        if self.way == "raises":
            raise RuntimeError("tensor of 8 PB does not fit")
        if self.way == "dies":
            sys.stderr.write("the framework's last words\n")
            sys.stderr.flush()
            os.abort()
        if self.way == "hangs":
            time.sleep(600)
        if self.way == "slow" and self.number > 40:  # really, so that Ctrl-C finds it busy
            Path(os.environ["FAKE_WORKER_BUSY"]).write_text(str(os.getpid()))
            time.sleep(600)

    def watch(self):
        factor = 1 + OVERHEAD
        spans = [Span((name,), "forward", factor * PER_LAYER, "Fake") for name in self.names]
        if self.way == "fused":
            spans = [Span(tuple(self.names), "forward", PER_LAYER, "Fused")]
        spans.append(Span((), "loop", factor * LOOP))
        return Watched(factor * (PER_LAYER * len(self.names) + LOOP), tuple(spans))


class FakeRunner(Runner):
    """Every way in which a framework can fail, by name."""

    trains = True
    needs = "pip install fake"

    def __init__(self, name):
        self.name = name
        self.way = name.partition("-")[2]

    def versions(self):
        if self.way == "missing":
            raise MissingFramework("measuring in fake needs fake", hint=self.needs)
        return {"fake": "1.2.3"}

    def load(self, network, job):
        sys.stdout.write(f"loading {network.name}\n")
        if self.way == "refuses":
            raise NetworkError("layer 'x' has no counterpart", hint="another runtime")
        if self.way == "crashes":
            os._exit(3)
        if self.way == "environment":
            raise ValueError(
                f"threads {os.environ['OMP_NUM_THREADS']} {job.threads} {sys.stdin.read()!r}"
            )
        return FakeLoaded(network, job, self.way)


if __name__ == "__main__":
    worker.die_with_parent()
    worker.serve(FakeRunner)
