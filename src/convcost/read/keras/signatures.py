"""Positional parameters of Keras's layers, as one table, and names that Keras has given up.

Source: the constructors of Keras 3.15 (``keras/src/layers``); layers that Keras 3 has dropped are
as in Keras 2.15. Only parameters that people give by position matter here: a keyword keeps its
name.
"""

from __future__ import annotations

import re
from functools import cache

_TERMS = tuple(
    f"{weight}_{kind}"
    for kind, weights in (
        ("initializer", ("kernel", "bias")),
        ("regularizer", ("kernel", "bias", "activity")),
        ("constraint", ("kernel", "bias")),
    )
    for weight in weights
)
_CONV = (
    *("filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate", "groups"),
    *("activation", "use_bias", *_TERMS),
)
_CONV_TRANSPOSE = (
    *("filters", "kernel_size", "strides", "padding", "output_padding", "data_format"),
    *("dilation_rate", "activation", "use_bias", *_TERMS),
)
_CONV_3D_TRANSPOSE = (
    *("filters", "kernel_size", "strides", "padding", "data_format", "output_padding"),
    *("dilation_rate", "activation", "use_bias", *_TERMS),
)
_DEPTHWISE = (
    *("kernel_size", "strides", "padding", "depth_multiplier", "data_format", "dilation_rate"),
    *("activation", "use_bias", "depthwise_initializer", "bias_initializer"),
)
_SEPARABLE = (
    *("filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate"),
    *("depth_multiplier", "activation", "use_bias", "depthwise_initializer"),
    *("pointwise_initializer", "bias_initializer"),
)
_LOCAL = (
    *("filters", "kernel_size", "strides", "padding", "data_format", "activation", "use_bias"),
    *_TERMS,
)
_CONV_LSTM = (
    *("filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate"),
    *("activation", "recurrent_activation", "use_bias"),
)
_RECURRENT = ("units", "activation", "recurrent_activation", "use_bias")
_POOL = ("pool_size", "strides", "padding", "data_format", "name")
_GLOBAL_POOL = ("data_format", "keepdims")
_ADAPTIVE_POOL = ("output_size", "data_format")
_NORM = ("axis", "epsilon", "center", "scale")

#: Class -> the names of its parameters in positional order, as far as anyone gives them so.
SIGNATURES: dict[str, tuple[str, ...]] = {
    "Activation": ("activation",),
    "ActivityRegularization": ("l1", "l2"),
    "AdaptiveAveragePooling1D": _ADAPTIVE_POOL,
    "AdaptiveAveragePooling2D": _ADAPTIVE_POOL,
    "AdaptiveAveragePooling3D": _ADAPTIVE_POOL,
    "AdaptiveMaxPooling1D": _ADAPTIVE_POOL,
    "AdaptiveMaxPooling2D": _ADAPTIVE_POOL,
    "AdaptiveMaxPooling3D": _ADAPTIVE_POOL,
    "Add": (),
    "AdditiveAttention": ("use_scale", "dropout"),
    "AlphaDropout": ("rate", "noise_shape", "seed"),
    "Attention": ("use_scale", "score_mode", "dropout", "seed"),
    "Average": (),
    "AveragePooling1D": _POOL,
    "AveragePooling2D": _POOL,
    "AveragePooling3D": _POOL,
    "BatchNormalization": ("axis", "momentum", "epsilon", "center", "scale"),
    "Bidirectional": ("layer", "merge_mode", "weights", "backward_layer"),
    "CategoryEncoding": ("num_tokens", "output_mode"),
    "CenterCrop": ("height", "width", "data_format"),
    "Concatenate": ("axis",),
    "Conv1D": _CONV,
    "Conv1DTranspose": _CONV_TRANSPOSE,
    "Conv2D": _CONV,
    "Conv2DTranspose": _CONV_TRANSPOSE,
    "Conv3D": _CONV,
    "Conv3DTranspose": _CONV_3D_TRANSPOSE,
    "ConvLSTM1D": _CONV_LSTM,
    "ConvLSTM2D": _CONV_LSTM,
    "ConvLSTM3D": _CONV_LSTM,
    "Cropping1D": ("cropping",),
    "Cropping2D": ("cropping", "data_format"),
    "Cropping3D": ("cropping", "data_format"),
    "Dense": ("units", "activation", "use_bias", *_TERMS),
    "DepthwiseConv1D": _DEPTHWISE,
    "DepthwiseConv2D": _DEPTHWISE,
    "Dot": ("axes", "normalize"),
    "Dropout": ("rate", "noise_shape", "seed"),
    "ELU": ("alpha",),
    "EinsumDense": ("equation", "output_shape", "activation", "bias_axes"),
    "Embedding": ("input_dim", "output_dim", "embeddings_initializer", "embeddings_regularizer"),
    "Flatten": ("data_format",),
    "GRU": _RECURRENT,
    "GRUCell": _RECURRENT,
    "GaussianDropout": ("rate", "seed"),
    "GaussianNoise": ("stddev", "seed"),
    "GlobalAveragePooling1D": _GLOBAL_POOL,
    "GlobalAveragePooling2D": _GLOBAL_POOL,
    "GlobalAveragePooling3D": _GLOBAL_POOL,
    "GlobalMaxPooling1D": _GLOBAL_POOL,
    "GlobalMaxPooling2D": _GLOBAL_POOL,
    "GlobalMaxPooling3D": _GLOBAL_POOL,
    "GroupNormalization": ("groups", *_NORM),
    "GroupQueryAttention": ("head_dim", "num_query_heads", "num_key_value_heads", "dropout"),
    "Identity": (),
    "InputLayer": ("shape", "batch_size", "dtype"),
    "LSTM": _RECURRENT,
    "LSTMCell": _RECURRENT,
    "Lambda": ("function", "output_shape", "mask", "arguments"),
    "LayerNormalization": _NORM,
    "LeakyReLU": ("negative_slope",),
    "LocallyConnected1D": _LOCAL,
    "LocallyConnected2D": _LOCAL,
    "Masking": ("mask_value",),
    "Maximum": (),
    "MaxPooling1D": _POOL,
    "MaxPooling2D": _POOL,
    "MaxPooling3D": _POOL,
    "Minimum": (),
    "MultiHeadAttention": ("num_heads", "key_dim", "value_dim", "dropout", "use_bias"),
    "Multiply": (),
    "Normalization": ("axis", "mean", "variance", "invert"),
    "PReLU": ("alpha_initializer", "alpha_regularizer", "alpha_constraint", "shared_axes"),
    "Permute": ("dims",),
    "RMSNormalization": ("axis", "epsilon"),
    "RNN": ("cell", "return_sequences", "return_state", "go_backwards", "stateful", "unroll"),
    "RandomBrightness": ("factor", "value_range", "seed"),
    "RandomContrast": ("factor", "value_range", "seed"),
    "RandomCrop": ("height", "width", "seed"),
    "RandomFlip": ("mode", "seed"),
    "RandomHeight": ("factor", "interpolation", "seed"),
    "RandomRotation": ("factor", "fill_mode", "interpolation", "seed"),
    "RandomTranslation": ("height_factor", "width_factor", "fill_mode", "interpolation", "seed"),
    "RandomWidth": ("factor", "interpolation", "seed"),
    "RandomZoom": ("height_factor", "width_factor", "fill_mode", "interpolation", "seed"),
    "ReLU": ("max_value", "negative_slope", "threshold"),
    "RepeatVector": ("n",),
    "Rescaling": ("scale", "offset"),
    "Reshape": ("target_shape",),
    "Resizing": ("height", "width", "interpolation"),
    "SeparableConv1D": _SEPARABLE,
    "SeparableConv2D": _SEPARABLE,
    "SimpleRNN": ("units", "activation", "use_bias"),
    "SimpleRNNCell": ("units", "activation", "use_bias"),
    "Softmax": ("axis",),
    "SpatialDropout1D": ("rate", "seed"),
    "SpatialDropout2D": ("rate", "data_format"),
    "SpatialDropout3D": ("rate", "data_format"),
    "SpectralNormalization": ("layer", "power_iterations"),
    "StackedRNNCells": ("cells",),
    "Subtract": (),
    "TextVectorization": ("max_tokens", "standardize", "split"),
    "ThresholdedReLU": ("theta",),
    "TimeDistributed": ("layer",),
    "UnitNormalization": ("axis",),
    "UpSampling1D": ("size",),
    "UpSampling2D": ("size", "data_format", "interpolation"),
    "UpSampling3D": ("size", "data_format"),
    "ZeroPadding1D": ("padding",),
    "ZeroPadding2D": ("padding", "data_format"),
    "ZeroPadding3D": ("padding", "data_format"),
}

#: Other names of the same classes: Keras's aliases, and names of Keras 1 and 2.
CLASS_ALIASES: dict[str, str] = {
    "AtrousConv2D": "Conv2D",
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "AvgPool1D": "AveragePooling1D",
    "AvgPool2D": "AveragePooling2D",
    "AvgPool3D": "AveragePooling3D",
    "Convolution1D": "Conv1D",
    "Convolution1DTranspose": "Conv1DTranspose",
    "Convolution2D": "Conv2D",
    "Convolution2DTranspose": "Conv2DTranspose",
    "Convolution3D": "Conv3D",
    "Convolution3DTranspose": "Conv3DTranspose",
    "CuDNNGRU": "GRU",
    "CuDNNLSTM": "LSTM",
    "Deconv2D": "Conv2DTranspose",
    "Deconv3D": "Conv3DTranspose",
    "Deconvolution2D": "Conv2DTranspose",
    "Deconvolution3D": "Conv3DTranspose",
    "DepthwiseConvolution2D": "DepthwiseConv2D",
    "GlobalAvgPool1D": "GlobalAveragePooling1D",
    "GlobalAvgPool2D": "GlobalAveragePooling2D",
    "GlobalAvgPool3D": "GlobalAveragePooling3D",
    "GlobalMaxPool1D": "GlobalMaxPooling1D",
    "GlobalMaxPool2D": "GlobalMaxPooling2D",
    "GlobalMaxPool3D": "GlobalMaxPooling3D",
    "MaxPool1D": "MaxPooling1D",
    "MaxPool2D": "MaxPooling2D",
    "MaxPool3D": "MaxPooling3D",
    "SeparableConvolution1D": "SeparableConv1D",
    "SeparableConvolution2D": "SeparableConv2D",
    "SyncBatchNormalization": "BatchNormalization",
    "TimeDistributedDense": "Dense",
}

#: Keras 1's ``Merge`` by its mode.
MERGE_MODES = {
    "ave": "Average",
    "concat": "Concatenate",
    "cos": "Dot",
    "dot": "Dot",
    "max": "Maximum",
    "mul": "Multiply",
    "sum": "Add",
}

#: Functions that merge tensors -> the layer that does the same.
MERGE_FUNCTIONS = {
    "add": "Add",
    "average": "Average",
    "concat": "Concatenate",
    "concatenate": "Concatenate",
    "dot": "Dot",
    "maximum": "Maximum",
    "minimum": "Minimum",
    "multiply": "Multiply",
    "subtract": "Subtract",
}


@cache
def relevant() -> re.Pattern[str]:
    """What model code has somewhere, and prose hardly ever."""
    layers = "|".join(sorted({*SIGNATURES, *CLASS_ALIASES}, key=len, reverse=True))
    return re.compile(rf"\b(?:Sequential|Model|Input|{layers})[ \t]*\(|\.add[ \t]*\(")


def canonical(name: str) -> str | None:
    """Keras 3's name of a layer class, or None if it is not one of Keras's.

    >>> canonical("Convolution2D"), canonical("Conv2D"), canonical("CapsuleLayer")
    ('Conv2D', 'Conv2D', None)
    """
    name = CLASS_ALIASES.get(name, name)
    return name if name in SIGNATURES else None
