"""Fingerprints: what tells two networks apart, and what does not."""

from dataclasses import replace
from pathlib import Path

import pytest

from convcost import read_all, zoo
from convcost.measure.store.fingerprint import fingerprint
from convcost.network.builder import Builder
from convcost.network.network import Note, Ref
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.input import Input
from convcost.ops.window import window
from convcost.read.exchange.document import networks_of
from convcost.write.exchange import to_text

EXAMPLES = Path(__file__).parents[2] / "examples"
SEED = zoo.load("seed000")


def renamed(network):
    """The same with other names for everything that has one."""

    def ref(old):
        return Ref(f"x {old.layer}", old.output)

    layers = tuple(
        replace(
            layer,
            name=f"x {layer.name}",
            inputs=tuple(map(ref, layer.inputs)),
            parameters=tuple(f"y {id_}" for id_ in layer.parameters),
            shared_with=layer.shared_with and f"x {layer.shared_with}",
            line=77,
        )
        for layer in network.layers
    )
    table = {f"y {id_}": replace(row, id=f"y {id_}") for id_, row in network.table.items()}
    return replace(
        network,
        name="other",
        layers=layers,
        table=dict(reversed(table.items())),
        outputs=tuple(map(ref, network.outputs)),
        notes=(Note("inferred", "something else"),),
        framework="onnx",
    )


@pytest.mark.parametrize("name", ["seed000", "alexnet", "googlenet", "inception-v3-block"])
def test_names_and_sources_do_not_matter(name):
    network = zoo.load(name)
    other = renamed(network)
    assert fingerprint(other) == fingerprint(network)
    assert fingerprint(networks_of(to_text(other).encode())[0]) == fingerprint(network)


def test_a_pasted_table_is_the_network_of_the_zoo():
    with_norm, without = read_all(str(EXAMPLES / "batchnorm.txt"))
    assert fingerprint(with_norm) == fingerprint(SEED)
    assert fingerprint(without) != fingerprint(SEED)


def test_networks_of_the_zoo_are_told_apart():
    found = {fingerprint(zoo.load(name)) for name in zoo.names()}
    assert len(found) == len(zoo.names())
    assert {len(each) for each in found} == {64}


def changed(network, number, **fields):
    layers = list(network.layers)
    layers[number] = replace(layers[number], **fields)
    return replace(network, layers=tuple(layers))


def test_what_matters():
    conv, kernel = SEED.layers[1], SEED.layers[1].parameters[0]
    table = dict(SEED.table)
    others = [
        changed(SEED, 1, op=replace(conv.op, activation="linear")),
        changed(SEED, 1, op=replace(conv.op, windows=window(5, padding="same"))),
        changed(SEED, 1, outputs=(replace(conv.outputs[0], dtype="float16"),)),
        changed(SEED, 1, outputs=(conv.outputs[0].resized(channel=31),)),
        changed(SEED, 4, parameters=SEED.layers[4].parameters[:1]),
        replace(SEED, outputs=(Ref(SEED.layers[2].name),)),
        replace(SEED, layers=SEED.layers[:-1], outputs=(Ref(SEED.layers[-2].name),)),
        replace(SEED, table=table | {kernel: replace(table[kernel], trainable=False)}),
        replace(SEED, table=table | {kernel: replace(table[kernel], dtype="float16")}),
        SEED.with_dtype("float64"),
        SEED.bind({"N": 8}),
    ]
    found = [fingerprint(each) for each in (SEED, *others)]
    assert len(set(found)) == len(found)


def branches(*, swapped=False, shared=False):
    """Two convolutions of one input, their sum's operands in either order."""
    builder = Builder("net")
    x = builder.add(Input(Tensor.of(batch=1, height=8, width=8, channel=3)), name="in")
    a = builder.add(Conv(filters=4, windows=window(3)), x, name="a")
    b = builder.add(Conv(filters=4, windows=window(3)), x, shared_with="a" if shared else None)
    a, b = (b, a) if swapped else (a, b)
    return builder.build([builder.add(Activation("relu"), each) for each in (a, b)])


def test_connections_and_sharing_matter():
    found = [branches(), branches(swapped=True), branches(shared=True)]
    assert len(set(map(fingerprint, found))) == 3


def test_an_attribute_at_its_default_is_as_if_it_were_not_there():
    """So that a version of convcost that adds one still finds the runs of an older one."""
    conv = SEED.layers[1].op
    assert conv.groups == 1
    text = fingerprint(SEED)
    assert text == fingerprint(changed(SEED, 1, op=replace(conv, groups=1)))
    assert text != fingerprint(changed(SEED, 1, op=replace(conv, groups=3)))


def test_the_fingerprint_stays():
    """It is kept in stores: where this changes, earlier runs are not found any more."""
    assert fingerprint(SEED)[:16] == "e46533e1d6ca2a72"
