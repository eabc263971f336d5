"""The tables that people really pasted, where the shared data lies beside the repository.

The file names and numbers below are facts about those files; the files themselves stay where they
are. ``...`` stands for a parameter count or a total that is not checked.
"""

from pathlib import Path

import pytest

from convcost.read.keras.summary.find import find_tables
from convcost.read.keras.summary.table import Connection, Cut, Table, Totals

QUESTIONS = Path(__file__).resolve().parents[4] / "../shared/data/questions"
SEEDS = QUESTIONS.parents[1] / "seeds"

pytestmark = pytest.mark.skipif(
    not QUESTIONS.is_dir(), reason=f"the shared questions are not at {QUESTIONS}"
)

# number: rows, parameters of all rows, total, first row, last row
TABLES: dict[str, tuple[int, int, int | None, str, str]] = {
    "01": (4, 1410091, 1410091, "conv2d_1", "dense_1"),
    "02": (3, 1409963, 1409963, "conv2d_2", "dense_2"),
    "03": (5, 669706, 669706, "dense_33", "dense_35"),
    "04": (6, 110986, 110986, "conv2d_36", "dense_40"),
    "05": (6, 5958, 5958, "conv2d_38", "dense_41"),
    "06": (12, 65568, None, "conv2d", "dense"),
    "07": (6, 164, None, "input_1", "digitcaps"),
    "08": (6, 400, None, "input_1", "conv2d_5"),
    "09": (18, 485888, None, "batch_normalization_6", "conv2d_11"),
    "10": (14, 10498048, 40620640, "conv2d_49", "add_23"),
    "11": (7, 215552, None, "res3b_branch2a_relu", "bn3b_branch2c"),
    "12": (2, 0, None, "regression", "classification"),
    "13": (18, 16117733, 16117733, "input_1", "activation_1"),
    "14": (9, 14976, None, "input_1", "max_pooling3d_2"),
    "15": (6, 133760, None, "activation_15", "res3c_branch2a"),
    "16": (6, 39424, None, "reshape_25", "conv_lst_m2d_7"),
    "17": (3, 2, None, "dense_1_input", "sequential_2"),
    "18": (3, 23950, None, "input_layer_1", "conv2d_1"),
    "19": (5, 260160, None, "conv1_1", "conv2_2"),
    "20": (7, 138528, None, "conv2d_3", "conv2d_6"),
    "21": (9, 260928, None, "conv2d_1", "conv2d_5"),
    "22": (7, 67072, None, "batch_normalization_8", "batch_normalization_10"),
    "23": (6, 41600, None, "activation_1", "block_1a_bn_2"),
    "24": (4, 2819200, None, "text_left", "dot_1"),
    "25": (2, 264192, None, "input", "lstm_1"),
    "26": (3, 320, None, "input_1", "dropout_1"),
    "27": (9, 9494048, None, "input_2", "dense_1"),
    "28": (2, 21386, 21386, "simple_rnn", "dense_35"),
    "29": (2, 12, 12, "input_2", "lstm_2"),
    "30": (2, 72, 72, "input_6", "lstm_6"),
    "31": (3, 289006, 288006, "conv2d", "dense"),
    "32": (3, 289006, 288006, "conv2d", "dense"),
    "33": (8, 28640, None, "conv2d_1", "dropout_2"),
    "34": (3, 33400, 33400, "flatten_Flatten1", "dense_Dense2"),
    "35": (1, 13, 13, "dense_Dense3", "dense_Dense3"),
}


def read(number: str) -> tuple[Table, ...]:
    (path,) = QUESTIONS.glob(f"{number}_*.txt")
    return find_tables(path.read_text(encoding="utf-8"))


def only_table(number: str) -> Table:
    (table,) = read(number)
    return table


@pytest.mark.parametrize("number", TABLES)
def test_rows_and_totals(number: str) -> None:
    count, parameters, total, first, last = TABLES[number]
    table = only_table(number)
    assert len(table.rows) == count
    assert sum(row.parameters or 0 for row in table.rows) == parameters
    assert (table.totals.total if table.totals else None) == total
    assert table.cut == (total is None)
    assert (table.rows[0].name, table.rows[-1].name) == (first, last)
    assert [row.parameters for row in table.rows[:-1]].count(None) == 0
    assert all(row.shapes or " multiple " in row.text for row in table.rows[:-1])
    assert not any("passed over" in note.text for note in table.notes)


@pytest.mark.parametrize("number", ["36", "37", "38", "39", "40"])
def test_torchinfo_is_not_ours(number: str) -> None:
    assert read(number) == ()


@pytest.mark.parametrize(
    ("number", "index", "shapes"),
    [
        ("01", 1, ((None, 32, 32, 32),)),
        ("06", 11, ((None, 1, 256),)),
        ("09", 0, ((None, None, None, Cut("6")),)),
        ("12", 1, ((None, None, 8),)),
        ("13", 10, ((None, 4, 4, 1, 256),)),
        ("14", 8, ((None, 32, 4, 28, 28),)),
        ("15", 3, ((None, 28, 28, 512),)),
        ("16", 0, ((None, 8, 1, 240, Cut("24")),)),
        ("18", 2, ((None, 60, 60, 50),)),
        ("19", 0, ((None, 300, 300, 64),)),
        ("19", 4, ((None, 150, 150, 128),)),
        ("23", 0, ((None, 64, 1080, Cut("204")),)),
        ("24", 2, ()),
        ("32", 0, ((None, 30, 30, 32),)),
        ("34", 0, ((None, 784),)),
    ],
)
def test_shapes(number: str, index: int, shapes: object) -> None:
    assert only_table(number).rows[index].shapes == shapes


def test_connections() -> None:
    assert only_table("09").rows[5].inputs == (
        Connection("leaky_re_lu_5", 0, 0),
        Connection("leaky_re_lu_7", 0, 0),
    )
    assert only_table("12").rows[1].inputs == tuple(
        Connection("classification_submodel", call, 0) for call in range(1, 6)
    )
    assert only_table("15").rows[3].inputs is None
    assert only_table("19").rows[1].inputs == (Connection("conv1_1", 0, 0),)
    assert only_table("22").rows[6].inputs == ()
    assert only_table("24").rows[3].inputs == (
        Connection("embedding", 0, 0),
        Connection("embedding", 1, 0),
    )
    assert only_table("26").rows[2].inputs == (Connection("conv2d_1", 0, 0),)


def test_cut_kinds() -> None:
    row = only_table("11").rows[3]
    assert (row.name, row.kind, row.kind_cut) == ("bn3b_branch2b", "BatchNormalizati", True)
    row = only_table("07").rows[5]
    assert (row.kind, row.kind_cut, row.parameters) == ("CapsuleLayer", False, None)


def test_totals() -> None:
    assert only_table("01").totals == Totals(line=18, total=1410091, non_trainable=64)
    table = only_table("10")
    assert table.totals is not None
    assert table.totals.non_trainable == 35712
    assert table.end_line == 37


def test_titles_and_lines() -> None:
    assert only_table("06").title == "sequential"
    assert only_table("18").title == "dollar_street_model_small"
    assert only_table("32").title == "sequential"
    assert (only_table("31").line, only_table("31").end_line) == (4, 16)


@pytest.mark.skipif(not SEEDS.is_dir(), reason=f"the shared seeds are not at {SEEDS}")
@pytest.mark.parametrize(
    ("number", "totals"),
    [("000", [1410091, 1409963]), ("001", [669706, 110986, 5958]), ("002", []), ("003", [])],
)
def test_whole_posts(number: str, totals: list[int]) -> None:
    (path,) = SEEDS.glob(f"{number}_*.txt")
    tables = find_tables(path.read_text(encoding="utf-8"))
    assert [table.totals and table.totals.total for table in tables] == totals
    assert [sum(row.parameters or 0 for row in table.rows) for table in tables] == totals
