"""The zoo's networks against numbers derived by hand or published by others."""

import pytest

from convcost import zoo
from convcost.count.ledger import count
from convcost.network.dims import substitute

#: Parameters, statistics and MACs of one sample.
TOTALS = {
    "seed000": (1_410_027, 64, 2_293_760),
    "seed000?batch_norm=false": (1_409_963, 0, 2_293_760),
    "seed001-mlp": (669_706, 0, 784 * 512 + 512 * 512 + 512 * 10),
    "seed001-cnn": (110_986, 0, 10_903_680),
    "seed001-cnn4": (5_958, 0, 113_040),
    "seed001-cnn?filters=4": (5_958, 0, 113_040),
    "seed003": (110_986, 0, 10_903_680),
    "seed004?X=28&K=3&P=1&S=1&Cin=3&Cout=32": (9 * 3 * 32, 0, 28**2 * 9 * 3 * 32),
    "alexnet": (61_100_840, 0, 714_188_480),
    "alexnet-caffe": (60_965_224, 0, 724_406_816),
    "vgg16": (138_357_544, 0, 15_470_264_320),
}


def macs(network: str) -> dict[str, int]:
    return {row.name: row.forward.macs for row in count(zoo.load(network)).layers if row.forward}


@pytest.mark.parametrize("name", TOTALS)
def test_totals(name: str) -> None:
    result = count(zoo.load(name))
    total = result.total
    assert (total.parameters, total.statistics, total.forward.macs) == TOTALS[name]
    assert result.complete
    assert result.source == name.replace("filters=4", "filters=4,4")


def test_every_network_has_a_total_to_be_checked_against() -> None:
    assert {name.partition("?")[0] for name in TOTALS} == set(zoo.names())


@pytest.mark.parametrize(
    ("network", "layer", "expected"),
    [
        ("seed000", "conv2d_1", 884_736),
        ("seed000", "dense_1", 32_768 * 43),
        ("seed001-cnn", "conv2d_36", 194_688),
        ("seed001-cnn", "conv2d_37", 10_616_832),
        ("seed001-cnn", "dense_40", 9216 * 10),
        ("alexnet", "features.0", 55**2 * 11**2 * 3 * 64),
        ("alexnet", "classifier.1", 9216 * 4096),
        ("alexnet-caffe", "conv2", 27**2 * 5**2 * 48 * 256),
        ("vgg16", "features.0", 224**2 * 3**2 * 3 * 64),
        ("vgg16", "features.12", 56**2 * 3**2 * 256 * 256),
        ("vgg16", "classifier.0", 25_088 * 4096),
    ],
)
def test_macs_of_a_layer(network: str, layer: str, expected: int) -> None:
    assert macs(network)[layer] == expected


def test_convolutions_lead_alexnet_and_vgg() -> None:
    """Seed 002's question: convolutions or dense layers? 91.9 % and 99.2 % are convolutions."""
    for name, dense in (("alexnet-caffe", 58_621_952), ("vgg16", 123_633_664)):
        rows = [row for row in count(zoo.load(name)).layers if row.op == "dense"]
        assert sum(row.forward.macs for row in rows if row.forward) == dense


@pytest.mark.parametrize("kernel", [3, 5, 7, 9])
def test_seed003_valid(kernel: int) -> None:
    """Without padding the outputs shrink: 9x9 is cheaper than 7x7."""
    first, second = 28 - kernel + 1, 28 - 2 * (kernel - 1)
    row = macs(f"seed003?kernel={kernel}")
    assert row["conv2d_1"] == first**2 * kernel**2 * 32
    assert row["conv2d_2"] == second**2 * kernel**2 * 32 * 64
    millions = {3: 10.81, 5: 20.94, 7: 26.45, 9: 24.92}
    assert round((row["conv2d_1"] + row["conv2d_2"]) / 1e6, 2) == millions[kernel]


@pytest.mark.parametrize("kernel", [3, 5, 7, 9])
def test_seed003_same(kernel: int) -> None:
    """With padding the MACs grow as the kernel's area, 1 : 2.78 : 5.44 : 9."""
    row, smallest = macs(f"seed003?kernel={kernel}&padding=same"), macs("seed003?padding=same")
    for layer in ("conv2d_1", "conv2d_2"):
        assert row[layer] * 9 == smallest[layer] * kernel**2


def test_seed003_says_what_it_assumes() -> None:
    notes = zoo.load("seed003").notes
    assert [note.kind for note in notes] == ["assumed"] * 3
    assert "28x28x1" in notes[0].text
    assert notes[1].alternatives[0].startswith("padding=same")
    other = zoo.load("seed003?padding=same").notes[1]
    assert other.alternatives[0].startswith("padding=valid")


@pytest.mark.parametrize("convolutions", [1, 3, 6])
def test_seed000_with_more_convolutions(convolutions: int) -> None:
    network = zoo.load("seed000", convolutions=convolutions)
    result = count(network)
    further = convolutions - 1
    assert result.total.statistics == 64 * convolutions
    assert result.total.parameters == 1_410_027 + further * (9 * 32 * 32 + 32 + 64)
    assert result.total.forward.macs == 2_293_760 + further * 32**2 * 9 * 32 * 32
    assert network.layers[1].name == "conv2d_1"
    assert network.layers[2].name == "batch_normalization_1"
    assert bool(network.notes) == (convolutions > 1)


def test_seed004_formulas() -> None:
    result = count(zoo.load("seed004"), symbolic=True)
    conv = result.layers[1]
    assert conv.time_formula == "M^2*K^2*Cin*Cout"
    assert conv.space_formula == "K^2*Cin*Cout + M^2*Cout"
    assert {name: str(size) for name, size in result.definitions.items()} == {
        "M": "(X - K + 2*P)//S + 1"
    }
    assert zoo.load("seed004").symbols == {"N", "X", "K", "P", "S", "Cin", "Cout"}


def test_seed004_of_one_sample_prints_the_post_s_formula() -> None:
    result = count(zoo.load("seed004?N=1"), symbolic=True)
    assert result.layers[1].time_formula == "M^2*K^2*Cin*Cout"
    assert result.layers[1].space_formula == "K^2*Cin*Cout + M^2*Cout"
    assert "fixed at 1" in result.notes[0].text


def test_seed004_with_numbers_is_its_formula_with_numbers() -> None:
    values = {"X": 28, "K": 5, "P": 2, "S": 3, "Cin": 7, "Cout": 11}
    formula = count(zoo.load("seed004"), symbolic=True).total.forward.macs
    numeric = count(zoo.load("seed004", **values)).total.forward.macs
    assert substitute(formula, {**values, "N": 1}) == numeric == 10**2 * 5**2 * 7 * 11


def test_seed004_with_some_numbers_stays_symbolic() -> None:
    network = zoo.load("seed004?X=28&K=3")
    assert network.symbols == {"N", "P", "S", "Cin", "Cout"}
    assert str(network.definitions["M"]) == "(2*P + 25)//S + 1"


def test_caffe_layer_names_and_sizes() -> None:
    network = zoo.load("alexnet-caffe")
    sizes = {layer.name: layer.outputs[0].shape[1:] for layer in network.layers}
    assert sizes["conv1"] == (96, 55, 55)
    assert [sizes[f"pool{n}"] for n in (1, 2, 5)] == [(96, 27, 27), (256, 13, 13), (256, 6, 6)]
    assert {"norm1", "norm2", "drop6", "drop7", "prob"} <= set(sizes)
    assert network.framework == "caffe"
