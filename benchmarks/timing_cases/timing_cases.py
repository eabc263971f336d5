"""The cases that can be rebuilt."""

from __future__ import annotations

import timing_networks as n
from timing_case import Case, same

#: Stand-ins, always the same, so that none is chosen for a result.
CPUS = ("i9-10940x", "laptop-cpu")
GPUS = ("gtx-1080-ti", "tesla-k80")
EITHER = ("i9-10940x", "gtx-1080-ti")

_NO_CPU = "the CPU is not named: a large one and a small one stand in"
_NO_GPU = "the GPU is not named: a large one and a small one of the time stand in"
_NOTHING = "neither is it told whether it ran on a CPU or a GPU: one of each stands in"
_EPOCH = "an epoch of training was timed; the data sheet predicts the forward pass of its steps"
_DARKNET = (
    "darknet is no runtime of convcost: `keras-tf1` stands in, since it too normalises, shifts and "
    "activates in kernels of their own"
)
_TOO_SHORT = (
    "3.05 s are no epoch of that training, of which 300 take 17 hours by the repository's own "
    "README; the ratio is taken as it is told"
)
_CNTK = (
    "CNTK is no runtime of convcost: `keras-tf1`, whose operations are separate as well, stands in"
)
_THEANO = (
    "Theano is no runtime of convcost: `keras-tf1` stands in, which executes biases, activations "
    "and BatchNorm as passes of their own, as Theano composes them"
)

CASES = (
    Case(
        key="T01",
        source="https://stackoverflow.com/questions/56565998",
        a="one convolution and a dense layer",
        b="BatchNorm between them",
        networks=lambda: (
            n.pasted("02_seed000_no_bn", "the one without"),
            n.pasted("01_seed000_bn_doubles_eval", "the one with it"),
        ),
        places=same("keras-tf1", *EITHER),
        batch=32,
        assumed=("the batch is Keras's default for `evaluate`, 32", _NOTHING),
        explained=(
            "BatchNorm as two passes over memory. The report lies at the upper end of the CPU's "
            "band and above the GPU's; the framework's own loop, which the time of `evaluate` "
            "contains and these ratios do not, would lower both. [Post 000](seeds/000.md) has the "
            "experiment again in today's Keras."
        ),
    ),
    Case(
        key="T02",
        source="https://stackoverflow.com/questions/43120953",
        a="perceptron of 512 and 512",
        b="convolutions of 32 and 64 filters",
        networks=lambda: (
            n.pasted("03_seed001_mnist_mlp", "the perceptron"),
            n.pasted("04_seed001_mnist_cnn", "the CNN"),
        ),
        places=same("keras-tf1", *CPUS),
        batch=128,
        training=True,
        assumed=("the batch is that of Keras's examples, 128", _NO_CPU, _EPOCH, _THEANO),
        explained="The MACs say 16.3, the parameters 0.166.",
    ),
    Case(
        key="T03",
        source="https://stackoverflow.com/questions/43120953",
        a="perceptron of 512 and 512",
        b="convolutions of 4 and 4 filters",
        networks=lambda: (
            n.pasted("03_seed001_mnist_mlp", "the perceptron"),
            n.pasted("05_seed001_mnist_cnn4", "the CNN"),
        ),
        places=same("keras-tf1", *CPUS),
        batch=128,
        training=True,
        assumed=("as T02",),
        explained="Fewer MACs and fewer parameters, and yet slower: vectors that four channels "
        "leave empty, and activations.",
    ),
    Case(
        key="T04",
        source="https://github.com/keras-team/keras/issues/1309",
        a="three convolutions and two dense layers with PReLU on 3x227x227",
        b="five BatchNorm layers in it",
        networks=lambda: n.both(n.alexnet_like()),
        places=same("keras-tf1", *CPUS),
        batch=128,
        training=True,
        assumed=(
            "the batch is Keras's default then, 128",
            "the last layer, which the issue leaves out, has 10 units",
            "BatchNorm has one mean and variance per channel",
            _NO_CPU, _EPOCH, _THEANO,
        ),
        explained=(
            "Its passes over memory are predicted to cost a part of the whole, not twice as much "
            "again. The report's own figures say why traffic cannot be the reason: with BatchNorm "
            "an image takes 92 ms more, for 150,080 values that are normalised, 0.6 MB: 7 MB/s. "
            "What Keras and Theano of 2015 did there is not known; it is no cost of BatchNorm."
        ),
    ),
    Case(
        key="T06",
        source="https://github.com/keras-team/keras/issues/6666",
        a="Keras's mnist_cnn on 112x112",
        b="three BatchNorm layers in it",
        networks=lambda: n.both(n.mnist_cnn(112)),
        places=same("keras-tf1", *GPUS),
        batch=128,
        training=True,
        assumed=(
            "BatchNorm is behind both convolutions and the first dense layer",
            "the batch is the example's, 128",
            f"it ran on a GPU, since cuDNN is what the thread is about; {_NO_GPU}",
            _EPOCH, _THEANO,
        ),
        explained=(
            "A little above the band, and within 25 %. BatchNorm reads its tensors twice and "
            "writes them once more, beside convolutions of 2 and 47 MACs per byte."
        ),
    ),
    Case(
        key="T07",
        source="https://github.com/keras-team/keras/issues/11967",
        a="four convolutions on 3x100x100",
        b="BatchNorm behind each",
        networks=lambda: n.both(n.four_convolutions()),
        places=same("keras-tf1", *EITHER),
        batch=1,
        assumed=("one image at a time", _NOTHING, _CNTK),
        explained=(
            "Keras composes BatchNorm for CNTK of four operations (`batch_normalization` in its "
            "cntk_backend.py), twice what convcost charges; that would be 1.5 times the time, and "
            "no traffic explains ten. The data have their channels first, and "
            "BatchNormalization() without an axis takes the last one, the width: `explain` finds "
            "`batch-norm-axis` here. Whether CNTK is slow for that axis or for all is not known."
        ),
    ),
    Case(
        key="T08",
        source="https://github.com/keras-team/keras/pull/4023",
        a="one BatchNorm on 64x128x128, cuDNN's kernel",
        b="the same, composed",
        networks=lambda: (n.sequential("norm", n.one_norm()), n.sequential("norm", n.one_norm())),
        places=tuple(((gpu, "torch"), (gpu, "keras-tf1")) for gpu in GPUS),
        batch=32,
        training=True,
        assumed=(
            _NO_GPU,
            "`torch` stands for a kernel of cuDNN's, `keras-tf1` for the composed one",
            "an iteration of training was timed; the data sheet predicts the forward pass",
        ),
        explained=(
            "Hardly a hit: the report lies within 25 % of a prediction that takes both to be "
            "alike. In training convcost charges two readings and one writing in either runtime; "
            "the passes of a composed BatchNorm in training have no rule of their own."
        ),
    ),
    Case(
        key="T10",
        source="https://github.com/ikhlestov/vision_networks/issues/20",
        a="DenseNet-40 with kernels of 3x3 in its blocks",
        b="with 1x1",
        networks=lambda: (n.densenet(3), n.densenet(1)),
        places=same("keras-tf1", "titan-x-maxwell", "titan-x-pascal"),
        batch=64,
        training=True,
        assumed=(
            "the settings are the repository's defaults: depth 40, growth 12, a batch of 64",
            "there are two GPUs called Titan X",
            "training was timed; the data sheet predicts the forward pass",
            "TensorFlow 1 runs it: `keras-tf1`",
            _TOO_SHORT,
        ),
        explained=(
            "The smaller kernel cannot be slower by MACs and bytes: BatchNorm, activations and "
            "concatenations are the same, and the convolutions do a ninth. TensorFlow chooses an "
            "algorithm for each shape, which convcost does not know. That it chose a bad one for "
            "twelve filters of 1x1 is a guess."
        ),
    ),
    Case(
        key="T20",
        source="https://github.com/keras-team/keras/issues/5242",
        a="an LSTM over 50,000 steps on a CPU",
        b="on a GPU",
        networks=lambda: (n.sequence(), n.sequence()),
        places=((("laptop-cpu", "keras-tf1"), ("gtx-1080-ti", "keras-tf1")),),
        batch=1,
        training=True,
        assumed=(
            "an i7-2600K is not in the catalogue: `laptop-cpu`, of four cores too, stands in",
            "nor is a GTX 1060: `gtx-1080-ti` stands in, which has 2.6 times its arithmetic",
            _EPOCH, _THEANO,
        ),
        explained=(
            "A recurrent layer is one kernel for convcost, and 50,000 steps that wait for each "
            "other are 50,000 times several launches for Theano's scan: 35 s are 0.7 ms per step, "
            "5 s are 0.1 ms. The prediction says so itself: `recurrent-steps` fires "
            "and calls the predicted time too short."
        ),
    ),
    Case(
        key="T28",
        source="https://github.com/endernewton/tf-faster-rcnn/pull/307",
        a="a convolution 3x3 of ResNet-101 on 38x50x256",
        b="the BatchNorm behind it",
        networks=n.one_convolution,
        places=same("keras-tf1", *CPUS),
        batch=1,
        pair=False,
        assumed=(
            "the size of the image follows from the tensor's 1.95 MB",
            "a convolution of 59 ms was not on a GPU; " + _NO_CPU,
        ),
        explained=(
            "How many passes a convolution is worth depends on the machine's arithmetic beside its "
            "memory: 1.12 G MACs in 58.56 ms are 19 G MAC/s, a small CPU or a TensorFlow without "
            "its vector instructions, where passes weigh little. So the small CPU hits and the "
            "large one misses."
        ),
    ),
    Case(
        key="T32",
        source="https://github.com/pjreddie/darknet/issues/1401",
        a="YOLOv3 of 416x416 on a Tesla K80",
        b="on a GTX 1080",
        networks=lambda: (n.yolov3(), n.yolov3()),
        places=((("tesla-k80", "keras-tf1"), ("gtx-1080-ti", "keras-tf1")),),
        batch=1,
        inverted=True,
        assumed=(
            "a GTX 1080 is not in the catalogue: `gtx-1080-ti` stands in, 1.3 times as fast",
            _DARKNET,
            "one image at a time, without reading and drawing it",
        ),
        explained=(
            "Two data sheets and one network: 12 images per second on one, 35 on the other. Bands "
            "of two devices do not cancel, so this one is wide."
        ),
    ),
)  # fmt: skip
