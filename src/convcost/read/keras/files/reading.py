"""From the configuration in a file to a network; errors name the file."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from convcost.read.keras.inputs import with_batch, with_inputs
from convcost.read.keras.network import reading
from convcost.read.keras.serial import model_of, parse
from convcost.read.reader import naming_source

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.read.keras.serial.stored import Group
    from convcost.read.reader import Options, Source


def network_of(config: bytes, stored: Group, source: Source, options: Options) -> Network:
    """The network that a JSON configuration describes.

    Args:
        config: the JSON text.
        stored: the arrays that the file stores beside it.
        source: where it comes from.
        options: what the user says about it.

    Raises:
        SourceError: it is damaged, or no model.
        NetworkError: its layers do not fit together.
    """
    with naming_source(source.where):
        model = model_of(parse(config), stored)
        name = model.name or PurePath(source.where).stem
        network = reading.network_of(with_inputs(model, options), name)
    return with_batch(network, options)
