"""What the scripts of this folder share: results that are kept case by case, times side by side."""

from __future__ import annotations

import argparse
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import convcost
from convcost.device.machine import cores, describe
from convcost.network.dataclass import replace
from convcost.runtime.runners.registry import runner
from convcost.units import format_ratio, format_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcost.network.network import Network

RESULTS = Path(__file__).parent / "results"
#: Data that belongs to others and is not in the repository; see CONTRIBUTING.md.
SHARED = Path(
    os.environ.get("CONVCOST_SHARED", Path(__file__).parents[3] / "shared"), "data"
)  # fmt: skip
#: Seconds of a network in a try.
_QUICK = 0.2


class Cases:
    """The cases of a script, in results/NAME.json: what is there already is not done again.

    Args:
        name: of the file.
        quick: it is only tried: nothing is read, and nothing kept.
    """

    def __init__(self, name: str, *, quick: bool = False) -> None:
        self._path = None if quick else RESULTS / f"{name}.json"
        self.found: dict[str, dict[str, Any]] = kept(name) if self._path else {}

    def do(self, key: str, make: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """The result of a case."""
        if key not in self.found:
            say(key)
            self.found[key] = {"about": about(), **make()}
            if self._path is not None:
                self._path.parent.mkdir(exist_ok=True)
                self._path.write_text(json.dumps(self.found, indent=1) + "\n")
        return self.found[key]


def kept(name: str) -> dict[str, dict[str, Any]]:
    """What a script has kept; nothing where it has not run."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def about() -> dict[str, Any]:
    """When, and on which machine."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": describe().model,
        "cores": cores(),
        "convcost": convcost.__version__,
    }


def versions(runtime: str) -> dict[str, str]:
    """Of what runs it."""
    return dict(runner(runtime).versions())


def side_by_side(
    networks: Sequence[Network], *, runtime: str, seconds: float, **options: Any
) -> dict[str, Any]:
    """Networks measured in turns; the ratios are those of each later one to the first.

    Args:
        networks: two or more.
        runtime: that runs them.
        seconds: of each, about.
        options: of `convcost.measure`.
    """
    numbered = [
        replace(network, name=f"{network.name} #{number}")
        for number, network in enumerate(networks)
    ]
    found = convcost.measure(
        *numbered, runtime=runtime, seconds=seconds * len(networks), store=False, say=say, **options
    )
    return {
        "versions": dict(found.networks[0].versions),
        "threads": found.networks[0].machine["threads"],
        "seconds": [network.seconds.to_dict() for network in found.networks],
        "verdicts": [network.verdict.name for network in found.networks],
        "ratios": [ratio.times.to_dict() for ratio in found.ratios],
    }


def options(doc: str, *, runtimes: Sequence[str], seconds: float) -> argparse.ArgumentParser:
    """The command line: `--runtime`, `--time`, `--quick`."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--runtime", nargs="*", default=list(runtimes), help="only in these")
    parser.add_argument("--time", type=float, default=seconds, help="seconds per network, about")
    parser.add_argument("--quick", action="store_true",
                        help="only try whether it runs: one case, nothing is kept")  # fmt: skip
    return parser


def parsed(parser: argparse.ArgumentParser) -> Any:
    """The options chosen; a try takes little time."""
    chosen = parser.parse_args()
    chosen.time = _QUICK if chosen.quick else chosen.time
    return chosen


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """In Markdown: the first column is text, the others numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def ratio_text(found: Mapping[str, float], middle: str = "median") -> str:
    """A ratio with its range."""
    low, high = (format_ratio(found[end]) for end in ("low", "high"))
    return f"{format_ratio(found[middle])} ({low} to {high})"


def time_text(found: Mapping[str, float]) -> str:
    """A time with its interval."""
    low, high = (format_seconds(found[end]) for end in ("low", "high"))
    return f"{format_seconds(found['median'])} ({low} to {high})"


def say(text: str) -> None:
    """Progress."""
    print(text, file=sys.stderr, flush=True)
