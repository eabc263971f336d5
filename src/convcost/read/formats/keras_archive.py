"""``.keras`` archives of Keras 3 (and of Keras 2.12 on), and the same as a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import SourceError
from convcost.read.reader import HDF5_MARK, ZIP_MARK, Reader

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from convcost.network.network import Network
    from convcost.read.reader import Options, Source

_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"


def _recognises(source: Source) -> bool:
    if source.folder:
        return source.path is not None and (source.path / _CONFIG).is_file()
    if source.suffix == ".keras":
        # Keras 2 wrote HDF5 under this name
        return not source.head.startswith(HDF5_MARK)
    # a name begins after the header's last number: PyTorch has a "..._config.json"
    members = (b"\0" + _CONFIG.encode(), b"\0metadata.json")
    return source.head.startswith(ZIP_MARK) and any(name in source.head for name in members)


def _read(source: Source, options: Options) -> tuple[Network, ...]:
    from convcost.read.keras.files.hdf5 import File
    from convcost.read.keras.files.reading import network_of
    from convcost.read.keras.serial.stored import ByClass, Nothing

    config, weights = _of_folder(source) if source.folder else _of_archive(source)
    if weights is None:
        return (network_of(config, Nothing(), source, options),)
    file = File(weights, source.where)
    with file.open() as root:
        tree = file.tree(root)
    return (network_of(config, ByClass(tree), source, options),)


def _of_archive(source: Source) -> tuple[bytes, Callable[[], BinaryIO] | None]:
    from convcost.read.archive import Archive

    archive = Archive(source.open, source.where)
    if _CONFIG not in archive.members:
        raise SourceError(
            f"{source.where}: is a ZIP archive without '{_CONFIG}', so no Keras model",
            hint="save the model with model.save('model.keras')",
        )
    config = archive.read(_CONFIG)
    return config, (lambda: archive.open(_WEIGHTS)) if _WEIGHTS in archive.members else None


def _of_folder(source: Source) -> tuple[bytes, Callable[[], BinaryIO] | None]:
    from convcost.read.limits import MAX_CONFIG_BYTES

    folder = source.path
    assert folder is not None  # noqa: S101 - a folder has a path
    try:
        with (folder / _CONFIG).open("rb") as file:
            config = file.read(MAX_CONFIG_BYTES + 1)
    except OSError as error:
        raise SourceError(f"{source.where}/{_CONFIG}: cannot be read: {error.strerror}") from None
    weights = folder / _WEIGHTS
    return config, (lambda: weights.open("rb")) if weights.is_file() else None


READER = Reader("Keras archive (.keras)", _recognises, _read)
