"""What layers do: one file per op family."""

from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.ops.input import Input
from convcost.ops.local_response_norm import LocalResponseNorm
from convcost.ops.merge import Concatenate, Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.pad import ZeroPadding
from convcost.ops.pool import GlobalPool, Pool
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten, Reshape
from convcost.ops.unknown import Unknown
from convcost.ops.window import Window, window

__all__ = [
    "Activation",
    "BatchNorm",
    "Concatenate",
    "Conv",
    "Dense",
    "DepthwiseConv",
    "Dropout",
    "Flatten",
    "GlobalPool",
    "Input",
    "LocalResponseNorm",
    "Merge",
    "Pool",
    "Reshape",
    "SeparableConv",
    "Unknown",
    "Window",
    "ZeroPadding",
    "window",
]
