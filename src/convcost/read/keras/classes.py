"""Keras's classes by what they have in common."""

from __future__ import annotations

#: Models whose layers Keras itself connects.
MODELS = frozenset({"Sequential", "Functional", "Model"})
#: Layers that combine tensors of one shape.
MERGES = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"})
#: Layers that give one tensor, of the shape of what they take.
SAME_SHAPE = (
    MERGES
    | {"Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax"}
    | {"BatchNormalization", "LayerNormalization", "GroupNormalization"}
    | {"Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"}
    | {"GaussianNoise", "GaussianDropout", "Masking", "Rescaling"}
)
