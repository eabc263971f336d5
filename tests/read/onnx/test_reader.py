"""ONNX files and objects at the front door."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import convcost
from convcost.errors import SourceError
from convcost.read.formats.onnx import LIVE, READER
from convcost.read.reader import Source, live_readers, readers

MACS = 4 * 3 * 3 * 3 * 6 * 6


def model() -> onnx.ModelProto:
    """A convolution of 8x8x3 to 6x6x4."""
    weights = numpy_helper.from_array(np.ones((4, 3, 3, 3), np.float32), "w")
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["y"], name="conv")],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 4, 6, 6])],
        initializer=[weights],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def who_reads(source: Source) -> str:
    return next(reader.name for reader in readers() if reader.recognises(source))


def test_a_file_is_read_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    onnx.save(model(), path)
    network = convcost.read(path)
    total = convcost.count(network).total
    assert (total.forward.macs, total.parameters) == (MACS, 108)


def test_an_object_is_read_like_its_file(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    onnx.save(model(), path)
    read = convcost.read(model())
    assert read.name == "net"
    assert convcost.count(read).to_dict() == convcost.count(convcost.read(path)).to_dict()


def test_the_name_does_not_matter_where_the_content_tells(tmp_path: Path) -> None:
    data = model().SerializeToString()
    for name in ("model.pb", "model", "model.bin"):
        path = tmp_path / name
        path.write_bytes(data)
        assert convcost.count(convcost.read(path)).total.forward.macs == MACS
    assert who_reads(Source("x", "", data, data=data)) == READER.name


@pytest.mark.parametrize(
    ("suffix", "head", "reader"),
    [
        (".onnx", b"", READER.name),
        (".onnx", b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
        (".tflite", b"\x1c\0\0\0TFL3", "a format that is not read"),
        ("", b"\x1c\0\0\0TFL3", "a format that is not read"),
        (".ort", b"", "a format that is not read"),
        ("", b"\x28\0\0\0ORTM", "a format that is not read"),
        (".pb", b"\x0a\x05\x0a\x01x\x12\0", "a format that is not read"),
        (".txt", b"\x08\x08 not a model", "pasted text"),
    ],
)
def test_who_reads(suffix: str, head: bytes, reader: str) -> None:
    assert who_reads(Source("x", suffix, head, data=head)) == reader


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(model().SerializeToString()[:-30])
    command = [sys.executable, "-m", "convcost", "count", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"{path}: cannot be read as an ONNX file: at byte " in done.stderr
    assert "download it again" in done.stderr


def test_an_object_that_cannot_be_serialised() -> None:
    class ModelProto:
        def SerializeToString(self) -> bytes:  # noqa: N802 - as protobuf has it
            raise ValueError("too large")

    ModelProto.__module__ = "onnx.onnx_ml_pb2"
    assert [reader for reader in live_readers() if reader.recognises(ModelProto())] == [LIVE]
    with pytest.raises(SourceError, match="cannot be serialised: too large") as caught:
        convcost.read(ModelProto())
    assert "save_as_external_data=True" in str(caught.value)


def test_neither_onnx_nor_protobuf_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    onnx.save(model(), path)
    code = f"""
import sys
sys.modules["onnx"] = sys.modules["google.protobuf"] = None
import convcost
print(convcost.count(convcost.read({str(path)!r})).total.forward.macs)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == MACS
