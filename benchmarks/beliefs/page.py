"""docs/beliefs.md: each belief, its example, what convcost finds there, and the right figure.

    python benchmarks/beliefs/page.py

Run it from the repository's root: the examples' paths are those of the page's commands.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from beliefs import BELIEFS  # noqa: E402 - found beside this file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from belief import Belief

PAGE = HERE.parents[1] / "docs" / "beliefs.md"
_HEAD = """\
# What is often believed

Fifteen beliefs about what networks cost that come up again and again in questions and in their
answers, each with an example on which one of the [rules of `explain`](findings.md) says otherwise.
The texts behind a rule's name are its own words. Times are predictions by the data sheet of the
device that the command names, so that they are the same everywhere; in training those of the
forward pass. `benchmarks/beliefs/page.py` makes this page, and `tests/explain/test_beliefs.py`
holds it against what convcost says now.
"""


def command(belief: Belief) -> str:
    """The command line of an example."""
    words = ["convcost", "explain", *belief.sources]
    for name, value in belief.options.items():
        values = value if isinstance(value, tuple) else (value,)
        for each in values:
            words += [f"--{name}"] if each is True else [f"--{name}", str(each)]
    return shlex.join(words)


def section(number: int, belief: Belief) -> str:
    """One belief."""
    finding = belief.finding(belief.explained())
    return "\n".join((
        f"## {number}. {belief.says}",
        "",
        f"*{belief.where}*",
        "",
        f"    {command(belief)}",
        "",
        f"`{finding.rule}`: {finding.text}.",
        "",
        f"**Right:** {belief.stated(finding)}",
    ))  # fmt: skip


def sections() -> Iterator[str]:
    """All of them, the head first."""
    yield _HEAD.rstrip()
    for number, belief in enumerate(BELIEFS, start=1):
        yield section(number, belief)


def made() -> str:
    """The page."""
    return "\n\n".join(sections()) + "\n"


if __name__ == "__main__":
    PAGE.write_text(made(), encoding="utf-8")
