"""Each program that prints summaries, by a small example of ours."""

import pytest

from convcost.read.keras.summary.find import find_tables
from convcost.read.keras.summary.table import Connection, Cut, Table, TextNote, Totals


def only_table(text: str) -> Table:
    (table,) = find_tables(text)
    return table


def test_keras2_with_three_columns() -> None:
    text = """\
Model: "tiny"
_________________________________________________________________
Layer (type)                 Output Shape              Param #
=================================================================
conv2d (Conv2D)              (None, 6, 6, 4)           40
_________________________________________________________________
max_pooling2d (MaxPooling2D) (None, 3, 3, 4)           0
_________________________________________________________________
max_pooling2d_1 (MaxPooling2 (None, 1, 1, 4)           0
=================================================================
Total params: 40
Trainable params: 40
Non-trainable params: 0
_________________________________________________________________
None
"""
    table = only_table(text)
    assert (table.title, table.cut) == ("tiny", False)
    assert (table.line, table.end_line) == (1, 15)
    assert table.totals == Totals(line=11, total=40, non_trainable=0)
    conv, pool, cut = table.rows
    assert (conv.line, conv.name, conv.kind) == (5, "conv2d", "Conv2D")
    assert (conv.shapes, conv.parameters, conv.inputs) == (((None, 6, 6, 4),), 40, None)
    assert conv.text == "conv2d (Conv2D)              (None, 6, 6, 4)           40"
    assert (pool.kind, pool.kind_cut) == ("MaxPooling2D", False)
    assert (cut.kind, cut.kind_cut) == ("MaxPooling2", True)
    assert table.notes == ()


def test_keras2_with_connections_on_lines_of_their_own() -> None:
    text = """\
Layer (type)                    Output Shape         Param #     Connected to
==================================================================================
left (InputLayer)               (None, 8, 8, 3)      0
__________________________________________________________________________________
right (InputLayer)              (None, 8, 8, 3)      0
__________________________________________________________________________________
add_1 (Add)                     (None, 8, 8, 3)      0           left[0][0]
                                                                 right[0][0]
__________________________________________________________________________________
shared (Embedding)              multiple             50          left[0][0]
                                                                 add_1[2][1]
==================================================================================
"""
    table = only_table(text)
    left, right, add, shared = table.rows
    assert left.inputs == right.inputs == ()
    assert add.inputs == (Connection("left", 0, 0), Connection("right", 0, 0))
    assert shared.inputs == (Connection("left", 0, 0), Connection("add_1", 2, 1))
    assert (shared.shapes, shared.parameters) == ((), 50)
    assert add.text.count("\n") == 1
    assert table.cut
    assert table.totals is None


def test_keras1_prints_no_trainable_lines() -> None:
    text = """\
____________________________________________________________________________________________________
Layer (type)                     Output Shape          Param #     Connected to
====================================================================================================
convolution2d_1 (Convolution2D)  (None, 8, 26, 26)     80          convolution2d_input_1[0][0]
____________________________________________________________________________________________________
maxpooling2d_1 (MaxPooling2D)    (None, 8, 13, 13)     0           convolution2d_1[0][0]
====================================================================================================
Total params: 199882
"""
    table = only_table(text)
    assert not table.cut
    assert table.totals == Totals(line=8, total=199882)
    assert table.rows[0].inputs == (Connection("convolution2d_input_1", 0, 0),)


def test_tensorflow_wraps_every_column() -> None:
    text = """\
 Layer (type)                Output Shape         Param #   Connected to
===========================================================================
 input_1 (InputLayer)        [(None, 400, 400, 3  0         []
                             )]

 max_pooling2d (MaxPooling   (None, 150, 150, 12  0         ['input_1[0][0]']
 2D)                         8)

 batch_normalization_of_th   [(None, 4),          2569011   ['max_pooling2d[0][0]',
 e_stem (BatchNormalizatio    (None, 4)]          2          'batch_normalization_of_
 n)                                                         an_earlier_block[1][0]']

===========================================================================
Total params: 25690112 (98.00 MB)
Trainable params: 25690112 (98.00 MB)
Non-trainable params: 0 (0.00 Byte)
"""
    table = only_table(text)
    given, pool, norm = table.rows
    assert (given.shapes, given.inputs) == (((None, 400, 400, 3),), ())
    assert (pool.kind, pool.kind_cut) == ("MaxPooling2D", False)
    assert pool.shapes == ((None, 150, 150, 128),)
    assert (norm.name, norm.kind) == ("batch_normalization_of_the_stem", "BatchNormalization")
    assert (norm.shapes, norm.parameters) == (((None, 4), (None, 4)), 25690112)
    assert norm.inputs == (
        Connection("max_pooling2d", 0, 0),
        Connection("batch_normalization_of_an_earlier_block", 1, 0),
    )
    assert table.totals == Totals(line=14, total=25690112, non_trainable=0)
    assert TextNote(4, "the wrapped shape of 'input_1' was joined") in table.notes
    assert TextNote(7, "the wrapped name of 'max_pooling2d' was joined") in table.notes


def test_tensorflow_wraps_a_name_over_three_lines() -> None:
    text = """\
 Layer (type)        Output Shape              Param #
=================================================================
 a_name_that_is_lon  (None, 3)                 12
 ger_than_its_colum
 n (Dense)

=================================================================
"""
    (row,) = only_table(text).rows
    assert (row.name, row.kind) == ("a_name_that_is_longer_than_its_column", "Dense")


def test_tensorflow_wraps_a_shape_after_its_comma() -> None:
    text = """\
 conv3d (Conv3D)             (None, 16, 112, 112,  448       ['input_1[0][0]']
                              64)
 pool (MaxPooling3D)         (None, 16, 112, 112,  0         ['conv3d[0][0]']
                              64)
"""
    table = only_table(text)
    assert [row.shapes for row in table.rows] == [((None, 16, 112, 112, 64),)] * 2
    assert [row.parameters for row in table.rows] == [448, 0]


def test_keras2_nested_and_trainable() -> None:
    text = """\
 Layer (type)                Output Shape              Param #   Trainable
============================================================================
 base (Functional)           (None, 4)                 60        N
|¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯|
| inner (Functional)         (None, 4)                 60        N          |
||¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯||
|| dense (Dense)             (None, 4)                 60        N         ||
||                                                                         ||
|| global_average_pooling (  (None, 4)                 0         N         ||
|| GlobalAveragePooling2D)                                                 ||
|¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯|
¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯
 head (Dense)                (None, 2)                 10        Y

============================================================================
Total params: 70
"""
    table = only_table(text)
    assert [row.depth for row in table.rows] == [0, 1, 2, 2, 0]
    assert [row.trainable for row in table.rows] == [False] * 4 + [True]
    assert [row.name for row in table.rows][2:4] == ["dense", "global_average_pooling"]
    assert table.rows[3].kind == "GlobalAveragePooling2D"
    assert all(row.inputs is None for row in table.rows)


KERAS3 = """\
Model: "functional"
┏━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━┓
┃ Layer (type)        ┃ Output Shape      ┃    Param # ┃ Connected to      ┃ Trai… ┃
┡━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━┩
│ input_layer         │ (None, 32, 32, 3) │          0 │ -                 │   -   │
│ (InputLayer)        │                   │            │                   │       │
├─────────────────────┼───────────────────┼────────────┼───────────────────┼───────┤
│ inner (Sequential)  │ (None, 300, 300,  │     22,550 │ input_layer[0][0] │   Y   │
│                     │ 64)               │            │                   │       │
├─────────────────────┼───────────────────┼────────────┼───────────────────┼───────┤
│    └ conv2d         │ (None, 30, 30, 8) │        224 │ -                 │   N   │
│ (Conv2D)            │                   │            │                   │       │
├─────────────────────┼───────────────────┼────────────┼───────────────────┼───────┤
│       └             │ (None, 30, 30, 8) │         32 │ -                 │   N   │
│ batch_normalizatio… │                   │            │                   │       │
│ (BatchNormalizatio… │                   │            │                   │       │
├─────────────────────┼───────────────────┼────────────┼───────────────────┼───────┤
│ lstm (LSTM)         │ [(None, 4),       │    1,144   │ inner[0][0],      │   Y   │
│                     │ (None, 4)]        │            │ input_layer[0][0] │       │
├─────────────────────┼───────────────────┼────────────┼───────────────────┼───────┤
│ late (Dense)        │ ?                 │   0        │ lstm[0][1]        │   -   │
│                     │                   │ (unbuilt)  │                   │       │
└─────────────────────┴───────────────────┴────────────┴───────────────────┴───────┘
 Total params: 23,950 (93.55 KB)
 Trainable params: 22,774 (88.96 KB)
 Non-trainable params: 256 (1.00 KB)
 Optimizer params: 920 (3.59 KB)
"""


def check_keras3(table: Table) -> None:
    assert (table.title, table.cut) == ("functional", False)
    given, inner, conv, norm, lstm, late = table.rows
    assert (given.name, given.kind, given.inputs) == ("input_layer", "InputLayer", ())
    assert (inner.shapes, inner.parameters) == (((None, 300, 300, 64),), 22550)
    assert (conv.name, conv.kind, conv.trainable) == ("conv2d", "Conv2D", False)
    assert (norm.name, norm.name_cut) == ("batch_normalizatio", True)
    assert (norm.kind, norm.kind_cut, norm.shapes) == (
        "BatchNormalizatio",
        True,
        ((None, 30, 30, 8),),
    )
    assert lstm.shapes == ((None, 4), (None, 4))
    assert lstm.inputs == (Connection("inner", 0, 0), Connection("input_layer", 0, 0))
    assert (late.shapes, late.parameters, late.trainable) == ((), 0, None)
    assert table.totals is not None
    assert (table.totals.total, table.totals.non_trainable) == (23950, 256)


def test_keras3_box() -> None:
    table = only_table(KERAS3)
    check_keras3(table)
    assert [row.depth for row in table.rows] == [0, 0, 1, 2, 0, 0]
    assert (table.line, table.end_line) == (1, 27)
    assert table.rows[0].line == 5
    assert table.rows[0].text.endswith("│                   │       │")


def test_keras3_box_on_one_line() -> None:
    check_keras3(only_table(" ".join(KERAS3.split())))


def test_keras3_box_in_plain_characters() -> None:
    text = KERAS3.translate(str.maketrans("┃│", "||"))
    check_keras3(only_table(text.translate(dict.fromkeys(map(ord, "━┳┏┓┡╇┩├─┼┤┴┘"), "-"))))


def test_keras3_colours() -> None:
    text = """\
\x1b[1mModel: "sequential"\x1b[0m
┏━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━┓
┃\x1b[1m \x1b[0m\x1b[1mLayer (type)       \x1b[0m┃ Output Shape      ┃ [1m   Param #[0m ┃
┡━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━┩
│ dense (\x1b[38;5;33mDense\x1b[0m) │ (\x1b[38;5;45mNone\x1b[0m, [38;5;34m32[0m) │ [34m1,056[0m │
└─────────────────────┴───────────────────┴────────────┘
"""
    table = only_table(text)
    (row,) = table.rows
    assert table.title == "sequential"
    assert (row.name, row.kind, row.shapes, row.parameters) == (
        "dense",
        "Dense",
        ((None, 32),),
        1056,
    )


def test_keras3_box_cropped_by_the_page() -> None:
    text = """\
┏━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━
┃ Layer (type)         ┃ Output Shape
┡━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━
│ conv2d (Conv2D)      │ (None, 30, 30, 8)
├──────────────────────┼──────────────────
│ batch_normalization  │ (None, 30, 30, 8)
│ (BatchNormalization) │
└──────────────────────┴──────────────────
 Total params: 256 (1.00 KB)
"""
    table = only_table(text)
    assert [row.name for row in table.rows] == ["conv2d", "batch_normalization"]
    assert [row.kind for row in table.rows] == ["Conv2D", "BatchNormalization"]
    assert [row.parameters for row in table.rows] == [None, None]
    assert any("parameters are lost" in note.text for note in table.notes)


def test_cut_connections_are_told_by_the_rows_they_can_mean() -> None:
    text = """\
┃ Layer (type)      ┃ Output Shape   ┃ Param # ┃ Connected to   ┃
┡━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━╇━━━━━━━━━╇━━━━━━━━━━━━━━━━┩
│ input_layer       │ (None, 4, 4,   │       0 │ -              │
│ (InputLayer)      │ 8)             │         │                │
├───────────────────┼────────────────┼─────────┼────────────────┤
│ separable_convol… │ (None, 4, 4,   │      80 │ input_layer[0… │
│ (SeparableConv2D) │ 8)             │         │                │
├───────────────────┼────────────────┼─────────┼────────────────┤
│ dense_1 (Dense)   │ (None, 4, 4,   │       9 │ separable_con… │
│                   │ 1)             │         │                │
├───────────────────┼────────────────┼─────────┼────────────────┤
│ dense_2 (Dense)   │ (None, 4, 4,   │       9 │ separable_con… │
│                   │ 1)             │         │ dense_1[0][0]  │
├───────────────────┼────────────────┼─────────┼────────────────┤
│ add (Add)         │ (None, 4, 4,   │       0 │ dens…          │
│                   │ 1)             │         │                │
└───────────────────┴────────────────┴─────────┴────────────────┘
"""
    rows = only_table(text).rows
    assert rows[1].inputs == (Connection("input_layer", 0, 0),)
    assert rows[2].inputs == (Connection("separable_convol", 0, 0),)
    assert rows[3].inputs == (Connection("separable_convol", 0, 0), Connection("dense_1", 0, 0))
    assert rows[4].inputs == (Connection("dens", 0, 0, cut=True),)


def test_tensorflow_js() -> None:
    text = """\
__________________________________________________________________________________________
Layer (type)                Input Shape               Output shape              Param #
==========================================================================================
conv2d_Conv2D1 (Conv2D)     [[null,28,28,1]]          [null,26,26,8]            80
__________________________________________________________________________________________
flatten_Flatten1 (Flatten)  [[null,26,26,8]]          [null,5408]               0
==========================================================================================
Total params: 80
"""
    table = only_table(text)
    assert [row.shapes for row in table.rows] == [((None, 26, 26, 8),), ((None, 5408),)]
    assert [row.parameters for row in table.rows] == [80, 0]


def test_bigdl_prints_bare_names() -> None:
    text = """\
------------------------------------------------------------------------------------------
Layer (type)                 Output Shape              Param #       Connected to
==========================================================================================
Input0c1d2e3f (Input)        (None, 30)                0
__________________________________________________________________________________________
hidden (Dense)               (None, 8)                 248           Input0c1d2e3f
__________________________________________________________________________________________
merged (Merge)               (None, 38)                0             hidden
                                                                     Input0c1d2e3f
Total params: 248
Trainable params: 248
Non-trainable params: 0
------------------------------------------------------------------------------------------
"""
    table = only_table(text)
    assert table.rows[1].inputs == (Connection("Input0c1d2e3f", 0, 0),)
    assert table.rows[2].inputs == (Connection("hidden", 0, 0), Connection("Input0c1d2e3f", 0, 0))


def test_markdown_table() -> None:
    text = """\
| Layer (type) | Output Shape | Param # |
|:-------------|--------------|--------:|
| conv2d (Conv2D) | (None, 30, 30, 32) | 896 |
| dense (Dense) | (None, 10) | 2,890 |

Total params: 3,786
"""
    table = only_table(text)
    assert [(row.name, row.parameters) for row in table.rows] == [("conv2d", 896), ("dense", 2890)]


@pytest.mark.parametrize(
    ("cell", "shapes"),
    [
        ("(None,)", ((None,),)),
        ("()", ((),)),
        ("[(None, 4), (None, 5)]", ((None, 4), (None, 5))),
        ("((None, 4), (None, 5))", ((None, 4), (None, 5))),
        ("(None, 4), (None, 5)", ((None, 4), (None, 5))),
        ("{'a': (None, 4), 'b': (None, 5)}", ((None, 4), (None, 5))),
        ("[[null,4],[null,5]]", ((None, 4), (None, 5))),
        ("(32, 10)", ((32, 10),)),
        ("(None, None, None, 6", ((None, None, None, Cut("6")),)),
        ("(None, None, None, N", ((None, None, None, None, Cut("")),)),
        ("[(None, 4), (None,", ((None, 4), (None, Cut("")))),
        ("[(None, 28, 28, 512),", ((None, 28, 28, 512),)),
    ],
)
def test_shapes(cell: str, shapes: object) -> None:
    text = f"Layer (type) Output Shape Param #\ncell (Cell) {cell} 17\nlast (Dense) (None, 3) 8"
    row = only_table(text).rows[0]
    assert (row.shapes, row.parameters) == (shapes, 17)


@pytest.mark.parametrize(
    "name", ["tf.math.add_1", "block/conv:0", "re-lu", "lambda.1", "conv\x07x", "слой_1", "层"]
)
def test_names(name: str) -> None:
    text = f"Layer (type) Output Shape Param #\n{name} (TFOpLambda) (None, 3) 0\n"
    assert only_table(text).rows[0].name == name


def test_a_name_that_fills_its_column() -> None:
    text = """\
Layer (type)                    Output Shape         Param #     Connected to
==================================================================================
input_1 (InputLayer)            (None, 8)            0
__________________________________________________________________________________
a_name_as_wide_as_its_column_is (None, 4)            36          input_1[0][0]
__________________________________________________________________________________
dense (Dense)                   (None, 2)            10          a_name_as_wide_as_its_column_is_1
"""
    table = only_table(text)
    row, last = table.rows[1:]
    assert (row.name, row.name_cut, row.kind) == ("a_name_as_wide_as_its_column_is", True, "")
    assert last.inputs == (Connection("a_name_as_wide_as_its_column_is", 0, 0),)
