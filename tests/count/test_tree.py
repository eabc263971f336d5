"""A count by parts: every whole is the sum of its parts, and the parts are those of the source."""

from collections.abc import Iterator
from dataclasses import replace
from operator import attrgetter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcost.count import Count, count
from convcost.count.group import Group, Grouping
from convcost.count.tree import group
from convcost.network.builder import BATCH, Builder
from convcost.network.module import Module, Origin
from convcost.network.network import Network
from convcost.network.parameter import Parameter
from convcost.network.tensor import Tensor
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.unknown import Unknown
from convcost.zoo import load

FEATURES = 6

FIGURES = tuple(
    attrgetter(name)
    for name in (
        *("total.parameters", "total.trainable_parameters", "total.statistics"),
        *("total.forward.macs", "total.forward.elementwise", "total.forward.read_bytes"),
        *("total.forward.write_bytes", "total.forward.weight_bytes"),
    )
)


def network(
    names: list[str], *, kinds: dict[str, str] | None = None, shared: int = 0, unknown: int = 0
) -> Network:
    """Dense layers in a row, the last of them calls of the first one, or without a rule."""
    builder = Builder("row", framework="torch")
    ref = builder.add(Input(Tensor.of(batch=BATCH, feature=FEATURES)), name="input")
    for place, name in enumerate(names):
        if place >= len(names) - unknown:
            parameters = None if place % 2 else 7
            result = (Tensor.of(batch=BATCH, feature=FEATURES),)
            lost = Unknown(name="Odd", results=result, parameters=parameters, why="no rule")
            ref = builder.add(lost, ref, name=name)
        else:
            first = names[0] if place and place >= len(names) - unknown - shared else None
            ref = builder.add(Dense(units=FEATURES), ref, name=name, shared_with=first)
    built = builder.build()
    if kinds is None:
        return built
    layers = tuple(
        replace(x, origin=Origin("linear", x.name.rpartition(".")[0])) for x in built.layers
    )
    modules = tuple(Module(path, kind) for path, kind in kinds.items())
    return replace(built, layers=layers, modules=modules)


def wholes(grouping: Grouping) -> Iterator[Group]:
    return (found for _, found in grouping.rows() if found.parts)


def assert_adds_up(grouping: Grouping, counted: Count) -> None:
    for figure in FIGURES:
        assert sum(map(figure, grouping.groups)) == figure(counted)
        for whole in wholes(grouping):
            assert sum(map(figure, whole.parts)) == figure(whole)
    assert sum(x.layers for x in grouping.groups) == len(counted.layers)
    assert sum(x.unknown for x in grouping.groups) == sum(x.forward is None for x in counted.layers)
    for whole in wholes(grouping):
        assert sum(part.layers for part in whole.parts) == whole.layers
        assert whole.complete == all(part.complete for part in whole.parts)


PATHS = st.lists(st.sampled_from(("a", "b", "c")), min_size=0, max_size=4).map(".".join)


@st.composite
def trees(draw: st.DrawFn) -> Network:
    """Layers in random modules, given or to be inferred; some shared, unknown or unused."""
    paths = draw(st.lists(PATHS, min_size=1, max_size=12))
    names = [f"{path}.{place}" if path else f"{place}" for place, path in enumerate(paths)]
    kinds = None
    if draw(st.booleans()):
        prefixes = {path[:end] for path in paths for end, x in enumerate(path) if x == "."}
        kinds = {path: f"mine.K{len(path)}" for path in sorted({"", *prefixes, *paths})}
    number = st.integers(0, len(names) - 1)
    built = network(names, kinds=kinds, shared=draw(number), unknown=draw(number))
    unused = draw(st.lists(PATHS, unique=True, max_size=2))
    table = {f"{x}.spare": Parameter(f"{x}.spare", (3, 5), learned=bool(x)) for x in unused}
    return replace(built, table={**built.table, **table})


ORDERS = st.fixed_dictionaries(
    {
        "by": st.sampled_from(("layer", "module", "op")),
        "depth": st.none() | st.integers(1, 4),
        "sort": st.none() | st.sampled_from(("macs", "parameters", "bytes", "elementwise")),
        "top": st.none() | st.integers(1, 4),
    }
)


@settings(max_examples=300)
@given(trees(), ORDERS)
def test_groups_of_random_trees_add_up(built: Network, options: dict[str, object]) -> None:
    counted = count(built)
    grouping = group(built, counted, **options)  # type: ignore[arg-type]
    assert_adds_up(grouping, counted)
    depth, top = options["depth"], options["top"]
    deepest = max(level for level, _ in grouping.rows())
    assert deepest <= (depth or deepest)
    if top is not None:
        assert all(
            len(x) <= top + 1
            for x in (grouping.groups, *map(attrgetter("parts"), wholes(grouping)))
        )  # type: ignore[operator]


@settings(max_examples=100)
@given(trees())
def test_every_layer_stands_once_and_in_its_module(built: Network) -> None:
    counted = count(built)
    found = [x for _, x in group(built, counted).rows() if not x.parts]
    assert sum(x.layers for x in found) == len(counted.layers)
    names = {layer.name for layer in built.layers}
    for leaf in found:
        assert leaf.what != "layer" or leaf.path in names
    for whole in wholes(group(built, counted)):
        inside = [x for x in names if x.startswith(f"{whole.path}.")]
        assert len(inside) == whole.layers


@pytest.mark.parametrize(
    "name", ["alexnet", "googlenet", "inception-v3", "mobilenet", "resnet50", "vgg16", "seed000"]
)
@pytest.mark.parametrize("by", ["layer", "module", "op"])
def test_groups_of_real_networks_add_up(name: str, by: str) -> None:
    built = load(name)
    counted = count(built)
    for options in ({}, {"depth": 1}, {"top": 2}, {"sort": "bytes"}):
        assert_adds_up(group(built, counted, by, **options), counted)  # type: ignore[arg-type]


def shape(groups: tuple[Group, ...]) -> list[object]:
    """Names with those of the parts."""
    return [(x.name, shape(x.parts)) if x.parts else x.name for x in groups]


def tree(built: Network, **options: object) -> list[object]:
    return shape(group(built, count(built), **options).groups)  # type: ignore[arg-type]


def test_the_modules_of_the_source() -> None:
    names = ["stem", "body.0", "body.1.left", "body.1.right", "head"]
    kinds = {"": "mine.Net", "body": "torch.nn.Sequential", "body.1": "mine.Block"}
    built = network(names, kinds=kinds)
    assert tree(built) == ["input", "stem", ("body", ["0", ("1", ["left", "right"])]), "head"]
    found = {x.path: x for _, x in group(built, count(built)).rows()}
    assert found["body.1"].kind == "mine.Block"
    assert found["body.1"].op == "dense"
    assert found["body"].layers == 3
    assert found["body"].total.parameters == 3 * (FEATURES**2 + FEATURES)


def test_a_module_that_does_one_thing_at_each_call_has_no_parts() -> None:
    built = network(["act", "act_2", "fc", "fc.transpose"], shared=0)
    places = {"act": ("act", 0), "act_2": ("act", 1), "fc": ("fc", 0), "fc.transpose": ("fc", 0)}
    layers = tuple(
        replace(x, origin=Origin("f", *places[x.name]) if x.name in places else None)
        for x in built.layers
    )
    modules = (Module("", "Net"), Module("act", "ReLU"), Module("fc", "Linear"))
    built = replace(built, layers=layers, modules=modules)
    assert tree(built) == ["input", "act", ("fc", ["fc", "transpose"])]
    (act,) = (x for x in group(built, count(built)).groups if x.name == "act")
    assert (act.layers, act.what, act.kind) == (2, "module", "ReLU")


def test_a_part_is_not_taken_for_one_of_a_like_named_module() -> None:
    built = network(["layer1.a", "layer1.b", "layer10.a", "layer10.b"])
    assert tree(built) == ["input", ("layer1", ["a", "b"]), ("layer10", ["a", "b"])]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["features.0", "features.1", "fc"], [("features", ["0", "1"]), "fc"]),
        (["conv1/7x7", "conv1/relu", "v1.5"], [("conv1", ["7x7", "relu"]), "v1.5"]),
        (["conv1", "conv1/relu"], [("conv1", ["conv1", "relu"])]),
        (["pool/3x3", "fc"], ["pool/3x3", "fc"]),
        (["/l1/l1.0/Conv", "/l1/l1.0/Relu"], [("/l1", [("l1.0", ["Conv", "Relu"])])]),
        ([".a", "..b", "a..c", "/"], [".a", "..b", "a..c", "/"]),
    ],
)
def test_names_tell_the_modules_where_the_source_has_none(
    names: list[str], expected: list[object]
) -> None:
    assert tree(network(names)) == ["input", *expected]


def test_dots_in_names_of_keras_functions_are_no_modules() -> None:
    built = replace(network(["tf.nn.relu", "tf.nn.relu_1", "a/b", "a/c"]), framework="keras")
    assert tree(built) == ["input", "tf.nn.relu", "tf.nn.relu_1", ("a", ["b", "c"])]


def test_shared_layers_add_parameters_once() -> None:
    built = network(["a.0", "a.1", "b.0", "b.1"], shared=2)
    found = {x.name: x for x in group(built, count(built)).groups}
    each = FEATURES**2 + FEATURES
    assert (found["a"].total.parameters, found["b"].total.parameters) == (2 * each, 0)
    assert found["a"].total.forward.macs == found["b"].total.forward.macs == 2 * FEATURES**2


def test_unused_parameters_stand_in_the_module_that_holds_them() -> None:
    built = network(["a.0", "a.1"], kinds={"": "Net", "a": "A", "b": "B"})
    table = {x: Parameter(x, (4,)) for x in ("a.spare", "b.weight", "loose")}
    built = replace(built, table={**built.table, **table})
    assert tree(built) == ["input", ("a", ["0", "1", "(not used)"]), "b", "(not used)"]
    found = {x.path or x.name: x for _, x in group(built, count(built)).rows()}
    assert (found["b"].layers, found["b"].total.parameters) == (0, 4)
    by_op = group(built, count(built), "op").groups
    assert [(x.name, x.total.parameters) for x in by_op if x.what == "unused"] == [
        ("(not used)", 12)
    ]


def test_unknown_layers_make_lower_bounds_of_all_around_them() -> None:
    built = network(["a.0", "a.1", "b.0", "b.1"], unknown=2)
    counted = count(built)
    a, b = (x for x in group(built, counted).groups if x.name in "ab")
    assert (a.complete, b.complete) == (True, False)
    assert (b.unknown, b.cost) == (2, None)
    assert b.figure("macs") is None
    assert b.parameters == 7
    (unsaid,) = (x for x in b.parts if x.unsaid)
    assert unsaid.parameters is None
    row = group(built, counted).to_dict()[-1]
    assert (row["forward"], row["parameters"], row["complete"]) == (None, None, False)
    (op,) = (x for x in group(built, counted, "op").groups if x.name == "unknown")
    assert (op.layers, op.unknown, op.parameters) == (2, 2, 7)


def test_the_largest_come_first_and_the_others_are_one_row() -> None:
    vgg = load("vgg16")
    found = group(vgg, count(vgg), "layer", sort="parameters", top=2).groups
    assert [x.name for x in found] == ["classifier.0", "classifier.3", "(39 others)"]
    found = group(vgg, count(vgg), "layer", top=1).groups
    assert found[0].total.forward.macs == max(
        x.forward.macs for x in count(vgg).layers if x.forward
    )
    inside = group(vgg, count(vgg), top=1).groups
    assert shape(inside) == [("features", ["2", "(30 others)"]), "(4 others)"]
    assert [x.name for x in group(vgg, count(vgg), "op").groups][:2] == ["conv", "dense"]


def test_depth_says_what_it_leaves_out() -> None:
    vgg = load("vgg16")
    grouping = group(vgg, count(vgg), depth=1)
    assert shape(grouping.groups) == ["input", "features", "avgpool", "flatten", "classifier"]
    assert grouping.deeper == 31 + 7
    assert group(vgg, count(vgg)).deeper == 0


def test_shares_of_the_whole() -> None:
    vgg = load("vgg16")
    grouping = group(vgg, count(vgg), depth=1)
    features = grouping.groups[1]
    assert grouping.share(features, "macs") == 15_346_630_656 / 15_470_264_320
    for figure in ("macs", "parameters", "bytes", "elementwise"):
        shares = [grouping.share(x, figure) for x in grouping.groups]  # type: ignore[arg-type]
        assert sum(filter(None, shares)) == pytest.approx(1)


def test_formulas_are_summed_and_have_no_share() -> None:
    built = network(["a.0", "a.1"])
    counted = count(built, symbolic=True)
    _, a = group(built, counted).groups
    assert str(a.total.forward.macs) == f"{2 * FEATURES**2}*N"
    assert group(built, counted).share(a, "macs") is None
    assert group(built, counted).share(a, "parameters") == 1.0
    assert group(built, counted, sort="macs").groups[0] == a


def test_json_has_every_group_with_its_depth() -> None:
    built = network(["a.0", "a.1"])
    rows = group(built, count(built)).to_dict()
    assert [(x["depth"], x["path"], x["what"]) for x in rows] == [
        (1, "input", "layer"), (1, "a", "module"), (2, "a.0", "layer"), (2, "a.1", "layer"),
    ]  # fmt: skip
    assert set(rows[1]["share"]) == {"macs", "parameters", "bytes"}
    assert rows[1]["forward"]["flops"] == 2 * 2 * FEATURES**2 + rows[1]["forward"]["elementwise"]


@pytest.mark.parametrize("separator", [".", "/"])
def test_names_with_very_many_parts(separator: str) -> None:
    deep = separator.join("abc" * 2000)
    built = network([f"{deep}{separator}0", f"{deep}{separator}1"])
    counted = count(built)
    assert_adds_up(group(built, counted), counted)
