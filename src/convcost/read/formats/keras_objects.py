"""Models of Keras in the running program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.read.reader import LiveReader

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.read.reader import Options

_PACKAGES = ("keras", "tf_keras")


def _recognises(source: object) -> bool:
    return any(
        kind.__name__ == "Model"
        and (kind.__module__.split(".")[0] in _PACKAGES or ".keras." in kind.__module__)
        for kind in type(source).__mro__
    )


def _read(source: Any, options: Options) -> Network:
    from convcost.read.keras.live.reading import network_of

    return network_of(source, options)


LIVE = LiveReader("keras.Model", _recognises, _read)
