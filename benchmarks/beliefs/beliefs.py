"""What is often believed about the cost of networks, and an example that shows otherwise.

Each entry is explained by convcost by the data sheet of a device with a name, so that the figures
are the same on every machine. The texts have places for figures, which are the finding's numbers.
"""

from __future__ import annotations

from belief import Belief

import convcost
from convcost.units import format_seconds

CPU = {"device": "i9-10940x", "runtime": "keras-tf1"}
TORCH = {"device": "i9-10940x", "runtime": "torch"}
GPU = {"device": "gtx-1080-ti", "runtime": "torch"}


def _kernels() -> dict[str, int]:
    """MACs of post 003's network by the side of its kernels, without padding."""
    sides = (3, 5, 7, 9)
    networks = {side: convcost.read(f"zoo:seed003?kernel={side}") for side in sides}
    return {
        f"macs_{side}": convcost.count(network).total.forward.macs
        for side, network in networks.items()
    }


def _both_devices() -> dict[str, str]:
    """The time of one image of post 001's smallest network."""
    network = convcost.read("zoo:seed001-cnn4")
    return {
        name: format_seconds(convcost.predict(network, basis="data sheet", **where).seconds.value)
        for name, where in (("on_cpu", TORCH), ("on_gpu", GPU))
    }


def _resnet18() -> dict[str, int]:
    return {"parameters": convcost.count(convcost.read("zoo:resnet18")).total.parameters}


BELIEFS = (
    Belief(
        says="The parameters decide the time.",
        where="post 001; keras-team/keras#5619",
        sources=("zoo:seed001-mlp", "zoo:seed001-cnn"),
        options={**CPU, "batch": 128},
        rule="parameters-are-not-time",
        right=(
            "{parameters:,} parameters against {parameters_of_first:,} are "
            "{parameters_ratio:.3f} times as many; {macs_each:,} MACs per image against "
            "{macs_of_first_each:,} are {macs_ratio:.1f} times as many. The post measured 21.3 "
            "times the time."
        ),
    ),
    Belief(
        says="The MACs decide the time.",
        where="the answer to post 001",
        sources=("zoo:seed001-mlp", "zoo:seed001-cnn4"),
        options={**CPU, "batch": 128},
        rule="few-channels",
        right=(
            "{macs_ratio:.3f} times the MACs, and {time_ratio:.2f} times the predicted time; the "
            "post measured 1.75. With {channels} channels a vector of {vector_lanes} lanes is "
            "filled to {vector_fill:.0%}, and activations and launches do not go with the MACs."
        ),
    ),
    Belief(
        says="BatchNorm is one multiplication per value, so it costs nothing.",
        where="post 000; keras-team/keras#1309, #3352, #6598",
        sources=("zoo:seed000?batch_norm=no", "zoo:seed000"),
        options={**CPU, "batch": 32},
        rule="memory-bound-elementwise",
        right=(
            "A scale and a shift per value are {elementwise_each:,} operations per image, few "
            "beside the MACs, but they run as {passes} passes that each read and write the whole "
            "tensor of {tensor_bytes:,} bytes: {share:.0%} of the time. Folded into a neighbour "
            "it costs nothing. Factors of 7 and more in the reports are not BatchNorm's own: an "
            "implementation that is not meant for the device, or another axis than the channels' "
            "(`batch-norm-axis`)."
        ),
    ),
    Belief(
        says="BatchNorm has two parameters per channel.",
        where="errorhandle.ai, which expects 64 where Keras prints 128",
        sources=("zoo:mobilenet?alpha=0.25",),
        options=CPU,
        rule="batch-norm-statistics",
        right=(
            "It learns two numbers per channel, {learned:,} here, and stores two more, "
            "{statistics:,}: the moving mean and variance. Keras's 'Total params' has all four."
        ),
    ),
    Belief(
        says="The fully connected layers take most of the time of training.",
        where="the answer to post 002 (ai.stackexchange.com 7865)",
        sources=("zoo:alexnet",),
        options={"device": "titan-x-maxwell", "runtime": "torch", "batch": 128, "training": True,
                 "optimizer": "momentum"},
        rule="training-step",
        key="convolution_macs_share",
        right=(
            "They hold {dense_parameters_share:.0%} of the parameters and do "
            "{dense_macs_share:.1%} of the MACs; the convolutions do {convolution_macs_share:.1%}. "
            "Measured on that GPU in Caffe the convolutions took 81 % of the layers' time "
            "([post 002](seeds/002.md)). Fully connected layers lead at a batch of one, where "
            "their weights are read for one sample (`weights-at-small-batch`)."
        ),
    ),
    Belief(
        says="The fully connected layers take most of the memory.",
        where="post 002; machrisaa/tensorflow-vgg#28",
        sources=("zoo:vgg16",),
        options={**TORCH, "batch": 128, "training": True, "optimizer": "momentum"},
        rule="batch-limit",
        right=(
            "All parameters are {parameter_bytes:,} bytes, once. A training step needs "
            "{bytes_per_sample:,} bytes more for every image: {batch_share:.0%} of the peak of "
            "{peak_bytes:,} bytes at a batch of 128."
        ),
    ),
    Belief(
        says="A kernel of k x k takes k x k times as long.",
        where="post 003",
        sources=("zoo:seed003?kernel=9",),
        options={**CPU, "batch": 128},
        rule="large-kernels",
        right=(
            "With `same` padding the MACs do grow so. With Keras's default, `valid`, larger "
            "kernels have fewer positions: {macs_3:,} MACs per image for 3x3, {macs_5:,} for 5x5, "
            "{macs_7:,} for 7x7 and {macs_9:,} for 9x9, which is less than for 7x7. And larger "
            "kernels multiply at a higher rate ([measured](seeds/003.md))."
        ),
        more=_kernels,
    ),
    Belief(
        says="Depthwise convolutions are faster in proportion to their MACs.",
        where="readers of torchstat's tables; Dobiasd/frugally-deep#207",
        sources=("zoo:mobilenet",),
        options=TORCH,
        rule="depthwise",
        right=(
            "Depthwise convolutions do {macs_share:.1%} of the MACs and take {share:.0%} of the "
            "time: {macs_per_byte:.1f} MACs per byte, so that memory limits them."
        ),
    ),
    Belief(
        says="A GPU is always faster.",
        where="keras-team/keras#5242 (an LSTM: 5 s on a CPU, 35 s on a GPU)",
        sources=("zoo:seed001-cnn4",),
        options={**GPU, "batch": 1},
        rule="launches",
        right=(
            "One image takes {on_gpu} on the GPU and {on_cpu} on the CPU: starting "
            "{kernels} kernels is {launch_share:.0%} of the GPU's time. The work is the larger "
            "part from a batch of {crossover:,} on. Steps that wait for each other do not even get "
            "better with the batch (`recurrent-steps`)."
        ),
        more=_both_devices,
    ),
    Belief(
        says="A 3x3 convolution multiplies nine values per output.",
        where="post 000 (32 x 32 x 32 x 3 x 3 = 294,912); the answer to post 003",
        sources=("zoo:seed000?batch_norm=no",),
        options={**CPU, "batch": 1},
        rule="weights-times-positions",
        right=(
            "It multiplies 3x3 values of every input channel: {layers[conv2d_1][weights]:,} "
            "weights at 1,024 positions are {layers[conv2d_1][macs]:,} MACs. The dense layer "
            "behind it, which the post leaves out, has {layers[dense_1][macs]:,}, "
            "{layers[dense_1][share]:.0%} of all."
        ),
    ),
    Belief(
        says="FLOPs are FLOPs, whoever counts them.",
        where="TylerYep/torchinfo#77, #226; Lyken17/pytorch-OpCounter#12, #17",
        sources=("benchmarks/beliefs/tokens.txt",),
        options={**TORCH, "batch": 1},
        rule="counters-disagree",
        right=(
            "{macs:,} MACs are {flops:,} FLOP by the count of two per MAC and the element-wise "
            "operations; torchinfo says {torchinfo:,}, since it takes a linear layer's parameters "
            "once per sample and not once per token. A figure needs its convention beside it "
            "([all tools](conventions.md))."
        ),
    ),
    Belief(
        says="Multiply-adds are parameters times height times width.",
        where="nmhkahn/CARN-pytorch#15",
        sources=("zoo:seed001-cnn",),
        options={**CPU, "batch": 1},
        rule="weights-times-positions",
        right=(
            "Only where every layer runs at that resolution. Here it would be "
            "{parameters_times_input_positions:,}, {ratio:.2f} times the true figure: the second "
            "convolution uses its {layers[conv2d_37][weights]:,} weights at 576 positions "
            "({layers[conv2d_37][macs]:,} MACs), the dense layer its own at one."
        ),
    ),
    Belief(
        says="The 'forward/backward pass size' of a summary is the GPU memory that is needed.",
        where="sksq96/pytorch-summary#51; TylerYep/torchinfo#149; pytorch/pytorch#53005",
        sources=("zoo:vgg16",),
        options={**TORCH, "batch": 1},
        rule="pass-size",
        right=(
            "It is twice the sum of all outputs, {pass_size_bytes:,} bytes here. At inference "
            "{alive_bytes:,} bytes of tensors are alive at most, beside {parameter_bytes:,} of "
            "parameters; the framework's caches and workspaces come on top. In training, with "
            "gradients and the optimizer's states, it may well be too small."
        ),
    ),
    Belief(
        says="Fewer trainable parameters are as much less time.",
        where="many who freeze all but the last layer; 'non-trainable' is taken for frozen, too",
        sources=("zoo:resnet18",),
        options={**TORCH, "training": True, "optimizer": "adam",
                 "freeze": ("conv1", "bn1", "layer*")},
        rule="training-step",
        key="frozen_parameters",
        right=(
            "{frozen_parameters:,} of {parameters:,} parameters are frozen, all but the last "
            "layer's, and that saves {flops_saved:,} of the step's {flops_unfrozen:,} FLOP: the "
            "forward pass and its time stay. Statistics of BatchNorm are not trainable either, and "
            "nothing is frozen by them (`batch-norm-statistics`)."
        ),
        more=_resnet18,
    ),
    Belief(
        says="The optimizer, or the number of variables, drives the time of an epoch.",
        where="post 001; the answer to post 003",
        sources=("zoo:seed001-cnn",),
        options={**CPU, "batch": 128, "training": True, "optimizer": "adam"},
        rule="training-step",
        key="update_share",
        right=(
            "The update is {update_flops:,} FLOP of a step, beside {forward_flops:,} forward and "
            "{backward_flops:,} backward: {update_share:.2%}. "
            "It matters for networks of fully connected layers at a small batch."
        ),
    ),
)  # fmt: skip
