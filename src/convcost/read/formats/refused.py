"""Known formats that are not read, each with the reason and the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from convcost.errors import SourceError
from convcost.read.reader import ZIP_MARK, Rank, Reader

if TYPE_CHECKING:
    from convcost.read.reader import Options, Source

_PICKLE = "a pickled PyTorch file: reading a pickle runs code that the file brings along"
_SUMMARY = "paste what model.summary() prints into a text file and read that"
_KERAS = "load it in Keras and save it again: model.save('model.keras')"
_TORCH = "print the network with torchinfo's summary() and read that text"
_ORT = "read the .onnx file that it was made from"
_CODE = (
    "a file of weights does not say how they are used: make the module with its own code and read "
    "that, convcost.read(module, inputs=torch.zeros(1, 3, 224, 224)), or `convcost count "
    "package.module:function`"
)

#: File name ending -> what it is, and the way out.
_BY_SUFFIX = {
    ".pt2": ("no ZIP archive, as a PyTorch exported program would be", _TORCH),
    ".ort": ("a model in ONNX Runtime's own format, whose layers are already fused", _ORT),
    ".tflite": ("a TensorFlow Lite model, whose layers are already fused", _KERAS),
    ".pb": ("a frozen TensorFlow graph, which has kernels in place of layers", _KERAS),
    ".pt": (_PICKLE, _CODE),
    ".pth": (_PICKLE, _CODE),
    ".th": (_PICKLE, _CODE),
    ".ckpt": ("a checkpoint: it holds weights, but not the layers that use them", _KERAS),
    ".pkl": ("a pickle: reading one runs code that the file brings along", _KERAS),
    ".pickle": ("a pickle: reading one runs code that the file brings along", _KERAS),
    ".safetensors": ("a file of weights, without the layers that use them", _CODE),
    ".npz": ("an archive of arrays, without the layers that use them", _SUMMARY),
    ".npy": ("an array, without the layers that use it", _SUMMARY),
}
#: Where the first bytes tell: offset and mark -> as for the ending.
_BY_MARK = (
    (4, b"TFL3", ".tflite"),
    (4, b"ORTM", ".ort"),
    (0, b"\x93NUMPY", ".npy"),
    (0, b"\x80\x02", ".pkl"),
)
_SAVED_MODEL = (
    "a TensorFlow SavedModel folder: its graph has kernels in place of layers",
    "load it in Keras, or what made it, and save it again: model.save('model.keras')",
)


def _known(source: Source) -> tuple[str, str] | None:
    if source.folder:
        saved = source.path is not None and (source.path / "saved_model.pb").is_file()
        return _SAVED_MODEL if saved else None
    if source.suffix in _BY_SUFFIX:
        return _BY_SUFFIX[source.suffix]
    if source.head.startswith(ZIP_MARK) and b"/data.pkl" in source.head:
        return _BY_SUFFIX[".pt"]
    for offset, mark, suffix in _BY_MARK:
        if source.head[offset:].startswith(mark):
            return _BY_SUFFIX[suffix]
    return None


def _recognises(source: Source) -> bool:
    return _known(source) is not None


def _read(source: Source, options: Options) -> NoReturn:
    del options
    what, hint = _known(source) or ("", None)
    raise SourceError(f"{source.where}: is {what}", hint=hint)


READER = Reader("a format that is not read", _recognises, _read, rank=Rank.REFUSED)
