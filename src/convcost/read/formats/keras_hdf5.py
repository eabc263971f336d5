"""``.h5`` files that ``model.save()`` of Keras 1, 2 and 3 writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import SourceError
from convcost.read.reader import HDF5_MARK, Reader

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.read.keras.files.hdf5 import File
    from convcost.read.keras.serial.stored import ByName
    from convcost.read.reader import Options, Source

_SUFFIXES = (".h5", ".hdf5", ".hdf", ".he5")
_LOOSE = "top_level_model_weights"


def _recognises(source: Source) -> bool:
    named = source.suffix in _SUFFIXES and not source.folder
    return named or source.head.startswith(HDF5_MARK)


def _read(source: Source, options: Options) -> tuple[Network, ...]:
    from convcost.read.keras.files.hdf5 import File
    from convcost.read.keras.files.reading import network_of

    file = File(source.open, source.where)
    with file.open() as root:
        config = file.text(root, "model_config")
        if config is None:
            raise _without_model(root, source.where)
        stored = _stored(file, root)
    return (network_of(config, stored, source, options),)


def _without_model(root: Any, where: str) -> SourceError:
    from convcost.read.keras.files.hdf5 import has_attribute, member

    groups = (member(root, name) for name in ("layers", "model_weights"))
    if has_attribute(root, "layer_names") or any(group is not None for group in groups):
        return SourceError(
            f"{where}: holds weights only, not the layers that use them",
            hint="save the whole model with model.save('model.keras'), or read model.to_json()",
        )
    return SourceError(
        f"{where}: is an HDF5 file, but not one of Keras: it has no attribute 'model_config'",
        hint="save the model with model.save('model.keras') or model.save('model.h5')",
    )


def _stored(file: File, root: Any) -> ByName:
    """The arrays of every layer, in the order of the file's own lists."""
    from convcost.read.keras.files.hdf5 import is_array, member
    from convcost.read.keras.serial.stored import ByName

    weights = member(root, "model_weights")
    if weights is None:
        return ByName({})
    layers = {}
    for layer in (*file.names(weights, "layer_names"), _LOOSE):
        group = member(weights, layer)
        if group is None:
            continue
        arrays = []
        for name in file.names(group, "weight_names"):
            array = member(group, name)
            if not is_array(array):
                raise SourceError(f"{file.where}: the array {name!r:.80} is listed, but not there")
            arrays.append(file.stored(array, f"/model_weights/{layer}/{name}", name))
        layers[layer] = tuple(arrays)
    return ByName(layers, layers.pop(_LOOSE, ()))


READER = Reader("Keras model in HDF5 (.h5)", _recognises, _read)
