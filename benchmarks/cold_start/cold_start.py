"""CPU time of fresh processes: `import convcost` and `convcost count` of a pasted table.

Each is interleaved with `import numpy` in a fresh process, so that the ratios hold on a noisy
machine; medians and ranges of user + system time over the rounds.

    python benchmarks/cold_start/cold_start.py
"""

import resource
import statistics
import subprocess
import sys
from pathlib import Path

ROUNDS = 15
TABLE = Path(__file__).parents[2] / "examples" / "mlp-or-cnn.txt"
PYTHON = sys.executable
COMMANDS = {
    "python": [PYTHON, "-c", ""],
    "import numpy": [PYTHON, "-c", "import numpy"],
    "import convcost": [PYTHON, "-c", "import convcost"],
    "convcost count, three tables": [PYTHON, "-m", "convcost", "count", str(TABLE)],
    "convcost explain, three tables": [
        *(PYTHON, "-m", "convcost", "explain", str(TABLE)),
        *("--device", "gtx-1080-ti", "--runtime", "torch"),
    ],
}


def cpu_seconds(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    for command in COMMANDS.values():
        cpu_seconds(command)  # byte code is compiled once
    rounds = [{name: cpu_seconds(c) for name, c in COMMANDS.items()} for _ in range(ROUNDS)]
    print(f"{'CPU time of a fresh process':34s} {'median':>8s}  {'range':>15s}  of import numpy")
    for name in COMMANDS:
        taken = [round_[name] for round_ in rounds]
        ratio = statistics.median(round_[name] / round_["import numpy"] for round_ in rounds)
        low, high = 1e3 * min(taken), 1e3 * max(taken)
        median = 1e3 * statistics.median(taken)
        print(f"{name:34s} {median:5.0f} ms  {low:4.0f} to {high:4.0f} ms  {ratio:13.2f}")


if __name__ == "__main__":
    main()
