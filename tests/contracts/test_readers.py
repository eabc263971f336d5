"""What every format that is read keeps to: it knows its own files and nobody else's."""

import io
import json
import zipfile
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import h5py
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

import convcost
from convcost.errors import ConvcostError
from convcost.read import formats
from convcost.read.reader import HDF5_MARK, HEAD_BYTES, ZIP_MARK, Source, readers
from convcost.write.exchange import to_text
from support.keras_json import image, layer, model, on

LAYERS = [
    image("x", 8, 8, 3),
    layer("Flatten", "flat", on("x")),
    layer("Dense", "y", on("flat"), units=2),
]
CONFIG = json.dumps(model(LAYERS, [["x", 0, 0]], [["y", 0, 0]])).encode()
PARAMETERS = 192 * 2 + 2
TABLE = b"""Layer (type)                 Output Shape              Param #
=================================================================
x (InputLayer)               (None, 8, 8, 3)           0
flat (Flatten)               (None, 192)               0
y (Dense)                    (None, 2)                 386
=================================================================
Total params: 386
"""


def zipped(**members: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_json", ".json"), content)
    return data.getvalue()


def hdf5() -> bytes:
    data = io.BytesIO()
    with h5py.File(data, "w") as file:
        file.attrs["model_config"] = CONFIG
    return data.getvalue()


def onnx() -> bytes:
    sizes = {"x": ["N", 192], "w": [192, 2], "b": [2], "y": ["N", 2]}
    info = {n: helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in sizes.items()}
    stored = [helper.make_tensor(n, TensorProto.FLOAT, sizes[n], [1.0] * c)
              for n, c in (("w", 384), ("b", 2))]  # fmt: skip
    gemm = helper.make_node("Gemm", ["x", "w", "b"], ["y"])
    graph = helper.make_graph([gemm], "net", [info["x"]], [info["y"]], stored)
    opsets = [helper.make_opsetid("", 21)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()


#: Module of `convcost.read.formats` -> a file of its format; all that hold a network hold the same.
SAMPLES = {
    "exchange": to_text(convcost.read(CONFIG.decode())).encode(),
    "git_lfs": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n",
    "keras_archive": zipped(metadata_json=b"{}", config_json=CONFIG),
    "keras_hdf5": hdf5(),
    "keras_json": CONFIG,
    "onnx": onnx(),
    "refused": b"\x1c\0\0\0TFL3" + bytes(100),
    "text": TABLE,
    "torch_exported": zipped(m__archive_format=b"pt2", m__models__model_json=b"{}"),
}
#: Those without a network to read, or not without a framework.
UNREAD = {"git_lfs", "refused", "torch_exported"}


def reader_of(name: str) -> object:
    return getattr(import_module(f"{formats.__name__}.{name}"), "READER", None)


def first(source: Source) -> object:
    return next((reader for reader in readers() if reader.recognises(source)), None)


def test_every_format_has_a_sample() -> None:
    modules = {module.name for module in iter_modules(formats.__path__)}
    assert {name for name in modules if reader_of(name)} == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_is_read_by_its_own_reader_whatever_it_is_called(name: str) -> None:
    data = SAMPLES[name]
    assert first(Source("x", "", data[:HEAD_BYTES], data=data)) is reader_of(name)


@pytest.mark.parametrize("name", sorted(SAMPLES.keys() - UNREAD))
def test_a_sample_is_read(name: str, tmp_path: Path) -> None:
    path = tmp_path / "sample"
    path.write_bytes(SAMPLES[name])
    assert convcost.count(convcost.read(path)).total.parameters == PARAMETERS


MARKS = [
    b"",
    ZIP_MARK,
    HDF5_MARK,
    b"\x08\x08",
    b"{",
    b"TFL3",
    b"\xff\xfe",
    b'{"class_name"',
    b"\x80\x02",
]
SUFFIXES = ["", ".h5", ".json", ".keras", ".onnx", ".pt", ".pt2", ".txt", ".pb"]


@given(st.sampled_from(MARKS), st.binary(max_size=60), st.sampled_from(SUFFIXES))
def test_recognising_never_fails(mark: bytes, rest: bytes, suffix: str) -> None:
    source = Source("x", suffix, mark + rest, data=mark + rest)
    assert all(isinstance(reader.recognises(source), bool) for reader in readers())


@pytest.mark.parametrize("members", [[], ["config.json"], ["saved_model.pb"], ["other.txt"]])
def test_recognising_a_folder_never_fails(members: list[str], tmp_path: Path) -> None:
    for member in members:
        (tmp_path / member).write_bytes(b"{}")
    source = Source(str(tmp_path), "", b"", tmp_path, folder=True)
    assert all(isinstance(reader.recognises(source), bool) for reader in readers())


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("name", SAMPLES)
def test_damage_is_an_error_that_names_the_file(name: str, part: float, tmp_path: Path) -> None:
    path = tmp_path / "sample"
    path.write_bytes(SAMPLES[name][: int(len(SAMPLES[name]) * part)])
    try:
        convcost.read(path)
    except ConvcostError as error:
        assert str(path) in error.message  # noqa: PT017 - some damage is read over
