"""Sizes that a source leaves open: how they are set, and that a proposed command keeps them."""

import shlex
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from click.testing import Result
from onnx import TensorProto, helper

Run = Callable[..., Result]

FAST = ("--device", "laptop-cpu")
#: Of the network below, per position of its input: 16 filters of 3x3 over 3 channels.
MACS = 16 * 3 * 3 * 3
#: Of its last layer.
HEAD = 10 * 16


@pytest.fixture
def source(tmp_path: Path) -> str:
    """An ONNX file whose image may have any height and width."""
    nodes = [
        helper.make_node("Conv", ["x", "k"], ["a"], name="conv", pads=[1, 1, 1, 1]),
        helper.make_node("GlobalAveragePool", ["a"], ["b"], name="mean"),
        helper.make_node("Conv", ["b", "classes"], ["y"], name="head"),
    ]
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, "h", "w"])
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 10, 1, 1])
    weights = [
        helper.make_tensor("k", TensorProto.FLOAT, [16, 3, 3, 3], [0.0] * MACS),
        helper.make_tensor("classes", TensorProto.FLOAT, [10, 16, 1, 1], [0.0] * HEAD),
    ]
    graph = helper.make_graph(nodes, "any", [image], [result], weights)
    path = tmp_path / "any.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    return str(path)


def proposed(result: Result) -> list[str]:
    assert result.exit_code == 0, result.stderr
    return shlex.split(result.stdout.splitlines()[-1].removeprefix("next: convcost "))


@pytest.mark.parametrize(
    "words",
    [
        ("count",),
        ("count", "--symbolic"),
        ("count", "--training"),
        ("predict", *FAST),
        ("explain", *FAST),
    ],
    ids=" ".join,
)
def test_usual_sizes_are_proposed_and_leave_nothing_open(
    run: Run, source: str, words: tuple[str, ...]
) -> None:
    following = proposed(run(words[0], source, *words[1:]))
    assert following[0] == words[0]
    assert [word for word in following if "=" in word] == ["h=224", "w=224"]
    result = run(*following)
    assert result.exit_code == 0, result.stderr
    assert "not counted" not in result.stdout


def test_the_sizes_are_added_to_what_was_asked(run: Run, source: str) -> None:
    words = (*FAST, "--measured", "4s", "--samples", "100", "--batch", "8")
    following = proposed(run("explain", source, *words))
    assert following == ["explain", source, *words, "--dim", "h=224", "--dim", "w=224"]
    words = (*FAST, "--samples", "100", "--epochs", "3", "--batches", "1,8")
    following = proposed(run("predict", source, *words))
    assert following == ["predict", source, *words, "--dim", "h=224", "--dim", "w=224"]


def test_only_what_is_still_open_is_proposed(run: Run, source: str) -> None:
    following = proposed(run("count", source, "--dim", "h=8"))
    assert [word for word in following if "=" in word] == ["h=8", "w=224"]
    assert f"{MACS * 8 * 224 + HEAD:,} MACs" in run(*following).stdout


@pytest.mark.parametrize(
    "words", [("count",), ("explain", *FAST), ("predict", *FAST)], ids=" ".join
)
def test_the_shape_of_the_input_is_repeated(run: Run, source: str, words: tuple[str, ...]) -> None:
    following = proposed(run(words[0], source, *words[1:], "--input", "3,8,8"))
    place = following.index("--input")
    assert following[1:2] + following[place + 1 : place + 2] == [source, "3,8,8"]
    result = run(*following)
    assert result.exit_code == 0, result.stderr
    assert "not counted" not in result.stdout


def test_a_shape_with_a_batch_is_refused_with_the_way_out(run: Run, source: str) -> None:
    result = run("count", source, "--input", "1,3,8,8")
    assert result.exit_code == 2
    assert "--input 3,224,224" in result.stderr
