"""Published cost tables against an exact count: `python check.py TABLE.csv [-o results.csv]`.

TABLE.csv has the columns set, model, row, quantity, published and unit. Each row that stands for a
network known to `networks` is counted; the published figure is read as far as it is a number; both
are printed with a verdict. ``exact``: less than one unit of the last printed digit apart. ``near``:
within 1 %. ``differs``: by more; the finding says what is known of the reason.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from findings import finding
from networks import NotCountedError, counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_NUMBER = re.compile(r"(?P<number>\d[\d,]*(?:\.\d+)?) ?(?P<suffix>[KMG]\b|[mb]illion|%)?")
_SCALES = {"K": 10**3, "M": 10**6, "G": 10**9, "million": 10**6, "billion": 10**9}
_UNITS = {"GFLOP": 10**9, "G": 10**9, "M": 10**6}
COLUMNS = ("set", "model", "row", "quantity", "published", "counted", "verdict", "finding")


@dataclass(frozen=True)
class Published:
    """A figure, and what one unit of its last printed digit is worth."""

    value: Fraction
    last_digit: Fraction

    def verdict(self, exact: Fraction) -> str:
        """How far the count is away; rounded and cut figures are both exact."""
        if abs(exact - self.value) < self.last_digit:
            return "exact"
        return "near" if abs(exact - self.value) <= self.value / 100 else "differs"


def published(row: Mapping[str, str]) -> Published | None:
    """The figure of a row; None where it states a bound, several figures or none.

    >>> published({"published": "159K", "unit": "K=1024"}).value
    Fraction(162816, 1)
    """
    text = row["published"]
    found = list(_NUMBER.finditer(text))
    if "->" in text and row["set"] == "kito_bn_fold":
        before, after = (int(each["number"].replace(",", "")) for each in found[:2])
        return Published(Fraction(before - after), Fraction(1))
    if not found or text.startswith(("<", "~")):
        return None
    # several figures, and words before the first: the last one is the statement
    first = found[-1] if "cheaper" in text or "less" in text else found[0]
    digits = first["number"].replace(",", "")
    scale = Fraction(_scale(first["suffix"], row["unit"]))
    value = Fraction(digits) * scale
    last = scale / 10 ** len(digits.partition(".")[2])
    if row["quantity"] == "relative cost":
        value = 1 - value
    return Published(value, last)


def _scale(suffix: str | None, unit: str) -> Fraction | int:
    if suffix == "%":
        return Fraction(1, 100)
    if suffix == "K" and unit == "K=1024":
        return 1024
    return _SCALES[suffix] if suffix else _UNITS.get(unit, 1)


def shares(rows: Iterable[Mapping[str, str]]) -> Mapping[str, int]:
    """Sums over the kinds of layers, by quantity, of the tables that print shares."""
    sums: dict[str, int] = {}
    for row in rows:
        if row["unit"] == "%" and row["quantity"].startswith("share"):
            figure = int(counted(row["set"], row["model"], row["row"], row["quantity"]))
            sums[row["quantity"]] = sums.get(row["quantity"], 0) + figure
    return sums


def checked(rows: list[Mapping[str, str]]) -> Iterator[dict[str, str]]:
    """Each row with its count and verdict."""
    sums = shares(rows)
    for row in rows:
        key = row["set"], row["model"], row["row"], row["quantity"]
        result = dict(zip(COLUMNS, (*key, row["published"]), strict=False))
        try:
            exact = Fraction(counted(*key))
        except NotCountedError as why:
            yield {**result, "counted": "", "verdict": "not counted", "finding": str(why)}
            continue
        figure = published(row)
        compared = exact / sums[row["quantity"]] if row["quantity"] in sums else exact
        verdict = "no single figure" if figure is None else figure.verdict(compared)
        yield {
            **result,
            "counted": str(exact) if exact.denominator == 1 else f"{float(exact):.4f}",
            "verdict": verdict,
            "finding": finding(key, verdict),
        }


def main() -> None:
    """Print every row; with -o, write them as CSV."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("-o", "--output", type=Path)
    given = parser.parse_args()
    with given.table.open(encoding="utf-8", newline="") as file:
        rows = list(checked(list(csv.DictReader(file))))
    for row in rows:
        if row["verdict"] != "not counted":
            what = " / ".join(row[key] for key in COLUMNS[:4])
            print(f"{row['verdict']:16}  {what}: published {row['published']}, "
                  f"counted {row['counted']}")  # fmt: skip
            if row["finding"]:
                print(f"{'':18}{row['finding']}")
    verdicts = [row["verdict"] for row in rows]
    print(", ".join(f"{verdicts.count(each)} {each}" for each in dict.fromkeys(verdicts)))
    if given.output:
        with given.output.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    sys.exit(main())
