"""Files in the exchange format are untrusted: what is wrong in them is said with its place."""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import convcost
from convcost.errors import ConvcostError, LimitError, SourceError, UsageError
from convcost.network.builder import BATCH, Builder
from convcost.network.dims import symbol
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.chain import Chain
from convcost.ops.conv import Conv
from convcost.ops.input import Input
from convcost.ops.recurrent_stack import RecurrentStack
from convcost.ops.window import window
from convcost.read.limits import MAX_OP_DEPTH
from convcost.write.exchange import to_text

if TYPE_CHECKING:
    from pathlib import Path


def text() -> str:
    b = Builder("small")
    x = b.add(Input(Tensor.of(batch=BATCH, height=symbol("X"), width=32, channel=3)), name="image")
    x = b.add(Conv(filters=8, windows=window(3, 2)), x, name="conv")
    b.add(Activation("relu"), x, name="relu")
    return to_text(b.build())


TEXT = text()
TWO_TO_60 = 2**60


def refused(document: Any) -> str:
    """The message about a file."""
    with pytest.raises(SourceError) as caught:
        convcost.read(document if isinstance(document, str) else json.dumps(document))
    assert caught.value.hint
    return caught.value.message.removeprefix("the text: ")


# steps to a value of the network, what is put there (... removes it), the message
CHANGES: list[tuple[tuple[Any, ...], Any, str]] = [
    (("layers", 1, "op", "filters"), "8 ways", ".op.filters: expected a size, got '8 ways': expec"),
    (("layers", 1, "op", "filters"), None, "layers[1].op.filters: expected a size, got null"),
    (("layers", 1, "op", "filters"), 8.0, "layers[1].op.filters: expected a size, got 8.0"),
    (("layers", 1, "op", "filters"), True, "layers[1].op.filters: expected a size, got true"),
    (("layers", 1, "op", "filters"), [8], "layers[1].op.filters: expected a size, got a list"),
    (("layers", 1, "op", "filters"), TWO_TO_60, "op.filters: the number is above the limit for"),
    (("layers", 1, "op", "filters"), "X//0", "layers[1].op.filters: division of a size by zero"),
    (("layers", 1, "op", "filters"), 9, "layers[1].outputs[0]: (batch=N, height=M, width=15, chan"),
    (("layers", 1, "op", "filters"), ..., "layers[1].op.filters: a conv needs it, and it is missi"),
    (("layers", 1, "op", "bias"), 1, "layers[1].op.bias: expected true or false, got 1"),
    (("layers", 1, "op", "bias"), False, "layers[1].parameters: expected 1 parameters, got 2"),
    (("layers", 1, "op", "padding"), "same", "layers[1].op.padding: a conv has no such field; it "),
    (("layers", 1, "op", "activation"), 3, "layers[1].op.activation: expected a text, got 3"),
    (("layers", 1, "op", "windows", 1, "padding"), "full", "windows[1].padding: expected 'valid' "),
    (("layers", 1, "op", "windows", 1, "padding"), [1], "[1].padding: expected a list of 2, got a"),
    (("layers", 1, "op", "windows", 1, "axis"), "depth", "layers[1].op: a tensor (batch=N, height"),
    (("layers", 1, "op", "windows", 1, "stride"), 0, "layers[1].op: the stride along width is 0; "),
    (("layers", 1, "op", "kind"), "eval", "layers[1].op.kind: expected a kind of op, got 'eval'"),
    (("layers", 1, "op", "kind"), ["conv"], "layers[1].op.kind: expected a kind of op, got a list"),
    (("layers", 1, "op"), "conv", "layers[1].op: expected an op, got 'conv'"),
    (("layers", 1, "inputs"), [], "layers[1].op: conv has 0 inputs; expected 1"),
    (("layers", 1, "inputs", 0), "relu", "layers[1].inputs[0]: expected an output of a layer befo"),
    (("layers", 1, "inputs", 0), "conv", "layers[1].inputs[0]: expected an output of a layer befo"),
    (("layers", 1, "inputs", 0), ["image", 1], "layers[1].inputs[0]: expected an output of a laye"),
    (("layers", 1, "inputs", 0), ["image", -1], "layers[1].inputs[0]: expected the name of a laye"),
    (("layers", 1, "outputs"), [], "layers[1].outputs: expected 1 tensors, got 0"),
    (("layers", 1, "outputs", 0, "axes", 2, 1), 16, "layers[1].outputs[0]: (batch=N, height=M, wi"),
    (("layers", 1, "outputs", 0, "axes", 2, 1), 0, "layers[1].outputs: layer 'conv' would have wi"),
    (("layers", 1, "outputs", 0, "axes", 1, 1), "M+1", "layers[1].outputs[0]: (batch=N, height=M "),
    (("layers", 1, "outputs", 0, "axes", 1, 1), "X", "layers[1].outputs[0]: (batch=N, height=X, w"),
    (("layers", 1, "outputs", 0, "axes", 1), "M", "outputs[0].axes[1]: expected [name or null, si"),
    (("layers", 1, "outputs", 0, "axes", 1, 1), "M*", "outputs[0].axes[1][1]: expected a size, go"),
    (("layers", 1, "outputs", 0, "dtype"), "float7", "outputs[0].dtype: expected a dtype, got 'fl"),
    (("layers", 1, "parameters", 1), "bias", "layers[1].parameters[1]: expected the id of a param"),
    (("layers", 1, "shared_with"), "relu", "layers[1].shared_with: expected the name of a layer b"),
    (("layers", 1, "line"), 0.5, "layers[1].line: expected a whole number, got 0.5"),
    (("layers", 1, "name"), "image", "layers[1].name: 'image' is there before"),
    (("layers", 1, "name"), "x" * 2_000, "layers[1].name: a name has more than 1,000 letters"),
    (("layers", 1, "code"), "import os", "layers[1].code: a layer has no such field; it has name"),
    (("layers", 1, "origin"), {"module": ""}, "layers[1].origin.function: a origin needs it"),
    (("layers", 1), [], "layers[1]: expected a layer, got a list"),
    (("parameters", 0, "shape", 0), 5, "layers[1].parameters[0]: 'conv/kernel' has the shape (5, "),
    (("parameters", 0, "shape", 0), -3, "parameters[0].shape: expected a size, got -3"),
    (("parameters", 0, "values"), [1], "parameters[0].values: a parameter has no such field; it h"),
    (("parameters", 0, "id"), "conv/bias", "parameters[1].id: 'conv/bias' is there before"),
    (("outputs", 0), "flop", "outputs[0]: expected an output of a layer before, got 'flop, 0'"),
    (("modules",), [{"path": "", "kind": "A", "parameters": ["?"]}], "modules[0].parameters[0]: e"),
    (("measured",), [{"seconds": 0}], "measured[0].seconds: expected a time above zero, got 0"),
    (("measured",), [{"seconds": "inf"}], "measured[0].seconds: expected a time above zero, got i"),
    (("notes",), [{"kind": "lie", "text": ""}], "notes[0].kind: expected 'inferred' or 'assumed' "),
    (("sizes", 0, "formula"), "(X - 3)//2 + Y*", "sizes[0].formula: expected a size, got '(X - 3)"),
    (("sizes", 0, "formula"), "M + 1", "sizes[0]: the size 'M' is used or defined before"),
    (("sizes", 0, "formula"), "3", "sizes[0]: a named size stands for a formula, not for the numb"),
    (("sizes", 0, "formula"), "X", "layers[1].outputs[0]: (batch=N, height=M, width=15, channel=8"),
    (("sizes", 0, "eval"), "1", "sizes[0]: Object contains unknown field `eval`"),
    (("weights",), [], "networks[0]: Object contains unknown field `weights`"),
    (("name",), None, "networks[0].name: Expected `str`, got `null`"),
    (("layers",), {}, "networks[0].layers: Expected `array`, got `object`"),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "value", "message"), CHANGES)
def test_what_is_wrong_is_said_with_its_place(
    steps: tuple[Any, ...], value: Any, message: str
) -> None:
    document = json.loads(TEXT)
    place = document["networks"][0]
    for step in steps[:-1]:
        place = place[step]
    if value is ...:
        del place[steps[-1]]
    else:
        place[steps[-1]] = value
    told = refused(document)
    assert message in told
    assert told.startswith("networks[0]")


def test_the_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    path.write_text(TEXT.replace('"filters": 8', '"filters": "?"'), encoding="utf-8")
    with pytest.raises(SourceError, match=r"net\.json: networks\[0\]\.layers\[1\]\.op\.filters: "):
        convcost.read(path)


def test_another_version_is_refused_by_its_name() -> None:
    newer = TEXT.replace("network/1", "network/2").replace('"layers"', '"rows"')
    assert "its format is 'convcost/network/2'; this version of convcost reads" in refused(newer)


def test_damaged_files_are_refused() -> None:
    assert "is not valid JSON" in refused(TEXT[:-20])
    assert "is not valid JSON" in refused(TEXT.replace('"conv"', '"co\ud800nv"'))
    assert "holds no network" in refused({"format": "convcost/network/1", "networks": []})
    assert "missing required field `networks`" in refused('{"format": "convcost/network/1"}')


@pytest.mark.parametrize("opening", ["[", '{"op": '])
def test_deep_nesting_ends_in_a_message(opening: str) -> None:
    deep = TEXT.replace('"filters": 8', f'"filters": {opening * 200_000}')
    with pytest.raises(LimitError, match="nested too deeply"):
        convcost.read(deep)


def test_ops_inside_ops_are_bounded() -> None:
    def nested(depth: int) -> str:
        op: Any = Activation("relu")
        for _ in range(depth - 1):
            op = Chain((op,))
        b = Builder("deep")
        b.add(op, b.add(Input(Tensor.of(batch=BATCH, feature=4))))
        return to_text(b.build())

    assert convcost.count(convcost.read(nested(MAX_OP_DEPTH))).complete
    assert f"ops are nested more than {MAX_OP_DEPTH} deep" in refused(nested(MAX_OP_DEPTH + 1))


def test_counts_that_are_looped_over_are_bounded() -> None:
    b = Builder("loops")
    b.add(RecurrentStack(function="lstm", units=4), b.add(Input(Tensor.of(N=1, time=3, feature=4))))
    levels = json.loads(to_text(b.build()))
    op = levels["networks"][0]["layers"][1]["op"]
    op["levels"] = 10**9
    assert "op.levels: the number is above the limit" in refused(levels)
    op["levels"], op["directions"] = 1, 10_000
    assert "op.directions: expected 1 or 2, got 10000" in refused(levels)


def squares(depth: int) -> list[dict[str, str]]:
    rows = [{"size": "A0", "formula": "X*X"}]
    rows += [{"size": f"A{i}", "formula": f"A{i - 1}*A{i - 1}"} for i in range(1, depth)]
    return rows


@pytest.mark.parametrize(
    ("sizes", "formula", "message"),
    [
        (squares(40), "A39", "grows beyond every limit"),
        ([], "X^64*X^64", "grows beyond every limit"),
        ([], "X^65", "expected a power from 1 to 64 at letter 3"),
        ([], "X^99999999999999999999", "above the limit for a size"),
        ([], "(X + 1)^2", "expected a power of a name, a maximum or a quotient"),
        ([], "(X + 1)*(X + 2)", "expected a product of numbers, names, maxima and quotients"),
        ([], "(2*X//2 + 1)*X", "expected"),
        ([], " + ".join(f"a{i}" for i in range(65)), "more than 64 terms"),
        ([], "(" * 40 + "X" + ")" * 40, "nested more than 32 deep"),
        ([], "max(" * 1_000, "nested more than 32 deep"),
        ([], "X" * 20_000, "20,000 letters; the limit is 10,000"),
        ([], "X + " * 20 + "`open", "expected a name, a number or an operator"),
        ([], "X Y", "expected the end at letter 3"),
        ([], "X//2//2", "expected the end at letter 5"),
        ([], "", "got '': expected a name or a number at letter 1"),
        ([], "max(X)", "expected ',' at letter 6"),
        ([], "max(X, 2", "expected ')' at letter 9"),
        ([], "--X", "expected a name or a number at letter 2"),
        ([], "X; Y", "expected every part of the formula once after ';'"),
        ([], "X + Y; X, X", "expected every part of the formula once after ';'"),
        ([], "__import__('os')", "at letter 11"),
        ([], "1e9", "expected the end at letter 2"),
        ([], "١", "expected a name, a number or an operator"),
    ],
)
def test_formulas_are_bounded_and_simple(
    sizes: list[dict[str, str]], formula: str, message: str
) -> None:
    document = json.loads(TEXT)
    network = document["networks"][0]
    network["sizes"] += sizes
    network["layers"][1]["op"]["filters"] = formula
    assert message in refused(document)


def test_a_tensor_whose_formulas_multiply_out_is_refused() -> None:
    document = json.loads(TEXT)
    axes = [[None, f"a{i} + b{i}"] for i in range(40)]
    document["networks"][0]["layers"][0]["op"]["tensor"]["axes"] = axes
    assert "multiply out to 1,099,511,627,776 terms" in refused(document)


def test_a_size_of_too_many_open_sizes_is_refused() -> None:
    document = json.loads(TEXT)
    sums = [" + ".join(f"s{i}_{j}" for j in range(40)) for i in range(2)]
    document["networks"][0]["sizes"] += [
        {"size": "P", "formula": sums[0]},
        {"size": "Q", "formula": f"P + {sums[1]}"},
    ]
    assert "sizes[2].formula: a size depends on more than 64 open sizes" in refused(document)


def test_a_field_with_a_default_may_be_missing() -> None:
    document = json.loads(TEXT)
    network = document["networks"][0]
    for key in ("activation", "groups"):
        del network["layers"][1]["op"][key]
    for key in ("modules", "missing", "measured", "notes", "framework"):
        del network[key]
    assert convcost.read(json.dumps(document)) == convcost.read(TEXT)


@pytest.mark.parametrize("mark", ["", "\ufeff", "\n  "])
def test_other_json_of_the_same_meaning_is_read(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "net.json"
    compact = json.dumps(json.loads(TEXT), separators=(",", ":"))
    path.write_text(mark + compact, encoding="utf-8")
    assert convcost.read(path) == convcost.read(TEXT)


def test_models_of_keras_keep_their_reader(tmp_path: Path) -> None:
    layers = [
        {"class_name": "InputLayer", "config": {"batch_shape": [None, 6]}},
        {"class_name": "Dense", "config": {"units": 2, "name": '"format": "convcost/network/1"'}},
    ]
    path = tmp_path / "model.json"
    path.write_text(json.dumps({"class_name": "Sequential", "config": {"layers": layers}}))
    assert convcost.read(path).layers[-1].op.kind == "dense"
    path.write_text(TEXT, encoding="utf-8")
    assert convcost.read(path).name == "small"
    path = path.rename(tmp_path / "net.txt")  # told by how it begins
    assert convcost.read(path).name == "small"


def test_inputs_are_for_models() -> None:
    with pytest.raises(UsageError, match="are for models and their files"):
        convcost.read(TEXT, inputs=[(1, 32, 32, 3)])
    assert convcost.read(TEXT, dims={"X": 32}).layers[0].outputs[0].size("height") == 32


VALUES: list[Any] = [
    *(0, 1, -1, 3, 10_000, 2**40, True, None, 0.5, "inf", "batch", "height", "relu", "N", "M + 1"),
    *(["height", 2], [1], [[None, 2]], {}, [], "", "conv/kernel"),
]


def places(value: Any) -> list[tuple[Any, Any]]:
    keys = range(len(value)) if isinstance(value, list) else value
    found = [(value, key) for key in keys]
    for key in keys:
        if isinstance(value[key], (list, dict)):
            found += places(value[key])
    return found


@settings(deadline=None, max_examples=300)
@given(st.integers())
def test_whatever_is_changed_ends_in_a_network_or_a_message(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    document = json.loads(TEXT)
    for _ in range(chance.choice([1, 1, 2, 3])):
        value, key = chance.choice(places(document["networks"]))
        value[key] = copy.deepcopy(chance.choice(VALUES))
    try:
        net = convcost.read(json.dumps(document))
    except ConvcostError:
        return
    assert convcost.read(to_text(net)) == net
    convcost.count(net, batch=2)
