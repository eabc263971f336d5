"""One file per family of layers: a row of a summary -> its op, with what was inferred.

A module of this package defines ``RULES``, from Keras class names to rules, and has a row in
`_FILES`: most tables need few families, and only these are imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost import folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.read.keras.solve.site import Rule

#: Module -> the classes whose rules it has.
_FILES = {
    "batch_norm": "BatchNormalization",
    "conv_lstm": "ConvLSTM1D ConvLSTM2D ConvLSTM3D",
    "convolution": (
        "Conv1D Conv2D Conv3D DepthwiseConv1D DepthwiseConv2D DepthwiseConv3D SeparableConv1D "
        "SeparableConv2D SeparableConv3D"
    ),
    "dense": "Dense",
    "elementwise": (
        "Activation ActivityRegularization AlphaDropout Dropout ELU GaussianDropout "
        "GaussianNoise Identity LeakyReLU Masking RandomBrightness RandomContrast RandomFlip "
        "RandomRotation RandomTranslation RandomZoom ReLU Rescaling Softmax SpatialDropout1D "
        "SpatialDropout2D SpatialDropout3D ThresholdedReLU"
    ),
    "embedding": "AdditiveAttention Attention Dot Embedding",
    "merge": "Add Average Concatenate Maximum Minimum Multiply Subtract",
    "normalization": (
        "GroupNormalization LayerNormalization LayerScale Normalization PReLU RMSNormalization "
        "UnitNormalization"
    ),
    "pooling": (
        "AveragePooling1D AveragePooling2D AveragePooling3D GlobalAveragePooling1D "
        "GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D "
        "GlobalMaxPooling3D MaxPooling1D MaxPooling2D MaxPooling3D"
    ),
    "recurrent": "Bidirectional GRU LSTM SimpleRNN",
    "resampling": (
        "AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D "
        "AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D CenterCrop Cropping1D "
        "Cropping2D Cropping3D RandomCrop Resizing UpSampling1D UpSampling2D UpSampling3D"
    ),
    "shape": "Flatten Permute RepeatVector Reshape ZeroPadding1D ZeroPadding2D ZeroPadding3D",
    "time_distributed": "TimeDistributed",
    "transposed": (
        "Conv1DTranspose Conv2DTranspose Conv3DTranspose LocallyConnected1D LocallyConnected2D"
    ),
}

_RULES = folder.NameTable(__name__, _FILES)


def rules() -> Mapping[str, Rule]:
    """The rule of every Keras class that has one.

    >>> "Conv2D" in rules(), "CapsuleLayer" in rules()
    (True, False)
    """
    return _RULES
