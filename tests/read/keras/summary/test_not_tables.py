"""What must not become a row, and what must not stop or slow the search."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from convcost.read.keras.summary.find import find_tables
from convcost.read.limits import MAX_TEXT_BYTES

HEADER = "Layer (type) Output Shape Param # Connected to\n"
ROW = "conv2d_1 (Conv2D) (None, 28, 28, 32) 896\n"

PROSE = [
    "conv2d_1 will add (32, 32) multiplications",
    "I expected 32 * 32 * 32 from conv2d_1 (Conv2D), see (None, 32, 32, 32) below",
    "the row dense_1 (Dense) (None, 43) 1409067 is where they come from",
    "# source: https://example.org/1 (mirror of a question (None, 512) 3)",
    "model.add(Conv2D(32, (3, 3), activation='relu', input_shape=(28, 28, 1)))",
    "Conv2D(32, (3,3))",
    "x = Conv2D(32, (3, 3))(x)",
    "x = layers.Conv2D (32, (3, 3), padding='same') (x)",
    "model . add ( Conv2D ( 32 , ( 3 , 3 ) , activation = 'relu' ) )",
    "model.add(Reshape((28, 28, 1), input_shape=(784,)))",
    "x = tf.reshape(x, (None, 3)) # 12",
    "print(x.shape) # (None, 28, 28, 1) 5",
    "for i in range (10): a[i] = (None, 3)",
    "| Model | Accuracy | Time |\n|---|---|---|\n| ResNet (50) | 0.76 | 12 |",
    "Total params: 86,567,656\nTrainable params: 86,567,656\nTotal mult-adds (M): 173.23",
    "├─Sequential: 1-1       [1, 24, 9, 9]    --\n│    └─Conv2d: 2-1      [1, 24, 9, 9]    648",
    "Layer (type)         Output Shape      Param #\n    Conv2d-1   [-1, 64, 224, 224]      1,792",
    "(conv1): Conv2d(3, 64, kernel_size=(3, 3), stride=(1, 1))",
    'Model: "sequential"',
    HEADER,
]


@pytest.mark.parametrize("text", PROSE)
def test_no_table(text: str) -> None:
    assert find_tables(text) == ()


@pytest.mark.parametrize("text", PROSE[:15])
def test_no_row_beside_a_table(text: str) -> None:
    (table,) = find_tables(f"{text}\n\n{HEADER}{ROW}Total params: 896\n\n{text}\n")
    assert [row.name for row in table.rows] == ["conv2d_1"]
    (table,) = find_tables(f"{text}\n\n{HEADER}{ROW}{text}\n")
    assert [row.name for row in table.rows] == ["conv2d_1"]


def test_a_row_quoted_on_its_own_line_is_no_second_table() -> None:
    tables = find_tables(
        f"{HEADER}{ROW}Total params: 896\nHow is this row counted?\n\n{ROW}\nThanks\n"
    )
    assert len(tables) == 1


def test_words_behind_the_last_row_end_the_table() -> None:
    (table,) = find_tables(f"{HEADER}{ROW.strip()} Why is it so slow? I measured 3 s.")
    assert table.rows[0].inputs == ()
    assert table.cut


BITS = ["a", "(", "a (", "1,", "[(None, ", "_ ", "= ", "| ", "|", "└", "a (B (", "a (B) (None, "]
BITS += ["a (B) (None, 3) 4 ", "x[0][0] ", "'x[0][0]', ", "['", "(None, 3), ", "(None, 4)", "\n"]
BITS += [
    "Layer (type) ",
    "Output Shape ",
    "Param # ",
    "Connected to\n",
    'Model: "',
    "Total params: ",
]
BITS += [
    "Trainable params: 1,",
    "a (B)\n",
    "8)\n",
    "2D)",
    "…",
    "...\n",
    "| a | b | c |\n",
    "┃",
    "━━━━",
]
BITS += [
    "> ",
    "&amp;",
    "<b ",
    "\x1b[",
    "N",
    "Y ",
    "- ",
    "9" * 40,
    "multiple",
    "None",
    "{'a': (",
    "?",
]
BITS += [
    "$ (None, 3) 4 ",
    "\r",
    "\x00",
    "\u2028",
    "\ud800",
    "（",
    "batch_normali… ",
    "12",
    "=" * 9,
    "²",
    "٣",
]


@given(st.lists(st.sampled_from(BITS), max_size=40).map("".join) | st.text(max_size=200))
@example("a (B) (None, 3) 4\n" + "9" * 40)
@example("a (B) (None, " + "9" * 5000 + ") 4")
@example("Layer (type) Output Shape\na (B) (None, 3) 4\nTotal params: " + "9" * 5000)
def test_any_text_gives_an_answer(text: str) -> None:
    lines = text.count("\n") + text.count("\r") + 1
    end = 0
    for table in find_tables(text):
        assert end <= table.line <= table.end_line <= lines
        assert table.rows
        end = table.end_line
        for row in table.rows:
            assert table.line <= row.line <= table.end_line
            assert row.name


@pytest.mark.parametrize("before", ["", HEADER, HEADER + ROW, HEADER + "a (B) (None, 3) 4 ['a[0"])
@pytest.mark.parametrize("bit", BITS)
def test_time_is_linear_in_the_text(bit: str, before: str) -> None:
    """Eight times the text takes about eight times the time, where the time can be told at all.

    A busy machine may disturb one try; what takes the square takes 64 times as long in every one.
    """
    ratios = []
    for _ in range(4):
        small = _seconds(before + bit * (6_000 // len(bit)))
        if small <= 0.002:
            return
        ratios.append(_seconds(before + bit * (48_000 // len(bit))) / small)
        if ratios[-1] < 40:
            return
    pytest.fail(f"so many times as long, try by try: {ratios}")


@pytest.mark.parametrize("bit", ["a", "(", "1,", " ", "(None, ", "x[0][0] "])
def test_as_much_as_is_read_on_one_line(bit: str) -> None:
    assert _seconds(HEADER + bit * (MAX_TEXT_BYTES // len(bit))) < 12


def _seconds(text: str) -> float:
    start = time.process_time()
    find_tables(text)
    return time.process_time() - start
