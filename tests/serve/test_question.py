"""Questions: their names, their command lines, the names of their files."""

import json
import shlex
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from convcost.cli.main import group
from convcost.serve.answer import Answer
from convcost.serve.answering import answer
from convcost.serve.question import File, Question
from convcost.serve.reading import placed_names, shown_name
from support.served import DEVICE, OPEN, TABLE

DIGEST = "0" * 64


def test_equal_questions_have_one_name_and_others_another() -> None:
    one = Question(zoo=("alexnet",), dims={"a": 1, "b": 2}, batch=8)
    two = msgspec.json.decode(
        b'{"batch": 8, "dims": {"b": 2, "a": 1}, "zoo": ["alexnet"]}', type=Question
    )
    assert one.id == two.id
    others = [
        msgspec.structs.replace(one, batch=9),
        msgspec.structs.replace(one, training=True),
        msgspec.structs.replace(one, texts=("x",)),
        msgspec.structs.replace(one, files=(File(name="a", digest=DIGEST),)),
        msgspec.structs.replace(one, files=(File(name="b", digest=DIGEST),)),
    ]
    assert len({each.id for each in (one, *others)}) == 1 + len(others)


def test_a_name_stays_what_it_is() -> None:
    """Links that were given out must be found: a change here needs a new contract."""
    assert Question(zoo=("vgg16",), device="a100").id == "f43250784347ef762ca4"


@pytest.mark.parametrize(
    "question",
    [
        Question(zoo=("seed001-cnn",), device=DEVICE, batch=4, samples=100, measured=("4.6s",)),
        Question(texts=(TABLE,), device=DEVICE, training=True, optimizer="adam"),
        Question(texts=(OPEN,), device=DEVICE, dims={"height": 8, "width": 8}),
        Question(texts=(OPEN,)),
        Question(
            zoo=("seed001-mlp", "seed001-cnn"), device=DEVICE, runtime="torch", samples=60_000
        ),
        Question(zoo=("seed003",), device=DEVICE, vary="conv*.kernel=1,3"),
    ],
    ids=str,
)
def test_the_commands_give_the_same(question: Question, tmp_path: Path) -> None:
    made = answer(question, tmp_path)
    assert isinstance(made, Answer), made
    values = {"report": made.overview, "predict": made.plan, "sweep": made.sweep}
    values |= {"count": made.counts, "rewrite": made.rewrites and made.rewrites[0]}
    assert made.commands
    for verb, command in made.commands.items():
        words = [*shlex.split(command)[1:], "--json"]
        result = CliRunner().invoke(group, words, input="\n".join(question.texts))
        assert result.exit_code == 0, result.stderr
        ours = msgspec.json.decode(values[verb])
        assert _unnamed(json.loads(result.stdout)) == _unnamed(ours), command


def _unnamed(value: object) -> object:
    """Standard input, and a text, are called otherwise."""
    return json.loads(json.dumps(value).replace("standard input", "text"))


def test_files_are_named_in_the_command_and_cannot_be_options() -> None:
    files = (File(name="my net.keras", digest=DIGEST), File(name="--help", digest=DIGEST))
    question = Question(files=files, inputs=((3, 8, 8),), choices={"c": 2})
    words = shlex.split(question.commands(networks=1, known=True, timed=False)["report"])
    assert words[:4] == ["convcost", "report", "my net.keras", "./--help"]
    assert words[-4:] == ["--input", "3,8,8", "--choose", "c=2"]


@settings(max_examples=50)
@given(st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=6))
def test_placed_files_lie_in_their_folder_each_by_its_own_name(names: list[str]) -> None:
    files = [File(name=name, digest=DIGEST) for name in names]
    placed = placed_names(files)
    folder = Path("/folder")
    assert len({name.lower() for name in placed}) == len(files)
    for name in placed:
        assert (folder / name).parent == folder
        assert Path(name).name == name
        assert name not in {".", ".."}
        assert not name.startswith(("-", "."))
        assert len(name.encode()) < 255
        assert not set(name) & set("/\\:#\0\n*?\"'<>|")


@given(st.text(max_size=300))
def test_a_shown_name_is_one_printable_line(name: str) -> None:
    shown = shown_name(name)
    assert shown
    assert shown.isprintable()
    assert "/" not in shown
    assert "\\" not in shown
    assert shown == shown_name(shown)


def test_the_ending_tells_the_format_also_where_it_is_placed() -> None:
    (name,) = placed_names([File(name="x" * 200 + ".keras", digest=DIGEST)])
    assert name.endswith(".keras")
