"""Forms: fields as a browser sends them, and a question; what is wrong is told by field."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcost.serve import limits
from convcost.serve.fields import of_question
from convcost.serve.forms import FormError, kept, question_of
from convcost.serve.question import File, Question

WORDS = st.from_regex(r"[!-~]{1,20}", fullmatch=True)
LINES = st.text(st.characters(codec="utf-8", exclude_characters="\r"), min_size=1).filter(str.strip)
NUMBERS = st.integers(1, 10**9)
FILES = st.builds(
    lambda name, digest: File(name=name, digest=f"{digest:064x}"),
    st.from_regex(r"[a-z][a-z .]{0,10}\.(keras|onnx)", fullmatch=True),
    st.integers(0, 2**200),
)
QUESTIONS = st.builds(
    Question,
    texts=st.lists(LINES, max_size=3).map(tuple),
    files=st.lists(FILES, max_size=3, unique=True).map(tuple),
    zoo=st.lists(WORDS.filter(lambda word: not word.startswith("zoo:")), max_size=3).map(tuple),
    device=st.none() | st.just("a100"),
    runtime=st.none() | WORDS,
    batch=st.integers(1, limits.MAX_BATCH),
    training=st.booleans(),
    optimizer=st.none() | st.just("adam"),
    samples=st.none() | NUMBERS,
    measured=st.lists(st.sampled_from(["4.6s", "12 ms", "3min"]), max_size=3).map(tuple),
    dims=st.dictionaries(WORDS, NUMBERS, max_size=3),
    inputs=st.lists(st.lists(NUMBERS, min_size=1, max_size=4).map(tuple), max_size=2).map(tuple),
    choices=st.dictionaries(WORDS, st.integers(1, limits.MAX_CHOICE), max_size=3),
    vary=st.none() | st.just("conv*.kernel=1,3,5"),
)


@settings(max_examples=40)
@given(QUESTIONS)
def test_what_was_asked_comes_back_through_the_form(question: Question) -> None:
    fields = {
        name: [value.replace("\n", "\r\n") for value in values]
        for name, values in of_question(question).items()
    }
    files = tuple(File(name=name, digest=digest) for digest, name in kept(fields.get("kept", ())))
    assert question_of(fields, files) == question


@pytest.mark.parametrize(
    ("fields", "attribute", "value"),
    [
        ({"samples": ["12,630"]}, "samples", 12_630),
        ({"samples": ["12 630"]}, "samples", 12_630),
        ({"zoo": ["zoo:vgg16", "alexnet\nseed001-cnn?filters=4,4"]}, "zoo",
         ("vgg16", "alexnet", "seed001-cnn?filters=4,4")),
        ({"device": ["this-machine"]}, "device", None),
        ({"measured": ["4.6s; 340 ms\n"]}, "measured", ("4.6s", "340 ms")),
        ({"input": ["3, 224,224  10"]}, "inputs", ((3, 224, 224), (10,))),
        ({"choice.conv2d_1": ["0"]}, "choices", {}),
        ({"choice.conv2d_1": [""], "dim.height": [" "]}, "dims", {}),
        ({"text": ["", " \r\n"]}, "texts", ()),
        ({"training": ["on"]}, "training", True),
        ({"batch": [""]}, "batch", 32),
    ],
)  # fmt: skip
def test_what_people_type(fields: dict[str, list[str]], attribute: str, value: object) -> None:
    assert getattr(question_of(fields, ()), attribute) == value


@pytest.mark.parametrize(
    ("fields", "field", "what"),
    [
        ({"batch": ["eight"]}, "batch", "'eight' is not a whole number"),
        ({"batch": ["0"]}, "batch", "Expected `int` >= 1"),
        ({"batch": ["-3"]}, "batch", "not a whole number"),
        ({"batch": ["1e9"]}, "batch", "not a whole number"),
        ({"batch": ["9" * 30]}, "batch", "not a whole number"),
        ({"batch": ["１２"]}, "batch", "not a whole number"),
        ({"batch": ["8", "16"]}, "batch", "given twice"),
        ({"samples": ["1.5"]}, "samples", "not a whole number"),
        ({"training": ["perhaps"]}, "training", "neither yes nor no"),
        ({"measured": ["4.6 parsecs"]}, "measured", "not a duration"),
        ({"input": ["3x224"]}, "input", "not a list of sizes"),
        ({"input": ["3,0"]}, "input", "Expected `int` >= 1"),
        ({"dim.height": ["tall"]}, "dim.height", "not a whole number"),
        ({"choice.c": ["-1"]}, "choice.c", "not a whole number"),
        ({"zoo": [" ".join(["a"] * 17)]}, "zoo", "length <= 16"),
        ({"device": ["x" * 301]}, "device", "length <= 300"),
        ({"text": ["x" * (limits.MAX_TEXT + 1)]}, "text", "length <="),
        ({"tetx": ["a"]}, "tetx", "no such field"),
    ],
)
def test_what_is_wrong_is_told_by_field(
    fields: dict[str, list[str]], field: str, what: str
) -> None:
    with pytest.raises(FormError) as caught:
        question_of(fields, ())
    refusal = caught.value.refusal
    assert what in refusal.fields[field]
    assert what in refusal.message
    assert refusal.kind == "usage"


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(FormError) as caught:
        question_of({"batch": ["x"], "samples": ["y"], "zoo": ["alexnet"]}, ())
    assert set(caught.value.refusal.fields) == {"batch", "samples"}


@pytest.mark.parametrize("value", ["", "abc net.h5", f"{'0' * 64}", f"{'A' * 64} net.h5", "../x y"])
def test_a_kept_file_is_a_digest_and_a_name(value: str) -> None:
    with pytest.raises(FormError, match="no file that was sent before"):
        kept([value])
