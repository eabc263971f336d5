"""The name table: ONNX operator -> rule, one file per family of operators.

A module of this package defines ``RULES``, from names of operators to rules, and has a row in
`_FILES`: most files need few families, and only these are imported. An operator of another set than
ONNX's own has the set's name before it: ``com.microsoft:FusedConv``. An operator without a rule
becomes an `Unknown` op.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost import folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.read.onnx.site import Rule

#: Module -> the operators whose rules it has.
_FILES = {
    "activation": (
        "Celu Clip Dropout Elu Gelu HardSigmoid HardSwish LeakyRelu LogSoftmax Mish PRelu Relu "
        "Selu Shrink Sigmoid Softmax Softplus Softsign Swish Tanh ThresholdedRelu "
        "com.microsoft:BiasGelu com.microsoft:FastGelu com.microsoft:Gelu "
        "com.microsoft:QLinearLeakyRelu com.microsoft:QLinearSigmoid com.microsoft:QuickGelu"
    ),
    "attention": "Attention RotaryEmbedding",
    "control": "If Loop Scan function",
    "convolution": "Conv ConvInteger ConvTranspose QLinearConv com.microsoft:FusedConv",
    "elementwise": (
        "Abs Acos Acosh Add And Asin Asinh Atan Atanh BitShift BitwiseAnd BitwiseNot BitwiseOr "
        "BitwiseXor Cast CastLike Ceil Cos Cosh Div Equal Erf Exp Floor Greater GreaterOrEqual "
        "IsInf IsNaN Less LessOrEqual Log Max Mean Min Mod Mul Neg Not Or Pow Reciprocal Round "
        "Sign Sin Sinh Sqrt Sub Sum Tan Where Xor com.microsoft:QLinearAdd "
        "com.microsoft:QLinearMul"
    ),
    "indexing": (
        "Gather GatherElements GatherND OneHot Range ReverseSequence Scatter ScatterElements "
        "ScatterND Shape Size TensorScatter Trilu"
    ),
    "making": (
        "Bernoulli BitCast BlackmanWindow Constant ConstantOfShape EyeLike HammingWindow "
        "HannWindow RandomNormal RandomNormalLike RandomUniform RandomUniformLike"
    ),
    "movement": "Expand Flatten Identity Reshape Squeeze Transpose Unsqueeze",
    "normalization": (
        "BatchNormalization GroupNormalization InstanceNormalization LRN LayerNormalization "
        "LpNormalization MeanVarianceNormalization RMSNormalization "
        "SimplifiedLayerNormalization com.microsoft:SkipLayerNormalization "
        "com.microsoft:SkipSimplifiedLayerNormalization"
    ),
    "parts": "Concat Slice Split Tile",
    "pooling": (
        "AveragePool GlobalAveragePool GlobalLpPool GlobalMaxPool LpPool MaxPool RoiAlign "
        "com.microsoft:QLinearAveragePool com.microsoft:QLinearGlobalAveragePool"
    ),
    "products": (
        "Einsum Gemm MatMul MatMulInteger QLinearMatMul com.microsoft:FusedGemm "
        "com.microsoft:FusedMatMul"
    ),
    "quantization": (
        "DequantizeLinear DynamicQuantizeLinear QuantizeLinear com.microsoft:DequantizeLinear "
        "com.microsoft:QuantizeLinear"
    ),
    "recurrence": "GRU LSTM RNN",
    "reduction": (
        "ArgMax ArgMin CumProd CumSum ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax "
        "ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare"
    ),
    "resampling": "CenterCropPad Col2Im DepthToSpace GridSample Pad Resize SpaceToDepth Upsample",
    "undecidable": (
        "AffineGrid Compress ConcatFromSequence DFT Det ImageDecoder MaxRoiPool MelWeightMatrix "
        "Multinomial NegativeLogLikelihoodLoss NonMaxSuppression NonZero Optional "
        "OptionalGetElement OptionalHasElement RegexFullMatch STFT SequenceAt SequenceConstruct "
        "SequenceEmpty SequenceErase SequenceInsert SequenceLength SequenceMap "
        "SoftmaxCrossEntropyLoss SplitToSequence StringConcat StringNormalizer StringSplit "
        "TfIdfVectorizer TopK Unique"
    ),
}

_RULES = folder.NameTable(__name__, _FILES)


def rules() -> Mapping[str, Rule]:
    """The rule of every operator that has one."""
    return _RULES
