"""Print a random table as each program does, damage it, and read the same rows back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from hypothesis import given, settings
from hypothesis import strategies as st

from convcost.read.keras.summary.find import find_tables
from convcost.read.keras.summary.table import Connection, Dimension, Table


@dataclass(frozen=True, slots=True)
class Layer:
    name: str
    kind: str
    shapes: tuple[tuple[Dimension, ...], ...]
    parameters: int
    inputs: tuple[Connection, ...]


KINDS = ["InputLayer", "Conv2D", "BatchNormalization", "Dense", "TFOpLambda", "MaxPooling3D", "A"]
SIZES = st.none() | st.integers(1, 99999)
SHAPES = st.tuples(st.none() | st.integers(1, 512), *[SIZES] * 3) | st.tuples(st.none(), SIZES)


def names(longest: int) -> st.SearchStrategy[str]:
    return st.from_regex(rf"[a-z][a-z0-9_./-]{{0,{longest - 2}}}[a-z0-9]", fullmatch=True)


@st.composite
def layers(draw: st.DrawFn, longest: int) -> list[Layer]:
    found: list[Layer] = []
    for name in draw(st.lists(names(longest), min_size=1, max_size=6, unique=True)):
        earlier = st.sampled_from([layer.name for layer in found] or ["outside"])
        connection = st.builds(Connection, earlier, st.integers(0, 12), st.integers(0, 3))
        outputs = tuple(draw(st.lists(SHAPES, min_size=1, max_size=3)))
        # The rest of a number that wraps beside a wrapped list of shapes may be either's.
        most = 10**9 if len(outputs) == 1 else 10**7 - 1
        layer = Layer(
            name,
            draw(st.sampled_from(KINDS)),
            outputs,
            draw(st.integers(0, 300) | st.integers(0, most)),
            tuple(draw(st.lists(connection, max_size=3, unique=True))),
        )
        found.append(layer)
    return found


def shape_text(layer: Layer) -> str:
    texts = [str(shape) for shape in layer.shapes]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def connection_texts(layer: Layer) -> list[str]:
    return [f"{entry.layer}[{entry.node}][{entry.tensor}]" for entry in layer.inputs]


def totals(found: Sequence[Layer], *, commas: bool = True) -> list[str]:
    total = sum(layer.parameters for layer in found)
    number = f"{total:,}" if commas else str(total)
    return [f"Total params: {number}", f"Trainable params: {number}", "Non-trainable params: 0"]


def print_keras2(found: Sequence[Layer], *, connected: bool) -> str:
    """Print columns wide enough for everything, with rules, as Keras 2 does."""
    header = ["Layer (type)", "Output Shape", "Param #", "Connected to"][: 3 + connected]
    rows = []
    for layer in found:
        cells = [f"{layer.name} ({layer.kind})", shape_text(layer), str(layer.parameters)]
        first, *rest = connection_texts(layer) or [""]
        rows.append([[*cells, first], *(["", "", "", entry] for entry in rest)])
        if not connected:
            rows[-1] = [cells]
    widths = [max(len(line[i]) for row in [[header], *rows] for line in row) + 1 for i in range(3)]
    pages = [
        "\n".join(
            "".join(cell.ljust(width) for cell, width in zip(line, [*widths, 0], strict=False))
            for line in row
        )
        for row in [[header], *rows]
    ]
    body = ("\n" + "_" * 80 + "\n").join(pages[1:])
    return "\n".join([pages[0], "=" * 80, body, "=" * 80, *totals(found), "_" * 80])


def print_wrapped(found: Sequence[Layer], *, connected: bool) -> str:
    """Print columns that wrap anywhere, without rules, as TensorFlow 2.8 and later do."""
    widths = [28, 24, 10, 40] if connected else [28, 24, 10]
    ends = list(accumulate(widths))
    lines = [" Layer (type)  Output Shape  Param #" + "  Connected to" * connected, "=" * ends[-1]]
    for layer in found:
        left = [f"{layer.name} ({layer.kind})", shape_text(layer), str(layer.parameters)]
        left += [str(connection_texts(layer))] * connected
        while any(left):
            line = ""
            for column, (end, width) in enumerate(zip(ends, widths, strict=True)):
                is_last = column == len(widths) - 1
                cutoff = width - (0 if is_last else 3)
                breaks = [left[column][:cutoff].find(mark) for mark in ("),", "',")]
                cutoff = min([cutoff, *(place + 2 for place in breaks if place >= 0)])
                line += " " * (column == 0) + left[column][:cutoff]
                left[column] = left[column][cutoff:]
                line = line.ljust(end)
            lines.append(line)
        lines.append(" " * ends[-1])
    return "\n".join([*lines, "=" * ends[-1], *totals(found, commas=False)])


def print_keras3(found: Sequence[Layer], *, connected: bool) -> str:
    """Print a box whose cells wrap at spaces, as Keras 3 does."""
    header = ["Layer (type)", "Output Shape", "Param #", "Connected to"][: 3 + connected]
    rows = [[[cell] for cell in header]]
    for layer in found:
        cells = [[layer.name, f"({layer.kind})"], shape_text(layer).split(" ")]
        cells += [[f"{layer.parameters:,}"]]
        cells += [", ".join(connection_texts(layer) or ["-"]).split(" ")] * connected
        rows.append([pair(cell) for cell in cells])
    widths = [max(len(line) for row in rows for line in row[i]) for i in range(len(header))]
    pages: list[str] = []
    for row in rows:
        bar = "│" if pages else "┃"
        for number in range(max(map(len, row))):
            texts = [cell[number] if number < len(cell) else "" for cell in row]
            padded = [f" {text.ljust(width)} " for text, width in zip(texts, widths, strict=True)]
            pages.append(bar + bar.join(padded) + bar)
        pages.append("├" + "┼".join("─" * (width + 2) for width in widths) + "┤")
    top = "┏" + "┳".join("━" * (width + 2) for width in widths) + "┓"
    return "\n".join([top, *pages, *(f" {line} (1.0 KB)" for line in totals(found))])


def pair(words: list[str]) -> list[str]:
    """Put two words on each line of a cell."""
    return [" ".join(words[start : start + 2]) for start in range(0, len(words), 2)]


def collapse(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.split("\n"))


DAMAGES: list[Callable[[str], str]] = [
    str,
    collapse,
    lambda text: "\n".join(f"> {line}" for line in text.split("\n")),
    lambda text: "\n> \n".join(f"> {line}" for line in collapse(text).split("\n")),
    lambda text: "\n".join(f"    # {line}" for line in text.split("\n")),
    lambda text: text.replace("\n", "\r\n").replace("  ", "\u00a0 "),
    lambda text: text.replace("[", "&#91;").replace("(", "&lpar;").replace("\n", "<br>\n"),
    lambda text: f"Why is (None, 3) slow?\n\n{text}\n\nIt has conv2d_1 (the first) and (32, 32).",
]
ONE_LINE: list[Callable[[str], str]] = [*DAMAGES, lambda text: " ".join(text.split())]


def check(text: str, found: Sequence[Layer], *, connected: bool) -> Table:
    (table,) = find_tables(text)
    read = [
        Layer(row.name, row.kind, row.shapes, -1 if row.parameters is None else row.parameters, ())
        for row in table.rows
    ]
    assert read == [
        Layer(layer.name, layer.kind, layer.shapes, layer.parameters, ()) for layer in found
    ]
    assert [row.inputs for row in table.rows] == [
        layer.inputs if connected else None for layer in found
    ]
    assert table.totals is not None
    assert table.totals.total == sum(layer.parameters for layer in found)
    assert not table.cut
    return table


@settings(max_examples=50)
@given(layers(longest=30), st.booleans(), st.sampled_from(ONE_LINE))
def test_keras2(found: list[Layer], connected: bool, damage: Callable[[str], str]) -> None:
    table = check(damage(print_keras2(found, connected=connected)), found, connected=connected)
    assert table.notes == ()


@settings(max_examples=50)
@given(layers(longest=60), st.booleans(), st.sampled_from(DAMAGES))
def test_wrapped(found: list[Layer], connected: bool, damage: Callable[[str], str]) -> None:
    check(damage(print_wrapped(found, connected=connected)), found, connected=connected)


@settings(max_examples=50)
@given(layers(longest=60), st.booleans(), st.sampled_from(ONE_LINE))
def test_keras3(found: list[Layer], connected: bool, damage: Callable[[str], str]) -> None:
    check(damage(print_keras3(found, connected=connected)), found, connected=connected)
