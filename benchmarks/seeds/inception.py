"""Post 004: what each step from one Inception to the next saves; fills docs/seeds/004.md.

    python benchmarks/seeds/inception.py
    python benchmarks/seeds/inception.py --measure [--runtime onnxruntime torch] [--time 10]

Formulas are the symbolic ledger's, counts those of the same networks with numbers for the symbols,
and predictions the data sheet's of one device, so that they are the same everywhere. With --measure
each step's two layers run side by side, batch 8, beside what this machine's profile predicts of
them; what is done is in results/004-*.json and is not measured again.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from typing import TYPE_CHECKING, Any

from inception_tables import MEASURED, SAMPLES, TABLES, path_of, places
from pages import DOCS

import convcost
from convcost.predict.ratio import ratio

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inception_steps import Step


def main() -> None:
    """Measure what is asked for, fill the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--measure", action="store_true")
    parser.add_argument("--runtime", nargs="*", default=list(MEASURED), help="only in these")
    parser.add_argument("--time", type=float, default=10.0, help="seconds per network, about")
    parser.add_argument("--quick", action="store_true",
                        help="only try: print the tables, keep nothing")  # fmt: skip
    chosen = parser.parse_args()
    if chosen.quick:
        print(*(f"{name}\n{make()}\n" for name, make in TABLES.items()), sep="\n")
        if chosen.measure:
            name, step, sizes = next(places())
            print(json.dumps(measured(step, sizes, chosen.runtime[0], 0.2), indent=1))
        return
    for runtime in chosen.runtime if chosen.measure else ():
        for name, step, sizes in places():
            path = path_of(step, name, runtime)
            if not path.exists():
                print(path.stem, file=sys.stderr, flush=True)
                found = {"place": name} | measured(step, sizes, runtime, chosen.time)
                path.write_text(json.dumps(found, indent=1) + "\n")
    fill()


def measured(step: Step, sizes: Mapping[str, int], runtime: str, seconds: float) -> dict[str, Any]:
    """Both, predicted from this machine's profile where it has one, then run in turns."""
    both = step.networks(sizes)
    found = [convcost.predict(net, runtime=runtime, batch=SAMPLES) for net in both]
    ran = convcost.measure(
        *both, runtime=runtime, batch=SAMPLES, seconds=seconds * len(both), store=False
    )
    one, other = (each.seconds for each in found)
    return {
        "basis": found[0].basis,
        "predicted": ratio(other.value, one.value, 0.0, one.spread).to_dict(),
        "machine": dict(ran.networks[0].machine),
        "versions": dict(ran.networks[0].versions),
        "seconds": [each.seconds.median for each in ran.networks],
        "verdicts": [each.verdict.name for each in ran.networks],
        "ratio": ran.ratios[0].to_dict(),
    }


def fill() -> None:
    """Put the tables into their places on the page."""
    page = DOCS / "004.md"
    text = page.read_text(encoding="utf-8")
    for name, make in TABLES.items():
        pattern = re.compile(rf"(<!-- table {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        made = make()
        text, times = pattern.subn(lambda m, made=made: f"{m[1]}{made}\n{m[2]}", text)
        if times != 1:
            print(f"{page}: {times} places for '{name}'", file=sys.stderr)
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
