"""Printouts of PyTorch tools: every format, what pages do to them, graphs that are no chains."""

from __future__ import annotations

import contextlib
import re
import time

import pytest

import convcost
from convcost.errors import SourceError
from convcost.read.torch.tables import looks_like
from convcost.read.torch.tables.find import find_torch_tables

SUMMARY = """
----------------------------------------------------------------
        Layer (type)               Output Shape         Param #
================================================================
            Conv2d-1           [-1, 16, 32, 32]             448
       BatchNorm2d-2           [-1, 16, 32, 32]              32
              ReLU-3           [-1, 16, 32, 32]               0
         MaxPool2d-4           [-1, 16, 16, 16]               0
           Flatten-5                 [-1, 4096]               0
            Linear-6                   [-1, 10]          40,970
================================================================
Total params: 41,450
Trainable params: 41,450
Non-trainable params: 0
----------------------------------------------------------------
Input size (MB): 0.01
Forward/backward pass size (MB): 0.44
Params size (MB): 0.16
Estimated Total Size (MB): 0.61
----------------------------------------------------------------
"""
MACS = 27 * 16 * 32 * 32 + 4096 * 10

INFO = """
===========================================================================================
Layer (type (var_name):depth-idx)        Output Shape              Param #
===========================================================================================
Net (Net)                                [8, 10]                   --
├─Sequential (stem): 1-1                 [8, 16, 32, 32]           --
│    └─Conv2d (0): 2-1                   [8, 16, 32, 32]           (448)
│    └─BatchNorm2d (1): 2-2              [8, 16, 32, 32]           32
│    └─ReLU (2): 2-3                     [8, 16, 32, 32]           --
├─MaxPool2d (pool): 1-2                  [8, 16, 16, 16]           --
├─Linear (head): 1-3                     [8, 10]                   40,970
===========================================================================================
Total params: 41,450
Trainable params: 41,002
Non-trainable params: 448
Total mult-adds (M): 3.99
===========================================================================================
"""

SCAN = """
__________________________________________________________________________________
Layer             Type              Output Shape              Param #
==================================================================================
net               Net               (-1, 10)                  0
├─conv            Conv2d            (-1, 16, 32, 32)          448
├─bn              BatchNorm2d       (-1, 16, 32, 32)          65
├─relu            ReLU              (-1, 16, 32, 32)          0
├─pool            MaxPool2d         (-1, 16, 16, 16)          0
├─flat            Flatten           (-1, 4096)                0
├─head            Linear            (-1, 10)                  40,970
==================================================================================
Trainable params: 41,450
Non-trainable params: 0
Total params: 41,483
"""

STAT = """
      module name  input shape output shape   params memory(MB)          MAdd         Flops  MemRead(B)  MemWrite(B) duration[%]   MemR+W(B)
0            conv    3  32  32   16  32  32    448.0       0.06     884,736.0     458,752.0     14080.0      65536.0      60.00%     79616.0
1              bn   16  32  32   16  32  32     32.0       0.06      65,536.0      32,768.0     65664.0      65536.0      20.00%    131200.0
2            relu   16  32  32   16  32  32      0.0       0.06      16,384.0      16,384.0     65536.0      65536.0      10.00%    131072.0
3            pool   16  32  32   16  16  16      0.0       0.02      12,288.0      16,384.0     65536.0      16384.0       5.00%     81920.0
4            head         4096           10  40970.0       0.00      81,910.0      40,960.0    180264.0         40.0       5.00%    180304.0
total                                        41450.0       0.20   1,060,854.0     565,248.0    180264.0         40.0     100.00%    604112.0
===========================================================================
Total params: 41,450
"""  # noqa: E501 - the tool prints lines of this width

FASTAI = """
Sequential (Input shape: 64 x 3 x 32 x 32)
============================================================================
Layer (type)         Output Shape         Param #    Trainable
============================================================================
                     64 x 16 x 32 x 32
Conv2d                                    448        False
BatchNorm2d                               32         True
ReLU
____________________________________________________________________________
                     64 x 16 x 16 x 16
MaxPool2d
____________________________________________________________________________
                     64 x 4096
Flatten
____________________________________________________________________________
                     64 x 10
Linear                                    40970      True
____________________________________________________________________________

Total params: 41,450
Total trainable params: 41,002
Total non-trainable params: 448
"""

FASTAI_1 = """
======================================================================
Layer (type)         Output Shape         Param #    Trainable
======================================================================
Conv2d               [16, 32, 32]         448        False
______________________________________________________________________
BatchNorm2d          [16, 32, 32]         32         True
______________________________________________________________________
ReLU                 [16, 32, 32]         0          False
______________________________________________________________________
MaxPool2d            [16, 16, 16]         0          False
______________________________________________________________________
Flatten              [4096]               0          False
______________________________________________________________________
Linear               [10]                 40,970     True
______________________________________________________________________

Total params: 41,450
Total trainable params: 41,002
Total non-trainable params: 448
"""

TOOLS = {
    "torchsummary": SUMMARY,
    "torchinfo": INFO,
    "torch-scan": SCAN,
    "torchstat": STAT,
    "fastai": FASTAI,
    "fastai 1": FASTAI_1,
}


def count(text):
    (network,) = convcost.read_all(text)
    return convcost.count(network)


def notes(text, kind):
    return [note for note in convcost.read(text).notes if note.kind == kind]


@pytest.mark.parametrize("tool", TOOLS)
def test_every_tool_gives_the_same_network(tool):
    text = TOOLS[tool]
    (table,) = find_torch_tables(text)
    assert table.tool == tool.split()[0]
    counted = count(text)
    assert counted.complete
    assert counted.total.forward.macs == MACS
    assert counted.total.parameters == 41_450
    assert counted.total.statistics == 32
    assert not notes(text, "contradiction")
    network = convcost.read(text)
    assert network.framework == "torch"
    assert [layer.op.kind for layer in network.layers] == [
        *("input", "conv", "batch_norm", "activation", "pool", "flatten", "dense"),
    ]
    assert network.layers[1].outputs[0].names == ("batch", "channel", "height", "width")


@pytest.mark.parametrize("tool", TOOLS)
def test_the_cheap_question_is_never_wrong(tool):
    assert looks_like(TOOLS[tool])
    assert not looks_like("conv2d (Conv2D)  (None, 30, 30, 32)  896\nTotal params: 896")


def html(text):
    return text.replace("\n", "<br>\n").replace("[", "&#91;").replace(" ", "&nbsp;")


DAMAGE = {
    "quoted": lambda text: re.sub("^", "> ", text, flags=re.MULTILINE),
    "collapsed": lambda text: re.sub(" +", " ", text),
    "as a comment": lambda text: re.sub("^", "# ", text, flags=re.MULTILINE),
    "html": html,
    "without rules": lambda text: re.sub("[-=]{8,}", "", text),
    "windows": lambda text: text.replace("\n", "\r\n"),
    "blank lines": lambda text: text.replace("\n", "\n\n"),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("tool", ["torchsummary", "torchinfo"])
def test_what_pages_do_to_it(tool, damage):
    counted = count(DAMAGE[damage](TOOLS[tool]))
    assert (counted.total.forward.macs, counted.complete) == (MACS, True)


@pytest.mark.parametrize("tool", ["torchsummary", "torchinfo"])
def test_everything_on_one_line(tool):
    counted = count(TOOLS[tool].replace("\n", " ") + "\n")
    assert (counted.total.forward.macs, counted.total.parameters) == (MACS, 41_450)


def test_rows_without_their_header_and_totals():
    rows = [line for line in SUMMARY.splitlines() if re.search(r"-\d ", line)]
    counted = count("It begins like this:\n" + "\n".join(rows) + "\nand goes on.")
    assert counted.total.forward.macs == MACS
    assert [unknown.why for unknown in counted.unknown] == [
        "the printout is cut off: layers may be missing"
    ]


def test_names_and_frozen_layers():
    network = convcost.read(INFO)
    names = [layer.name for layer in network.layers if layer.line]
    assert names == ["stem.0", "stem.1", "stem.2", "pool", "head"]
    assert convcost.count(network).total.trainable_parameters == 41_450 - 448
    assert "taken to be the batch" in " ".join(note.text for note in network.notes)


def test_columns_in_any_order():
    text = """
Layer (type:depth-idx)  Kernel Shape  Groups  Input Shape  Output Shape  Param #  Mult-Adds
Net  --  --  [2, 8, 16, 16]  [2, 8, 16, 16]  --  --
├─Conv2d: 1-1  [3, 3]  4  [2, 8, 16, 16]  [2, 8, 16, 16]  152  77,824
Total params: 152
"""
    (conv,) = [layer for layer in convcost.read(text).layers if layer.op.kind == "conv"]
    assert conv.op.groups == 4
    assert count(text).total.forward.macs == 16 * 16 * 9 * 2 * 8
    assert not notes(text, "contradiction")


def test_a_downsampling_branch_is_no_chain():
    text = """
            Conv2d-1           [-1, 64, 56, 56]           9,408
              ReLU-2           [-1, 64, 56, 56]               0
            Conv2d-3          [-1, 128, 28, 28]          73,728
       BatchNorm2d-4          [-1, 128, 28, 28]             256
            Conv2d-5          [-1, 128, 28, 28]           8,192
       BatchNorm2d-6          [-1, 128, 28, 28]             256
        BasicBlock-7          [-1, 128, 28, 28]               0
            Conv2d-8          [-1, 128, 28, 28]         147,456
"""
    network = convcost.read(text)
    branch = network.layer("Conv2d-5")
    assert network.tensor(branch.inputs[0]).shape[1:] == (64, 56, 56)
    assert [window.stride for window in branch.op.windows] == [2, 2]
    assert [ref.layer for ref in network.layer("Conv2d-8").inputs] == ["BatchNorm2d-6"]
    (note,) = [note for note in network.notes if note.layer == "Conv2d-5" and "cannot" in note.text]
    assert note.text.startswith("its input cannot be the 128x28x28 before it")
    assert any("BasicBlock-7" in note.text for note in network.notes)


def test_a_branch_of_a_tree_begins_at_its_container():
    text = """
Layer (type:depth-idx)                   Output Shape              Param #
Net                                      [1, 48, 14, 14]           --
├─Conv2d: 1-1                            [1, 64, 14, 14]           1,792
├─Inception: 1-2                         [1, 48, 14, 14]           --
│    └─Conv2d: 2-1                       [1, 16, 14, 14]           1,040
│    └─Conv2d: 2-2                       [1, 32, 14, 14]           2,080
├─Conv2d: 1-3                            [1, 10, 14, 14]           490
Total params: 5,402
"""
    network = convcost.read(text)
    assert network.layer("Conv2d:2-2").inputs[0].layer == "Conv2d:1-1"
    assert network.tensor(network.layer("Conv2d:1-3").inputs[0]).shape[1] == 48
    assert convcost.count(network).complete


def test_grouped_and_depthwise_convolutions():
    text = """
            Conv2d-1           [-1, 32, 32, 32]             864
            Conv2d-2           [-1, 32, 32, 32]             288
            Conv2d-3            [-1, 8, 32, 32]             576
"""
    network = convcost.read(text)
    assert network.layer("Conv2d-2").op.kind == "depthwise_conv"
    assert network.layer("Conv2d-3").op.groups == 4


def test_the_size_of_the_input_decides_the_stride_of_the_first_layer():
    rows = "            Conv2d-1          [-1, 32, 112, 112]             864\nTotal params: 864\n"
    small, large = (rows + f"Input size (MB): {size}\n" for size in ("0.14", "0.57"))
    assert convcost.read(small).layers[0].outputs[0].shape[1:] == (3, 112, 112)
    assert convcost.read(large).layers[0].outputs[0].shape[1:] == (3, 224, 224)


def test_functions_between_the_rows():
    text = """
            Conv2d-1           [-1, 10, 24, 24]             260
            Conv2d-2             [-1, 20, 8, 8]           5,020
            Linear-3                   [-1, 50]          16,050
"""
    network = convcost.read(text)
    said = [note.text for note in network.notes if "pooling that is not printed" in note.text]
    assert len(said) == 2
    assert convcost.count(network).total.forward.macs == 144_000 + 320_000 + 16_000


def test_aggregated_rows_are_unknown_with_their_parameters():
    text = """
Layer (type:depth-idx)                   Output Shape              Param #
Net                                      [1, 10]                   --
├─Sequential: 1-1                        [1, 64, 8, 8]             36,928
├─Block: 1-2                             [1, 64, 8, 8]             1,000
├─AdaptiveAvgPool2d: 1-3                 [1, 64, 1, 1]             --
├─Linear: 1-4                            [1, 10]                   650
Total params: 38,578
"""
    counted = count(text)
    assert counted.total.parameters == 38_578
    assert counted.total.forward.macs == 640
    assert [unknown.layer for unknown in counted.unknown] == ["Sequential:1-1", "Block:1-2"]
    assert "larger depth" in counted.unknown[0].why


def test_another_call_of_a_module_adds_no_parameters():
    text = """
Layer (type:depth-idx)                   Output Shape              Param #
Net                                      [2, 10]                   --
├─Linear: 1-1                            [2, 10]                   110
├─ReLU: 1-2                              [2, 10]                   --
├─Linear: 1-3                            [2, 10]                   (recursive)
Total params: 110
"""
    counted = count(text)
    assert (counted.total.parameters, counted.total.forward.macs) == (110, 200)
    assert counted.layers[-1].shared_with == "Linear:1-1"


def test_known_faults_of_torchinfo_are_named():
    text = """
Layer (type:depth-idx)  Input Shape  Output Shape  Param #  Mult-Adds
Net  [1, 50, 64]  [1, 16, 16, 16]  --  --
├─Linear: 1-1  [1, 50, 64]  [1, 50, 32]  2,080  2,080
├─ConvTranspose2d: 1-2  [1, 32, 8, 8]  [1, 16, 16, 16]  2,064  528,384
Total params: 4,144
"""
    network = convcost.read(text)
    said = {note.layer: note.text for note in network.notes if "are printed" in note.text}
    assert said["Linear:1-1"].endswith("torchinfo leaves out the positions of a Linear on more "
                                       "than two axes")  # fmt: skip
    assert "102,400 counted" in said["Linear:1-1"]
    assert "output positions" in said["ConvTranspose2d:1-2"]
    assert convcost.count(network).total.forward.macs == 50 * 64 * 32 + 8 * 8 * 4 * 32 * 16


@pytest.mark.parametrize(
    ("kind", "shape", "parameters", "macs"),
    [
        ("LSTM", "[1, 20, 128]", 4 * 128 * (64 + 128 + 2), 20 * 4 * 128 * (64 + 128)),
        ("GRU", "[1, 20, 128]", 3 * 128 * (64 + 128 + 2), 20 * 3 * 128 * (64 + 128)),
        ("Linear", "[1, 20, 128]", 65 * 128, 20 * 64 * 128),
        ("LayerNorm", "[1, 20, 64]", 128, 0),
        ("MultiheadAttention", "[1, 20, 64]", 4 * 64 * 65, 20 * 4 * 64 * 64 + 2 * 20 * 20 * 64),
    ],
)
def test_layers_of_sequences(kind, shape, parameters, macs):
    text = f"""
Layer (type:depth-idx)   Output Shape   Param #
Net   {shape}   --
├─Embedding: 1-1   [1, 20, 64]   64,000
├─{kind}: 1-2   {shape}   {parameters:,}
Total params: {64_000 + parameters:,}
"""
    counted = count(text)
    assert counted.complete
    assert counted.total.parameters == 64_000 + parameters
    assert counted.total.forward.macs == macs


def test_keras_and_pytorch_in_one_text_in_order():
    keras = 'Model: "a"\nLayer (type) Output Shape Param #\ndense (Dense) (None, 10) 7850\n'
    keras += "Total params: 7,850\n"
    networks = convcost.read_all(SUMMARY + "and in Keras:\n" + keras + INFO)
    assert [network.framework for network in networks] == ["torch", "keras", "torch"]
    assert [convcost.count(network).total.parameters for network in networks] == [
        41_450, 7_850, 41_450,
    ]  # fmt: skip


def test_a_printed_module_needs_an_input_size():
    text = """Net(
  (conv1): Conv2d(1, 10, kernel_size=(5, 5), stride=(1, 1))
  (fc1): Linear(in_features=320, out_features=50, bias=True)
)"""
    with pytest.raises(SourceError, match="printed PyTorch module, which has no shapes") as caught:
        convcost.read_all(text)
    assert "input_size" in caught.value.hint


def test_parameters_without_shapes_are_kept():
    text = """
Layer (type:depth-idx)                   Param #
Net                                      --
├─Conv2d: 1-1                            260
├─Linear: 1-2                            16,050
Total params: 16,310
"""
    counted = count(text)
    assert counted.total.parameters == 16_310
    assert all("input_size" in unknown.why for unknown in counted.unknown)


def test_rows_that_do_not_add_up_are_reported():
    text = SUMMARY.replace("Total params: 41,450", "Total params: 41,000")
    (note,) = notes(text, "contradiction")
    assert note.text == "the rows add up to 41,450 parameters, the printout's total is 41,000"


@pytest.mark.parametrize(
    "text",
    [
        "|" * 200_000,
        "| " * 100_000 + "└─Conv2d: 1-1 [1, 2] 3",
        "Conv2d-1 [" * 20_000,
        "Conv2d-1 " + "[" * 100_000,
        "Layer (type) " * 20_000,
        "├─" * 100_000,
        "Total params: " * 20_000,
        "1 x " * 50_000,
        "\n".join(f"            Conv2d-{n}      [-1, 64, 56, 56]      36,928" for n in range(3000)),
    ],
)
def test_hostile_texts_are_read_in_time(text):
    begin = time.process_time()
    with contextlib.suppress(SourceError):
        convcost.read_all(f"depth-idx\n{text}\n")
    assert time.process_time() - begin < 20
