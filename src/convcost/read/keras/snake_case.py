"""How Keras makes a name of a layer, loss or group from the name of its class."""

from __future__ import annotations

import re


def snake_case(name: str) -> str:
    """As Keras 3 does: ``keras.src.utils.naming.to_snake_case``.

    >>> snake_case("GlobalAveragePooling2D"), snake_case("LSTM"), snake_case("ReLU")
    ('global_average_pooling2d', 'lstm', 're_lu')
    >>> snake_case("ConvLSTM2D"), snake_case("KLDivergence")
    ('conv_lstm2d', 'kl_divergence')
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def snake_case_2(name: str) -> str:
    """As Keras 2 did: ``keras.utils.generic_utils.to_snake_case``, which cuts before digits, too.

    >>> snake_case_2("GlobalAveragePooling2D"), snake_case_2("ConvLSTM2D")
    ('global_average_pooling2d', 'conv_lst_m2d')
    """
    name = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
