"""The zoo's networks against numbers derived by hand or published by others."""

import pytest

from convcost import zoo
from convcost.count.ledger import count
from convcost.network.evaluation import substitute

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
    "googlenet": (6_998_552, 0, 1_582_671_872),
    "googlenet-torchvision": (6_624_904, 14_560, 1_498_376_192),
    "inception-v1-block": (163_696, 0, 128_049_152),
    "inception-v3": (23_817_352, 34_432, 5_713_216_096),
    "inception-v3-block": (1_295_872, 3_072, 374_063_104),
    "mobilenet": (4_231_976, 21_888, 568_740_352),
    "resnet18": (11_689_512, 9_600, 1_814_073_344),
    "resnet50": (25_557_032, 53_120, 4_089_184_256),
    "resnet50-keras": (25_583_592, 53_120, 3_857_973_248),
    "xception": (22_855_952, 54_528, 8_357_403_496),
    "xception-block": (1_613_976, 4_368, 581_068_488),
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
        ("googlenet", "conv1/7x7_s2", 112**2 * 7**2 * 3 * 64),
        ("googlenet", "inception_3a/5x5", 28**2 * 5**2 * 16 * 32),
        ("googlenet-torchvision", "inception3a.branch3.1.conv", 28**2 * 3**2 * 16 * 32),
        ("mobilenet", "conv_dw_2", 56**2 * 3**2 * 64),
        ("mobilenet", "conv_preds", 1024 * 1000),
        ("inception-v3", "conv2d_32", 17**2 * 7 * 128 * 128),
        ("resnet50", "layer2.0.conv2", 28**2 * 3**2 * 128**2),
        ("resnet50-keras", "conv3_block1_2_conv", 28**2 * 3**2 * 128**2),
        ("resnet18", "layer2.0.downsample.0", 28**2 * 64 * 128),
        ("xception", "block5_sepconv1", 19**2 * (3**2 * 728 + 728**2)),
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
    assert [note.kind for note in notes] == ["assumed"] * 4
    assert "28x28x1" in notes[0].text
    assert [note.layer for note in notes] == [None, "conv2d_1", "conv2d_2", None]
    assert notes[1].alternatives[0].text.startswith("padding=same")
    other = zoo.load("seed003?padding=same").notes[1]
    assert other.alternatives[0].text.startswith("padding=valid")


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
    assert conv.formulas.time == "M^2*K^2*Cin*Cout"
    assert conv.formulas.space == "K^2*Cin*Cout + M^2*Cout"
    assert {name: str(size) for name, size in result.definitions.items()} == {
        "M": "(X - K + 2*P)//S + 1"
    }
    assert zoo.load("seed004").symbols == {"N", "X", "K", "P", "S", "Cin", "Cout"}


def test_seed004_of_one_sample_prints_the_post_s_formula() -> None:
    result = count(zoo.load("seed004?N=1"), symbolic=True)
    assert result.layers[1].formulas.time == "M^2*K^2*Cin*Cout"
    assert result.layers[1].formulas.space == "K^2*Cin*Cout + M^2*Cout"
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


def test_a_stride_s_place_is_what_the_two_resnet50_differ_in() -> None:
    """Keras strides in a block's first 1x1, torchvision in its 3x3, on four times the positions."""
    theirs, ours = macs("resnet50-keras"), macs("resnet50")
    for stage, filters in ((2, 128), (3, 256), (4, 512)):
        first = f"conv{stage + 1}_block1_1_conv"
        assert ours[f"layer{stage}.0.conv1"] == 4 * theirs[first]
        assert theirs[first] == (56 >> stage - 1) ** 2 * 2 * filters * filters
    strided = sum(macs for name, macs in theirs.items() if name.endswith("block1_1_conv"))
    strided -= theirs["conv2_block1_1_conv"]
    assert sum(ours.values()) == sum(theirs.values()) + 3 * strided


def test_blocks_of_inception_and_xception() -> None:
    """A block alone costs what it costs inside its network."""
    whole = macs("xception")
    for number in (2, 3, 4, 5, 13, 14):
        inside = [n for n in whole if n.startswith(f"block{number}_")]
        beside = {2: "conv2d", 3: "conv2d_1", 4: "conv2d_2", 13: "conv2d_3"}.get(number)
        expected = sum(whole[n] for n in inside) + (whole[beside] if beside else 0)
        assert sum(macs(f"xception-block?block={number}").values()) == expected
    for module in ("3a", "4e", "5b"):
        inside = [n for n in macs("googlenet") if n.startswith(f"inception_{module}/")]
        block = macs(f"inception-v1-block?block={module}")
        assert {n: macs("googlenet")[n] for n in inside} == {n: block[n] for n in inside}


def test_names_of_a_second_call() -> None:
    names = {layer.name for layer in zoo.load("resnet50").layers}
    assert {"layer1.0.relu", "layer1.0.relu_1", "layer1.0.relu_2", "layer1.0.add"} <= names
