"""The front door: sources that no reader gets to see, and what is refused before reading."""

import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import convcost
from convcost.errors import ConvcostError, LimitError, SourceError, UsageError
from convcost.read import opening
from support.keras_json import image, layer, model, on

TABLE = """
Layer (type)                 Output Shape              Param #
=================================================================
dense (Dense)                (None, 10)                110
=================================================================
Total params: 110
"""


def test_an_empty_source() -> None:
    with pytest.raises(SourceError, match="the source is empty"):
        convcost.read("")


@pytest.mark.parametrize("name", ["model.h5", "model.onnx", "model.keras", "model.json"])
def test_a_missing_file_of_a_known_ending(tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceError, match="there is no such file") as caught:
        convcost.read(tmp_path / name)
    assert caught.value.hint == "check the path"


def test_a_missing_file_that_may_be_a_text(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no such file") as caught:
        convcost.read(tmp_path / "model.txt")
    assert "model.summary()" in str(caught.value.hint)


def test_a_folder_that_may_not_be_entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    # a folder's own rights do not hold for root, who runs tests in containers
    monkeypatch.setattr(Path, "is_file", refused)
    with pytest.raises(SourceError, match="cannot be read: Permission denied") as caught:
        convcost.read(tmp_path)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize(
    "head", [b"PK\x03\x04", b"\x89HDF\r\n\x1a\n", b"\x08\x08", b'{"class_name"', b"text"]
)
def test_a_stream_is_limited_whatever_it_holds(
    head: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "MAX_CONFIG_BYTES", 2**20)
    stream = io.BytesIO(head + b" " * 2**20)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=stream))
    with pytest.raises(LimitError, match="standard input: is larger than 1 MiB") as caught:
        convcost.read("-")
    assert "give the file itself" in str(caught.value.hint)


@pytest.mark.parametrize("words", [{"inputs": (1, 8)}, {"batch_axis": None}, {"batch_axis": 3}])
@pytest.mark.parametrize("source", ["table", "zoo:alexnet", "exchange"])
def test_sources_with_sizes_of_their_own_take_no_inputs(source: str, words: Any) -> None:
    if source == "table":
        source = TABLE
    elif source == "exchange":
        from convcost.write.exchange import to_text

        source = to_text(convcost.read("zoo:alexnet"))
    with pytest.raises(UsageError, match="'inputs' and 'batch_axis' are for models"):
        convcost.read(source, **words)


def test_a_json_text_takes_inputs() -> None:
    layers = [image("x", None, 3), layer("Activation", "y", on("x"), activation="relu")]
    document = model(layers, [["x", 0, 0]], [["y", 0, 0]])
    network = convcost.read(json.dumps(document), inputs=(1, 8, 3))
    assert network.layer("y").outputs[0].shape[1:] == (8, 3)


def test_a_binary_file_of_no_format(tmp_path: Path) -> None:
    path = tmp_path / "noise.bin"
    path.write_bytes(b"\xff\0\xfe" * 100)
    with pytest.raises(ConvcostError, match="of no format that is known") as caught:
        convcost.read(path)
    for name in ("ONNX", "convcost network", "Keras"):
        assert name in str(caught.value.hint)
    assert "not read" not in str(caught.value.hint)
