"""docs/timing-cases.md: reported ratios of times beside what convcost predicts.

    python benchmarks/timing_cases/page.py

The reports are ../shared/data/timing_cases.tsv (or $CONVCOST_SHARED), which is not part of the
repository; without it there is no page to make.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from timing_case import CLOSE, explained, hit, predicted  # noqa: E402 - found beside this file
from timing_networks import SHARED  # noqa: E402
from timing_not_rebuilt import NOT_REBUILT  # noqa: E402

from convcost.units import format_ratio  # noqa: E402
from timing_cases import CASES  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from timing_case import Case, Place

    from convcost.predict import Estimate

PAGE = HERE.parents[1] / "docs" / "timing-cases.md"
TABLE = SHARED / "timing_cases.tsv"
_HEAD = f"""\
# Reported times, predicted

Twenty reports of times from threads: most compare two, some tell one. Where a report tells enough
to build both networks, convcost predicts the ratio by data sheet, without anything measured, and
this page puts both side by side: hits, and misses with what is known of them. No rule, constant or
runtime was made or changed for a case. Where a report leaves open on what it ran, the same
stand-ins are taken everywhere, and each is a row of its own.

A **hit** is a reported ratio within the predicted band, or within {CLOSE:.0%} of it. A band is
meant to hold nine times out of ten. Bands are wide, so a hit says that the order of magnitude and
the direction are right and seldom more. Every ratio is time(B) / time(A). By data sheet a training
step is its forward pass.

`benchmarks/timing_cases/page.py` makes this page; the per-layer times of AlexNet in Caffe are in
[post 002](seeds/002.md).
""".replace("25%", "25 %")


def rows() -> dict[str, dict[str, str]]:
    """The reports by their keys.

    Raises:
        SystemExit: they are not there.
    """
    if not TABLE.is_file():
        raise SystemExit(f"{TABLE} is not there: the page needs the reports")
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {row["case"]: row for row in csv.DictReader(file, delimiter="\t")}


def reported(case: Case, row: Mapping[str, str]) -> float:
    """Time(B) / time(A) of a report."""
    ratio = float(row["ratio_B_over_A"].split()[0])
    return 1 / ratio if case.inverted else ratio


def where(places: tuple[Place, Place]) -> str:
    """Device and runtime, of both where they differ."""
    (a, by_a), (b, by_b) = places
    if a != b:
        return f"{a} and {b}"
    return f"{a}, {by_a}" if by_a == by_b else f"{a}, {by_a} and {by_b}"


def band(found: Estimate) -> str:
    """The predicted ratio with its band."""
    low, high = format_ratio(found.low), format_ratio(found.high)
    return f"{format_ratio(found.value)} ({low.rstrip('x')}-{high})"


def lines(reports: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """The table: a line per case and place."""
    yield "| case | A | B | predicted on | reported | predicted | |"
    yield "|---|---|---|---|---:|---:|---|"
    for case in CASES:
        told = reported(case, reports[case.key])
        for places in case.places:
            found = predicted(case, places)
            cells = (
                f"[{case.key}](#{case.key.lower()})", case.a, case.b, where(places),
                format_ratio(told), band(found), "hit" if hit(told, found) else "**miss**",
            )  # fmt: skip
            yield f"| {' | '.join(cells)} |"


def outcome(reports: Mapping[str, Mapping[str, str]]) -> str:
    """How many cases hit."""
    hits = []
    for case in CASES:
        told = reported(case, reports[case.key])
        hits.append([hit(told, predicted(case, places)) for places in case.places])
    everywhere, nowhere = sum(map(all, hits)), sum(not any(each) for each in hits)
    some = len(hits) - everywhere - nowhere
    return (
        f"Of {len(reports)} cases {len(CASES)} can be rebuilt: {everywhere} hit wherever they are "
        f"predicted, {some} on one stand-in and not on the other, {nowhere} miss."
    )


def section(case: Case) -> str:
    """What was assumed, what convcost says, and what is to be said of the outcome."""
    text = [f"### {case.key}", "", f"<{case.source}>", ""]
    text += [f"- {each}" for each in case.assumed]
    first = case.places[0]
    if case.pair and first[0] == first[1]:
        text += ["", f"`explain` on {first[0][0]}: {explained(case, first[0]).answer}."]
    return "\n".join([*text, "", case.explained])


def made() -> str:
    """The page."""
    reports = rows()
    parts = [_HEAD.rstrip(), "\n".join(lines(reports)), outcome(reports)]
    parts += ["## What was assumed, and what came of it", *map(section, CASES)]
    parts.append("## Not rebuilt")
    parts.append("\n".join([
        "| case | what was compared | why not |",
        "|---|---|---|",
        *(f"| {key} | {reports[key]['network']} ({reports[key]['source']}) | {why} |"
          for key, why in NOT_REBUILT.items()),
    ]))  # fmt: skip
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(made(), encoding="utf-8")
