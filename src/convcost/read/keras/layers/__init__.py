"""Keras layer configurations as ops: one file per family of layers.

Defaults are those of Keras 3 (keras/src/layers). A module of this package defines ``RULES``, from
class names to rules, and has a row in `_FILES`: most networks need few families, and only these are
imported. A class without a rule is custom or not known: its layer becomes an `Unknown` op, never a
failure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost import folder
from convcost.read.keras.layers.site import Site

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.keras.layers.site import Rule

__all__ = ["Site", "build", "rules"]

#: Module -> the classes whose rules it has.
_FILES = {
    "activation": "Activation ELU Identity LeakyReLU PReLU ReLU Softmax ThresholdedReLU",
    "attention": (
        "AdditiveAttention Attention GroupQueryAttention GroupedQueryAttention MultiHeadAttention"
    ),
    "batch_norm": "BatchNormalization",
    "convolution": "Conv1D Conv2D Conv3D",
    "dense": "Dense",
    "depthwise": (
        "DepthwiseConv1D DepthwiseConv2D DepthwiseConv3D SeparableConv1D SeparableConv2D "
        "SeparableConv3D"
    ),
    "merge": "Add Average Concatenate Maximum Minimum Multiply Subtract",
    "normalization": (
        "GroupNormalization LayerNormalization LayerScale RMSNormalization UnitNormalization"
    ),
    "pooling": (
        "AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D "
        "AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D AveragePooling1D "
        "AveragePooling2D AveragePooling3D GlobalAveragePooling1D GlobalAveragePooling2D "
        "GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D "
        "MaxPooling1D MaxPooling2D MaxPooling3D"
    ),
    "preparation": (
        "AugMix CategoryEncoding CutMix Discretization Equalization Masking MixUp Normalization "
        "RandAugment RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast "
        "RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale "
        "RandomHue RandomInvert RandomPerspective RandomPosterization RandomRotation "
        "RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom Rescaling "
        "Solarization"
    ),
    "products": "Dot EinsumDense Embedding ReversibleEmbedding",
    "recurrent": (
        "ConvLSTM1D ConvLSTM2D ConvLSTM3D GRU GRUCell LSTM LSTMCell RNN SimpleRNN SimpleRNNCell "
        "StackedRNNCells"
    ),
    "regularization": (
        "ActivityRegularization AlphaDropout Dropout GaussianDropout GaussianNoise "
        "SpatialDropout1D SpatialDropout2D SpatialDropout3D"
    ),
    "resampling": (
        "CenterCrop Cropping1D Cropping2D Cropping3D RandomCrop Resizing UpSampling1D "
        "UpSampling2D UpSampling3D"
    ),
    "shape": "Flatten Permute RepeatVector Reshape ZeroPadding1D ZeroPadding2D ZeroPadding3D",
    "transposed": (
        "Conv1DTranspose Conv2DTranspose Conv3DTranspose LocallyConnected1D LocallyConnected2D"
    ),
    "undecidable": (
        "AutoContrast ContrastLimitedAdaptiveHistogramEqualization FlaxLayer HashedCrossing "
        "Hashing IntegerLookup JaxLayer Lambda MaxNumBoundingBoxes MelSpectrogram RandomHeight "
        "RandomWidth STFTSpectrogram StringLookup TFSMLayer TextVectorization "
        "TorchModuleWrapper"
    ),
    "wrappers": "Bidirectional Pipeline SpectralNormalization TimeDistributed",
}

_RULES = folder.NameTable(__name__, _FILES)


def rules() -> Mapping[str, Rule]:
    """The rule of every Keras class that has one."""
    return _RULES


def build(class_name: str, site: Site) -> Op | None:
    """The op of a layer; None for a class that has no rule.

    Raises:
        NetworkError: the configuration lacks something, or does not fit the inputs.

    >>> from convcost.network.tensor import Tensor
    >>> image = Tensor.of(batch=1, height=8, width=8, channel=3)
    >>> build("Conv2D", Site({"filters": 4, "kernel_size": (3, 3)}, (image,))).filters
    4
    """
    rule = rules().get(class_name)
    return None if rule is None else rule(site)
