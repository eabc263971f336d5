"""What layers do: one file per op family."""

from convcost.ops.activation import Activation
from convcost.ops.attention import AdditiveAttention, Attention
from convcost.ops.augmentation import Augmentation
from convcost.ops.bidirectional import Bidirectional
from convcost.ops.bilinear import Bilinear
from convcost.ops.cell import Cell
from convcost.ops.chain import Chain
from convcost.ops.computed import ComputedWeights
from convcost.ops.constant import Constant
from convcost.ops.conv import Conv
from convcost.ops.conv_lstm import ConvLSTM
from convcost.ops.conv_transpose import ConvTranspose
from convcost.ops.copy import Copy, Fill, Gather
from convcost.ops.crop import Cropping
from convcost.ops.dense import Dense
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.ops.dot import Dot
from convcost.ops.einsum import EinsumDense
from convcost.ops.elementwise import Elementwise, Glu
from convcost.ops.embedding import Embedding
from convcost.ops.grid_sample import GridSample
from convcost.ops.input import Input
from convcost.ops.layer_norm import GroupNorm, LayerNorm, RMSNorm, UnitNorm
from convcost.ops.local_response_norm import LocalResponseNorm
from convcost.ops.locally_connected import LocallyConnected
from convcost.ops.matmul import MatMul
from convcost.ops.merge import Concatenate, Merge
from convcost.ops.multi_head_attention import MultiHeadAttention
from convcost.ops.norm import BatchNorm
from convcost.ops.pad import ZeroPadding
from convcost.ops.permute import Permute, Repeat
from convcost.ops.pool import AdaptivePool, GlobalPool, Pool
from convcost.ops.prelu import PRelu
from convcost.ops.preparation import (
    CategoryEncoding,
    Discretization,
    Masking,
    Normalization,
    Rescaling,
)
from convcost.ops.recurrent import Recurrent, RecurrentStep
from convcost.ops.recurrent_stack import RecurrentStack
from convcost.ops.reduce import Cumulate, Reduce
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten, Reshape
from convcost.ops.resize import Resize, Upsample
from convcost.ops.scale import Scale
from convcost.ops.scaled_attention import ScaledAttention
from convcost.ops.spectral_norm import SpectralNorm
from convcost.ops.time_distributed import TimeDistributed
from convcost.ops.unknown import Unknown
from convcost.ops.view import View
from convcost.ops.window import Window, window

__all__ = [
    "Activation",
    "AdaptivePool",
    "AdditiveAttention",
    "Attention",
    "Augmentation",
    "BatchNorm",
    "Bidirectional",
    "Bilinear",
    "CategoryEncoding",
    "Cell",
    "Chain",
    "ComputedWeights",
    "Concatenate",
    "Constant",
    "Conv",
    "ConvLSTM",
    "ConvTranspose",
    "Copy",
    "Cropping",
    "Cumulate",
    "Dense",
    "DepthwiseConv",
    "Discretization",
    "Dot",
    "Dropout",
    "EinsumDense",
    "Elementwise",
    "Embedding",
    "Fill",
    "Flatten",
    "Gather",
    "GlobalPool",
    "Glu",
    "GridSample",
    "GroupNorm",
    "Input",
    "LayerNorm",
    "LocalResponseNorm",
    "LocallyConnected",
    "Masking",
    "MatMul",
    "Merge",
    "MultiHeadAttention",
    "Normalization",
    "PRelu",
    "Permute",
    "Pool",
    "RMSNorm",
    "Recurrent",
    "RecurrentStack",
    "RecurrentStep",
    "Reduce",
    "Repeat",
    "Rescaling",
    "Reshape",
    "Resize",
    "Scale",
    "ScaledAttention",
    "SeparableConv",
    "SpectralNorm",
    "TimeDistributed",
    "UnitNorm",
    "Unknown",
    "Upsample",
    "View",
    "Window",
    "ZeroPadding",
    "window",
]
