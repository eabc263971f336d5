"""Other readings of a layer, chosen by number: the network is the one written with that attribute.

Each case is a text whose numbers fit several networks. One of them is written with the builder and
must be what comes out when its reading is chosen, layer by layer and in all costs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import convcost
from convcost import zoo
from convcost.errors import NetworkError, UsageError
from convcost.network.builder import Builder
from convcost.network.network import Alternative, Measured, Note
from convcost.ops.conv import Conv
from convcost.ops.input import Input
from convcost.ops.pool import Pool
from convcost.ops.window import window
from convcost.read import with_choices
from convcost.write.exchange import to_text
from support.readings import (
    CASES,
    SAME_2,
    image,
    table,
    torch_table,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.network import Network
    from convcost.network.op import Op


def number_of(network: Network, layer: str, reading: str) -> int:
    """The number of the reading of a layer whose text begins so."""
    found = [
        number
        for note in network.notes
        if note.layer == layer
        for number, each in note.numbered
        if number is not None and each.text.startswith(reading)
    ]
    listed = [each.text for note in network.notes for each in note.alternatives]
    assert len(found) == 1, (reading, listed)
    return found[0]


def written(layers: Sequence[tuple[str, Op]]) -> Network:
    """A chain of layers."""
    b = Builder("written")
    refs: list[Any] = []
    for name, op in layers:
        refs.append(b.add(op, *refs[-1:], name=name))
    return b.build()


def same(chosen: Network, expected: Network, names: Sequence[str]) -> None:
    """Layers, parameters and all costs of a training step are equal, as far as they are named."""
    for name in names:
        a, b = chosen.layer(name), expected.layer(name)
        assert (a.op, a.outputs, a.parameters) == (b.op, b.outputs, b.parameters)
        for id_ in a.parameters:
            assert chosen.table[id_] == expected.table[id_]
    rows = [
        {
            row.name: (row.outputs, row.parameters, row.statistics, row.step, row.padding_macs)
            for row in convcost.count(net, batch=2, training=True).layers
        }
        for net in (chosen, expected)
    ]
    for name in names:
        assert rows[0][name] == rows[1][name]


@pytest.mark.parametrize("name", CASES)
def test_a_reading_is_the_network_written_so(name: str) -> None:
    given_ = CASES[name]
    first = convcost.read(given_.text)
    number = number_of(first, given_.layer, given_.reading)
    chosen = convcost.read(given_.text, choices={given_.layer: number})
    assert chosen.layer(given_.layer).op != first.layer(given_.layer).op
    same(chosen, written(given_.layers), [layer for layer, _ in given_.layers])
    assert [x.name for x in chosen.layers] == [x.name for x in first.layers]
    assert [x.origin for x in chosen.layers] == [x.origin for x in first.layers]
    assert [x.line for x in chosen.layers] == [x.line for x in first.layers]
    stored = [sum(p.elements for p in net.table.values()) for net in (chosen, first)]
    assert stored[0] == stored[1]
    held = {id_ for module in chosen.modules for id_ in module.parameters}
    assert held <= chosen.table.keys()
    assert not chosen.modules or held == {p.id for p in chosen.table.values() if p.learned}


@pytest.mark.parametrize("name", CASES)
def test_choosing_back_gives_the_first_network_again(name: str) -> None:
    given_ = CASES[name]
    first = convcost.read(given_.text)
    number = number_of(first, given_.layer, given_.reading)
    chosen = convcost.read(given_.text, choices={given_.layer: number})
    assert with_choices([chosen], {given_.layer: 0}) == (first,)
    # a file keeps the readings, and what was chosen
    kept = to_text(chosen)
    assert convcost.read(kept) == chosen
    assert convcost.read(kept, choices={given_.layer: 0}) == first
    assert convcost.read(kept, choices={given_.layer: number}) == chosen
    assert convcost.read(given_.text, choices={given_.layer: 0}) == first


TEXT = table("c (Conv2D) | (None, 32, 32, 32) | 896", "f (Flatten) | (None, 32768) | 0")


def note_of(network: Network, layer: str) -> Note:
    (note,) = (x for x in network.notes if x.layer == layer and x.alternatives)
    return note


def test_the_note_says_what_was_chosen_and_every_reading_keeps_its_number() -> None:
    first = convcost.read(TEXT)
    listed = {number: each.text for number, each in note_of(first, "c").numbered}
    assert list(listed) == [1, 2, 3, 4]
    for number, text in listed.items():
        chosen = convcost.read(TEXT, choices={"c": number})
        note = note_of(chosen, "c")
        assert (note.kind, note.text, note.line) == ("chosen", text, 3)
        others = {place: each.text for place, each in note.numbered}
        assert others.pop(0) == note_of(first, "c").text
        assert others == {place: listed[place] for place in listed if place != number}
        for other in listed:  # from one to another
            (again,) = with_choices([chosen], {"c": other})
            assert again == convcost.read(TEXT, choices={"c": other})


def test_no_other_note_states_what_is_not_chosen() -> None:
    chosen = convcost.read(TEXT, choices={"c": number_of(convcost.read(TEXT), "c", "1x1")})
    texts = [note.text for note in chosen.notes if note.layer == "c"]
    assert len(texts) == 1
    assert "896 = 32*(1*1*27+1)" in texts[0]


@pytest.mark.parametrize(
    ("choices", "message", "hint"),
    [
        ({"conv": 1}, "unknown layer with other readings 'conv'", "Known: c"),
        ({"f": 1}, "layer 'f' has no other reading", "those that have: c"),
        ({"c": 5}, "layer 'c' has no reading 5", "it has 1: 3x3 stride 1 valid, on 34x34x3"),
        ({"c": -1}, "layer 'c' has no reading -1", "4: "),
    ],
)
def test_what_cannot_be_chosen_is_said_with_what_can(
    choices: dict[str, int], message: str, hint: str
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        convcost.read(TEXT, choices=choices)
    assert hint in str(caught.value.hint)


@pytest.mark.parametrize("layer", ["i", "other"])
def test_a_source_without_other_readings_says_so(layer: str) -> None:
    text = table("i (InputLayer) | (None, 3) | 0", "d (Dense) | (None, 4) | 16")
    with pytest.raises(UsageError, match=f"'{layer}'") as caught:
        convcost.read(text, choices={layer: 1})
    assert caught.value.hint == "no layer of the source has other readings"


def test_a_cut_size_lists_readings_that_cannot_be_chosen() -> None:
    text = """Layer (type)   Output Shape   Param #   Connected to
=====
relu_1 (Activation)     (None, None, None, 2 0       bn_1[0][0]
conv_2 (Conv2D)         (None, None, None, 1 294912  relu_1[0][0]
bn_2 (BatchNormalizati  (None, None, None, 1 512     conv_2[0][0]
"""
    (note,) = [x for x in convcost.read(text).notes if "cut size" in x.text and x.alternatives]
    assert {number for number, _ in note.numbered} == {None}
    with pytest.raises(UsageError, match=f"layer '{note.layer}' has no other reading"):
        convcost.read(text, choices={note.layer: 1})


def test_sizes_that_the_source_does_not_print_follow() -> None:
    text = table(
        "i (InputLayer) | (None, None, None, 3) | 0",
        "c (Conv2D) | (None, None, None, 8) | 224",
        "p (MaxPooling2D) | (None, None, None, 8) | 0",
        "e (Conv2D) | (None, None, None, 8) | 584",
    )
    first = convcost.read(text)
    number = number_of(first, "c", "3x3 stride 1 valid")
    sides = {
        net.bind({"N": 1, "height": 20, "width": 20}).layer("c").outputs[0].shape[1]
        for net in (first, convcost.read(text, choices={"c": number}))
    }
    assert sides == {18, 20}
    (chosen,) = convcost.read_all(text, choices={"c": number}, dims={"height": 20, "width": 20})
    b = Builder("written")
    x = b.add(Input(image(20, 20, 3)), name="i")
    for name in ("c", "p", "e"):
        x = b.add(chosen.layer(name).op, x, name=name)
    same(chosen, b.build(), ["i", "c", "p", "e"])


def shared() -> str:
    """A layer that is called twice."""
    rows = (
        "a (InputLayer)   (None, 5, 5, 64)  0      []",
        "b (InputLayer)   (None, 5, 5, 64)  0      []",
        "c (Conv2D)       (None, 3, 3, 64)  36928  ['a[0][0]', 'b[0][0]']",
        "d (Add)          (None, 3, 3, 64)  0      ['c[0][0]', 'c[1][0]']",
    )
    header = "Layer (type)     Output Shape      Param #  Connected to\n" + "=" * 70
    return "\n".join([header, *rows, "=" * 70, "Total params: 36,928", ""])


def test_all_calls_of_a_layer_are_read_alike() -> None:
    text = shared()
    first = convcost.read(text)
    number = number_of(first, "c", "3x3 stride 2 same")
    for name in ("c", "c (2)"):
        chosen = convcost.read(text, choices={name: number})
        assert chosen.layer("c").op == chosen.layer("c (2)").op
        assert chosen.layer("c").op.windows == SAME_2
        assert chosen.layer("c (2)").shared_with == "c"
        assert {note_of(chosen, x).kind for x in ("c", "c (2)")} == {"chosen"}
        assert with_choices([chosen], {name: 0}) == (first,)


def test_calls_whose_notes_list_other_readings() -> None:
    first = convcost.read(shared())
    number = number_of(first, "c", "3x3 stride 2 same")
    second = replace(note_of(first, "c (2)"), alternatives=(other_kernel(first),))
    notes = tuple(second if x is note_of(first, "c (2)") else x for x in first.notes)
    first = replace(first, notes=notes)
    with pytest.raises(NetworkError, match="contradict each other about 'c'"):
        with_choices([first], {"c": number, "c (2)": 1})
    (chosen,) = with_choices([first], {"c": number})
    note = note_of(chosen, "c (2)")
    assert (note.kind, note.text) == ("chosen", "read as another call of this layer")
    assert {n: each.text for n, each in note.numbered} == {1: "5x5", 0: second.text}
    (back,) = with_choices([chosen], {"c (2)": 0})
    assert back.layers == first.layers
    assert note_of(back, "c") == note_of(first, "c")
    assert note_of(back, "c (2)").text == second.text


def test_a_reading_of_the_input_alone_leaves_notes_on_other_calls() -> None:
    first = convcost.read(shared())
    op, size = first.layer("c").op, (None, 5, 5, 64)
    readings = {"c": Alternative("on 5x5x64", op, size), "c (2)": Alternative("alike", op)}
    notes = tuple(
        replace(note, alternatives=(readings[str(note.layer)],)) if note.alternatives else note
        for note in first.notes
    )
    (chosen,) = with_choices([replace(first, notes=notes)], {"c": 1})
    assert chosen.layers == first.layers
    assert note_of(chosen, "c").kind == "chosen"
    assert note_of(chosen, "c (2)").alternatives == (readings["c (2)"],)


def test_times_that_the_source_tells_stay() -> None:
    times = (Measured(seconds=14.0, samples=60_000, training=True, line=9),)
    first = replace(convcost.read(TEXT), measured=times)
    (chosen,) = with_choices([first], {"c": 1})
    assert chosen.measured == times


def other_kernel(network: Network) -> Alternative:
    """A reading of "c" that its source contradicts."""
    return Alternative("5x5", replace(network.layer("c").op, windows=window(5)))


def test_a_reading_that_contradicts_what_is_printed_is_refused_with_its_line() -> None:
    first = convcost.read(CASES["stride and padding"].text)
    note = replace(note_of(first, "c"), alternatives=(other_kernel(first),))
    edited = replace(first, notes=(note,))
    message = "reading 1 of 'c' contradicts line 4: 'c' would give .*height=1.*, not .*height=3"
    with pytest.raises(NetworkError, match=message):
        with_choices([edited], {"c": 1})
    more = Alternative("with another bias", replace(first.layer("c").op, bias=False))
    with pytest.raises(NetworkError, match="line 4: 'c' would have 36864 parameters, not 36928"):
        with_choices([replace(first, notes=(replace(note, alternatives=(more,)),))], {"c": 1})
    misfit = Alternative("on another axis", replace(first.layer("c").op, windows=window((3,))))
    with pytest.raises(NetworkError, match=r"reading 1 of 'c' does not fit: layer 'c': .*'time'"):
        with_choices([replace(first, notes=(replace(note, alternatives=(misfit,)),))], {"c": 1})


def test_an_input_that_others_read_too_contradicts_them() -> None:
    text = torch_table(
        ("Conv2d-1", "[-1, 32, 112, 112]", "864"), ("ReLU-2", "[-1, 32, 112, 112]", "0")
    )
    first = convcost.read(text)
    builder_input = first.layer("Conv2d-1").inputs[0]
    beside = replace(first.layer("Conv2d-1"), name="beside", shared_with="Conv2d-1")
    beside = replace(beside, op=replace(beside.op, activation="relu"))
    assert builder_input.layer == "Conv2d-1 input"
    network = replace(first, layers=(*first.layers, beside))
    number = number_of(first, "Conv2d-1", "3x3 stride 2 padding 1, no bias, on 224x224x3")
    with pytest.raises(NetworkError, match="contradicts line 3: 'beside' would give"):
        with_choices([network], {"Conv2d-1": number})


def test_choices_go_to_every_network_that_has_the_layer() -> None:
    texts = TEXT + CASES["pooling"].text + TEXT
    for choices in ({"c": 1}, {"c": 1, "p": 1}):
        found = convcost.read_all(texts, choices=choices)
        assert [any(n.kind == "chosen" for n in net.notes) for net in found] == [
            True,
            "p" in choices,
            True,
        ]


@pytest.mark.parametrize("kernel", [3, 5])
def test_the_padding_of_seed003_follows_through_all_layers(kernel: int) -> None:
    choices = {"conv2d_1": 1, "conv2d_2": 1}
    (chosen,) = convcost.read_all(f"zoo:seed003?kernel={kernel}", choices=choices)
    expected = zoo.load(f"seed003?kernel={kernel}&padding=same")
    assert (chosen.layers, chosen.table) == (expected.layers, expected.table)
    (one,) = convcost.read_all(f"zoo:seed003?kernel={kernel}", choices={"conv2d_2": 1})
    side = 28 - kernel + 1
    assert one.layer("conv2d_2").outputs[0].shape[1:3] == (side, side)
    assert with_choices([chosen], dict.fromkeys(choices, 0)) == (
        zoo.load(f"seed003?kernel={kernel}"),
    )


def test_files_from_before_readings_could_be_chosen_are_read() -> None:
    network = replace(convcost.read(TEXT), notes=(Note("ambiguous", "two ways", "c", 3),))
    kept = to_text(network).replace(
        '"text": "two ways"', '"text": "two ways", "alternatives": ["another one"]'
    )
    (note,) = convcost.read(kept).notes
    assert note.alternatives == (Alternative("another one"),)
    with pytest.raises(UsageError, match="layer 'c' has no other reading"):
        convcost.read(kept, choices={"c": 1})


def printed(network: Network, kinds: dict[str, str], *, first: bool) -> str:
    """The summary of a chain."""
    rows = []
    for layer in network.layers:
        if layer.op.kind == "input" and not first:
            continue
        shape = ", ".join(map(str, layer.outputs[0].shape[1:]))
        stored = sum(network.table[id_].elements for id_ in layer.parameters)
        rows.append(f"{layer.name} ({kinds[layer.name]}) | (None, {shape}) | {stored}")
    return table(*rows)


@settings(max_examples=60)
@given(
    size=st.integers(6, 40),
    channels=st.sampled_from([1, 3, 8]),
    filters=st.sampled_from([4, 16]),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 2),
    padding=st.sampled_from(["valid", "same"]),
    bias=st.booleans(),
    side=st.integers(2, 3),
    first=st.booleans(),
)
def test_what_was_meant_can_be_chosen_where_it_is_listed(
    size: int,
    channels: int,
    filters: int,
    kernel: int,
    stride: int,
    padding: Any,
    bias: bool,
    side: int,
    first: bool,
) -> None:
    conv = Conv(
        filters=filters,
        windows=window(kernel, stride, padding=padding),
        bias=bias,
        activation="relu",
    )
    source = "i" if first else "c_input"
    try:
        meant = written(
            [
                (source, Input(image(size, size, channels))),
                ("c", conv),
                ("p", Pool(function="max", windows=window(side, 2, padding=padding))),
            ]
        )
    except NetworkError:
        return  # the image is too small
    kinds = {"i": "InputLayer", "c": "Conv2D", "p": "MaxPooling2D"}
    text = printed(meant, kinds, first=first)
    network = convcost.read(text)
    ops = {layer.name: layer.op for layer in meant.layers}
    choices = {
        str(note.layer): number
        for note in network.notes
        for number, each in note.numbered
        if number is not None
        and each.op == ops[str(note.layer)]
        and each.input_sizes in (None, (None, size, size, channels))
    }
    chosen = convcost.read(text, choices=choices)
    found = [name for name, op in ops.items() if chosen.layer(name).op == op]
    assert choices.keys() <= {*found}
    if source not in found:  # not listed, or not chosen: "c" is given something else
        assert "c" not in choices
        found = [name for name in found if name != "c"]
    same(chosen, meant, found)
    assert with_choices([chosen], dict.fromkeys(choices, 0)) == (network,)
