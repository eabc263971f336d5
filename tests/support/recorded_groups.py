"""Which layers each kernel of a runtime covers, by the framework's own record, as JSON.

    python tests/support/recorded_groups.py RUNTIME

A process of its own for each runtime: Keras's backend is chosen by its import.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from convcost.errors import ConvcostError
from convcost.runtime.runners import keras_kernels
from convcost.runtime.runners.registry import runner
from convcost.runtime.runners.runner import Job
from support.lowering_cases import cases, trains

#: Samples of a batch; few, and not the size of another axis.
BATCH = 2


def main(name: str, only: list[str]) -> None:
    """Print {"CASE": {"inference": [[layers, phase, kernel], ...], "training": ...}}."""
    able = runner(name)
    keras_kernels._WORTH_NAMING = 0.0  # all kernels are wanted
    found: dict[str, dict[str, object]] = {}
    for case, network in cases(name).items():
        if only and case not in only:
            continue
        found[case] = {}
        for training in (False, True) if able.trains and trains(network) else (False,):
            mode = "training" if training else "inference"
            try:
                loaded = able.load(network, Job(batch=BATCH, training=training, threads=1))
                loaded.run()
                spans = loaded.watch().spans
            except ConvcostError as error:
                found[case][mode] = str(error)
                continue
            found[case][mode] = [[list(s.layers), s.phase, s.kernel] for s in spans]
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
