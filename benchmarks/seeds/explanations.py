"""What `convcost explain --verify` says of the posts, measured on this machine.

    python benchmarks/seeds/explanations.py [--only 000 001]

Each output is written into results/NNN-explain.txt; one that is there already is not made again.
The parts of it that a page shows take the place of what stands between `<!-- output NAME -->` and
`<!-- end -->` in docs/.
"""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RESULTS = HERE / "results"
#: Columns of a page; longer lines of an output go on in the next one, indented.
WIDTH = 118


@dataclass(frozen=True)
class Output:
    """An output on a page.

    Attributes:
        name: on the page.
        page: in docs/.
        result: name of the file in results/.
        command: the words behind `convcost`.
        titles: with which the shown blocks begin.
        answer: whether the lines of the answer are shown.
    """

    name: str
    page: str
    result: str
    command: tuple[str, ...]
    titles: tuple[str, ...]
    answer: bool = True


_COMPARED = ("time ratios", "the predicted difference", "the same by cause")
_CHANGES = ("what time changes by", "what was taken out")
_TIMES = ("predicted and measured",)
_VERIFIED = ("--verify", "--time", "6s")
_BATCH_NORM = ("explain", "examples/batchnorm.txt", *_VERIFIED,
               "--ablate", "batch-norm,framework-loop")  # fmt: skip
_STEPS = ("--training", "--optimizer", "rmsprop", "--batch", "128", *_VERIFIED)

OUTPUTS = (
    Output("explain", "seeds/000.md", "000-explain", _BATCH_NORM,
           (*_TIMES, *_COMPARED, *_CHANGES)),
    Output("explain", "seeds/001.md", "001-explain",
           ("explain", "examples/mlp-or-cnn.txt", *_STEPS),
           (*_TIMES, *_COMPARED, *_CHANGES)),
    Output("explain", "seeds/002.md", "002-explain",
           ("explain", "zoo:alexnet", "--runtime", "torch", "--training", "--optimizer",
            "momentum", "--batch", "8", *_VERIFIED, "--ablate", "all"),
           (*_TIMES, *_CHANGES)),
    Output("explain", "seeds/003.md", "003-explain",
           ("explain", "zoo:seed003?kernel=3&padding=same", "zoo:seed003?kernel=5&padding=same",
            *_STEPS, "--ablate", "padding"),
           (*_TIMES, *_COMPARED, *_CHANGES)),
    Output("parts", "explaining.md", "parts",
           ("explain", "zoo:seed000", "zoo:seed000?batch_norm=no", "--runtime",
            "keras-tensorflow", "--device", "i9-10940x"),
           _COMPARED[1:], answer=False),
    Output("ablations", "explaining.md", "000-explain", _BATCH_NORM, _CHANGES, answer=False),
)  # fmt: skip


def main() -> None:
    """Make what is not there yet, fill the pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", help="beginnings of names")
    chosen = parser.parse_args().only
    for output in OUTPUTS:
        path = RESULTS / f"{output.result}.txt"
        wanted = chosen is None or output.result.startswith(tuple(chosen))
        if wanted and not path.exists():
            print(output.result, file=sys.stderr, flush=True)
            path.write_text(run(output.command), encoding="utf-8")
        if path.exists():
            fill(ROOT / "docs" / output.page, output.name, shown(output, path.read_text("utf-8")))


def run(command: tuple[str, ...]) -> str:
    """The standard output of a command."""
    store = ("--no-store",) if "--verify" in command else ()
    done = subprocess.run(
        [sys.executable, "-m", "convcost", *command, *store],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=True,
    )  # fmt: skip
    return done.stdout


def shown(output: Output, text: str) -> str:
    """The command and those blocks of its output that a page shows, as an indented text."""
    lines = [f"$ convcost {shlex.join(output.command)}"]
    for number, block in enumerate(text.strip().split("\n\n")):
        if block.startswith(output.titles) or (output.answer and number == 0):
            lines += [*([] if number == 0 else [""]), *block.split("\n")]
        elif lines[-1] != "...":
            lines.append("...")
    folded = (part for line in lines for part in fold(line))
    return "\n".join(f"    {line}".rstrip() for line in folded)


def fold(line: str) -> list[str]:
    """A line as several of the page's width."""
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.wrap(
        line, WIDTH - 4, subsequent_indent=indent, replace_whitespace=False,
        break_long_words=False, break_on_hyphens=False,
    ) or [""]  # fmt: skip


def fill(page: Path, name: str, made: str) -> None:
    """Put a text into its place on a page."""
    text = page.read_text(encoding="utf-8")
    pattern = re.compile(rf"(<!-- output {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    page.write_text(pattern.sub(lambda m: f"{m[1]}{made}\n{m[2]}", text), encoding="utf-8")


if __name__ == "__main__":
    main()
