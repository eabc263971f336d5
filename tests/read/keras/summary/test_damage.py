"""What pages, mails and terminals do to a table, one class of damage at a time."""

from collections.abc import Callable

import pytest

from convcost.read.keras.summary.find import find_tables
from convcost.read.keras.summary.table import Connection, Cut, Table, TextNote, Totals

WHOLE = """\
Model: "tiny"
__________________________________________________________________________________________________
Layer (type)                    Output Shape         Param #     Connected to
==================================================================================================
input_1 (InputLayer)            (None, 30, 30, 3)    0
__________________________________________________________________________________________________
conv2d_1 (Conv2D)               (None, 28, 28, 32)   896         input_1[0][0]
__________________________________________________________________________________________________
batch_normalization_1 (BatchNor (None, 28, 28, 32)   128         conv2d_1[0][0]
__________________________________________________________________________________________________
add_1 (Add)                     (None, 28, 28, 32)   0           conv2d_1[0][0]
                                                                 batch_normalization_1[0][0]
__________________________________________________________________________________________________
dense_1 (Dense)                 (None, 28, 28, 1041) 34353       add_1[0][0]
==================================================================================================
Total params: 35,377
Trainable params: 35,313
Non-trainable params: 64
__________________________________________________________________________________________________
"""
ROWS = [
    ("input_1", "InputLayer", ((None, 30, 30, 3),), 0, ()),
    ("conv2d_1", "Conv2D", ((None, 28, 28, 32),), 896, ("input_1",)),
    ("batch_normalization_1", "BatchNor", ((None, 28, 28, 32),), 128, ("conv2d_1",)),
    ("add_1", "Add", ((None, 28, 28, 32),), 0, ("conv2d_1", "batch_normalization_1")),
    ("dense_1", "Dense", ((None, 28, 28, 1041),), 34353, ("add_1",)),
]


def only_table(text: str) -> Table:
    (table,) = find_tables(text)
    return table


def facts(table: Table) -> list[tuple[object, ...]]:
    return [
        (
            row.name,
            row.kind,
            row.shapes,
            row.parameters,
            tuple(connection.layer for connection in row.inputs or ()),
        )
        for row in table.rows
    ]


def drop_rules(text: str, marks: str = "_=") -> str:
    return "\n".join(line for line in text.split("\n") if not line or line.strip(marks))


def each_line(prefix: str) -> Callable[[str], str]:
    return lambda text: "\n".join(prefix + line for line in text.split("\n"))


def collapse(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.split("\n"))


def one_line(text: str) -> str:
    return " ".join(text.split())


def space_tokens(text: str) -> str:
    for mark in "(),-":
        text = text.replace(mark, f" {mark} ")
    return one_line(text.replace("=" * 98, "= " * 98))


DAMAGES: dict[str, Callable[[str], str]] = {
    "nothing": str,
    "spaces collapsed": collapse,
    "one line": one_line,
    "one line without rules": lambda text: one_line(drop_rules(text)),
    "no rules": drop_rules,
    "no double rules": lambda text: drop_rules(text, "="),
    "short rules": lambda text: text.replace("_" * 98, "___").replace("=" * 98, "==="),
    "spaced tokens": space_tokens,
    "mail quote": each_line("> "),
    "mail quote with empty lines": lambda text: "\n> \n".join(
        f"> {line}" for line in collapse(text).split("\n")
    ),
    "mail quote twice": each_line(">> "),
    "hash comment": each_line("# "),
    "hash comment without space": each_line("#"),
    "slash comment": each_line("    // "),
    "star comment": each_line(" * "),
    "indented": each_line("        "),
    "tabs": lambda text: text.replace("    ", "\t"),
    "blank lines": lambda text: text.replace("\n", "\n\n"),
    "carriage returns": lambda text: text.replace("\n", "\r\n"),
    "only carriage returns": lambda text: text.replace("\n", "\r"),
    "no-break spaces": lambda text: text.replace("  ", " \u00a0"),
    "zero-width spaces": lambda text: text.replace("_", "_\u200b").replace("(", "\ufeff("),
    "ideographic spaces": lambda text: text.replace("  ", "\u3000"),
    "full-width brackets": lambda text: (
        text.replace("(", "（").replace(",", "，").replace(":", "：")
    ),
    "entities": lambda text: text.replace(" ", "&nbsp;").replace("_", "&#95;"),
    "escaped entities": lambda text: text.replace("_", "&amp;#x5F;").replace('"', "&amp;quot;"),
    "markdown escapes": lambda text: (
        text.replace("_", "\\_").replace("[", "\\[").replace("#", "\\#")
    ),
    "code fence": lambda text: f"```\n{text}```\n",
    "break tags": lambda text: text.replace("\n", "<br />\n"),
    "tags": lambda text: (
        f"<pre class='x'><code>{text.replace('Conv2D', '<b>Conv2D</b>')}</code></pre>"
    ),
    "typographic quotes": lambda text: text.replace('"tiny"', "“tiny”"),
    "floats": lambda text: text.replace("35,377", "35377.0").replace(" 896 ", " 896.0 "),
    "sizes": lambda text: text.replace("35,377", "35377 (138.19 KB)"),
    "shifted header": lambda text: text.replace("Output Shape", "Output   Shape"),
    "prompt": lambda text: f">>> model.summary()\n{text}",
    "None after": lambda text: f"{text}None\n",
    "prose around": lambda text: (
        f"My model (Keras 2) is slow, look:\n{text}It has (32, 32) inputs.\n"
    ),
    "line numbers": lambda text: "\n".join(
        f"{number:3} {line}" for number, line in enumerate(text.split("\n"), 1)
    ),
    "line numbers first": lambda text: f"01 02 03 04 05 | {one_line(text)} |",
    "stray line": lambda text: text.replace("\nadd_1", "\nCopy code\nadd_1"),
    "one cell a line": lambda text: "\n".join(
        cell for line in text.split("\n") for cell in line.split("  ") if cell
    ),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_damaged_table_gives_the_same_rows(damage: Callable[[str], str]) -> None:
    table = only_table(damage(WHOLE))
    assert facts(table) == ROWS
    assert table.title == "tiny"
    assert table.totals is not None
    assert table.totals.total == 35377
    assert table.totals.non_trainable == 64
    assert not table.cut
    assert [row.kind_cut for row in table.rows] == [False, False, True, False, False]


@pytest.mark.parametrize("end", range(0, len(WHOLE), 7))
def test_table_cut_anywhere(end: int) -> None:
    """Whatever is left of a table is a beginning of its rows, the last of them perhaps cut."""
    tables = find_tables(WHOLE[:end])
    if not tables:
        assert end <= WHOLE.index("(InputLayer)")
        return
    (table,) = tables
    found = facts(table)
    assert found[:-1] == ROWS[: len(found) - 1]
    last, whole = table.rows[-1], ROWS[len(found) - 1]
    assert whole[0] == last.name
    assert str(whole[1]).startswith(last.kind)
    assert last.parameters is None or str(whole[3]).startswith(str(last.parameters))
    if last.parameters is None:
        assert table.cut
        assert any("is cut" in note.text for note in table.notes)


@pytest.mark.parametrize("start", range(0, len(WHOLE) // 2, 7))
def test_table_that_begins_in_the_middle(start: int) -> None:
    (table,) = find_tables(WHOLE[start:])
    found = facts(table)
    whole = ROWS[-len(found) :]
    assert found[1:] == whole[1:]
    assert str(whole[0][0]).endswith(str(found[0][0]))
    assert len(found) >= len(ROWS) - WHOLE[:start].count(")") // 2 - 1


def test_totals_cut_inside_a_number_are_lost_not_wrong() -> None:
    table = only_table(WHOLE[: WHOLE.index("377\nTrainable")])
    assert table.totals == Totals(line=16)
    assert table.cut
    assert TextNote(16, "the number of total parameters is cut off") in table.notes


def test_shape_cut_after_its_comma_does_not_take_the_parameters() -> None:
    text = """\
conv3d_1 (Conv3D)               (None, 16, 112, 112, 448         input_1[0][0]
pool_1 (MaxPooling3D)           (None, 16, 112, 112, 0           conv3d_1[0][0]
flatten_1 (Flatten)             (None, 200704)       0
conv3d_9 (Conv3D)               (None, 16, 112, 112, 77
dense_1 (Dense)                 (None, 4)            802820
"""
    rows = only_table(text).rows
    assert rows[0].shapes == rows[3].shapes == ((None, 16, 112, 112, Cut("")),)
    assert [row.parameters for row in rows] == [448, 0, 0, 77, 802820]
    assert rows[1].inputs == (Connection("conv3d_1", 0, 0),)


def test_rows_wrapped_by_a_mail() -> None:
    text = """\
> Layer (type)                    Output Shape         Param #
> Connected to
> ==========================================================
> conv2d_3 (Conv2D)               (None, 64,
> 64, 32)   9248        dropout_1[0][0]
> conv2d_4 (Conv2D)               (None, 64, 64, 32)
> 9248        conv2d_3[0][0]
> batch_normalization_4
> (BatchNormalization) (None, 64, 64, 32)   128
> conv2d_4[0][0]
> Total params: 18,624
"""
    table = only_table(text)
    assert [(row.name, row.kind, row.parameters) for row in table.rows] == [
        ("conv2d_3", "Conv2D", 9248),
        ("conv2d_4", "Conv2D", 9248),
        ("batch_normalization_4", "BatchNormalization", 128),
    ]
    assert all(row.shapes == ((None, 64, 64, 32),) for row in table.rows)
    assert table.rows[2].inputs == (Connection("conv2d_4", 0, 0),)
    assert any(
        note == TextNote(4, "the row of 'conv2d_3' was joined from 2 pieces")
        for note in table.notes
    )


def test_rows_left_out_by_the_author() -> None:
    text = WHOLE.replace("add_1 (Add) ", "...\n[...]\nadd_1 (Add) ")
    table = only_table(text)
    assert facts(table) == ROWS
    assert table.cut
    assert [note.line for note in table.notes] == [11, 12]


def test_a_row_in_the_middle_may_lose_its_parameters() -> None:
    table = only_table(WHOLE.replace(" 896         input_1[0][0]", ""))
    assert table.rows[1].parameters is None
    assert facts(table)[2:] == ROWS[2:]
    assert TextNote(7, "the row of 'conv2d_1' is cut: its parameters are lost") in table.notes


def test_several_tables_with_prose_between() -> None:
    other = WHOLE.replace("tiny", "other").replace("conv2d_1", "conv2d_7")
    tables = find_tables(f"First:\n{WHOLE}Then, without dropout:\n{other}The second takes 3 s.\n")
    assert [table.title for table in tables] == ["tiny", "other"]
    assert facts(tables[0]) == ROWS
    assert [(table.line, table.end_line) for table in tables] == [(2, 20), (22, 40)]
    assert tables[1].rows[1].name == "conv2d_7"


def test_two_tables_on_one_line() -> None:
    first, second = find_tables(one_line(WHOLE + WHOLE))
    assert facts(first) == facts(second) == ROWS
    assert (first.line, second.end_line) == (1, 1)
    assert first.rows[0].text == "input_1 (InputLayer) (None, 30, 30, 3) 0"


def test_headerless_fragments_are_kept_apart_by_prose() -> None:
    text = "a_1 (Dense) (None, 4) 20\nwhich is fine, but here\nb_1 (Dense) (None, 5) 30\n"
    assert [table.rows[0].name for table in find_tables(text)] == ["a_1", "b_1"]


def test_bytes_around_a_table_do_not_move_its_lines() -> None:
    text = "\x0c\x85\u2028&#10;<br>\r\n\r" + WHOLE
    assert only_table(text).line == 3
