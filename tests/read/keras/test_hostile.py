"""Damaged and hostile files: one clear error or the right answer, in bounded time, no code run."""

import io
import json
import random
import struct
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import convcost
from convcost.errors import ConvcostError, LimitError, SourceError
from convcost.read.keras.network import reading

Json = dict[str, Any]

#: Damaged files per kind in the default run; benchmarks/fuzz/fuzz.py does thousands.
MUTATIONS = 100
STRANGE: list[Any] = [
    *(None, True, 0, -1, 3, 2**63, 10**30, 1.5, float("nan"), "", "x", "same", [], [[]], {}),
    *([0], [-1, -1], [None], ["x", 0, 0], {"class_name": "Dense", "config": []}),
]


def sequential(*layers: Json, shape: tuple[int, ...] = (6,)) -> Json:
    first = {"class_name": "InputLayer", "config": {"name": "in", "batch_shape": [None, *shape]}}
    return {"class_name": "Sequential", "config": {"name": "net", "layers": [first, *layers]}}


def dense(name: str = "d", **config: Any) -> Json:
    return {"class_name": "Dense", "config": {"name": name, "units": 4, **config}}


def functional() -> Json:
    layers = [
        {"class_name": "InputLayer", "name": "x", "inbound_nodes": [],
         "config": {"name": "x", "batch_input_shape": [None, 8, 8, 3]}},
        {"class_name": "Conv2D", "name": "c", "inbound_nodes": [[["x", 0, 0, {}]]],
         "config": {"name": "c", "filters": 4, "kernel_size": [3, 3], "padding": "same"}},
        {"class_name": "BatchNormalization", "name": "b", "inbound_nodes": [[["c", 0, 0, {}]]],
         "config": {"name": "b", "axis": [3]}},
        {"class_name": "Concatenate", "name": "j", "config": {"name": "j", "axis": -1},
         "inbound_nodes": [[["c", 0, 0, {}], ["b", 0, 0, {}]]]},
    ]  # fmt: skip
    ends = {"input_layers": [["x", 0, 0]], "output_layers": [["j", 0, 0]]}
    return {"class_name": "Functional", "config": {"name": "net", "layers": layers, **ends}}


def weights() -> bytes:
    data = io.BytesIO()
    with h5py.File(data, "w") as file:
        file.create_dataset("layers/conv2d/vars/0", data=np.ones((3, 3, 3, 4), np.float32))
        file.create_dataset("layers/conv2d/vars/1", data=np.ones(4, np.float32))
    return data.getvalue()


def keras_archive(config: bytes | None = None, method: int = zipfile.ZIP_STORED) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        archive.writestr("metadata.json", "{}")
        archive.writestr(
            "config.json", json.dumps(functional()).encode() if config is None else config
        )
        archive.writestr("model.weights.h5", weights())
    return data.getvalue()


def h5_model() -> bytes:
    data = io.BytesIO()
    with h5py.File(data, "w") as file:
        file.attrs["model_config"] = json.dumps(functional())
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [b"c"]
        layer = group.create_group("c")
        layer.attrs["weight_names"] = [b"c/kernel:0", b"c/bias:0"]
        layer.create_dataset("c/kernel:0", data=np.ones((3, 3, 3, 4), np.float32))
        layer.create_dataset("c/bias:0", data=np.ones(4, np.float32))
    return data.getvalue()


def check(path: Path) -> str:
    """Read everything; anything but a clear error passes through."""
    try:
        for network in convcost.read_all(path):
            convcost.count(network).to_dict()
            for parameter in network.table.values():
                if parameter.values is not None:
                    parameter.values()
    except ConvcostError as error:
        message = error.message
    else:
        return "read"
    assert len(message) >= 30, message
    assert str(path) in message
    return "error"


@pytest.mark.parametrize(("suffix", "make"), [(".keras", keras_archive), (".h5", h5_model)])
def test_flipped_bytes(tmp_path: Path, suffix: str, make: Any) -> None:
    data, draw = make(), random.Random(7)  # noqa: S311 - damage is no secret
    path = tmp_path / f"damaged{suffix}"
    for _ in range(MUTATIONS):
        damaged = bytearray(data)
        for _ in range(draw.choice((1, 2, 16))):
            damaged[draw.randrange(len(damaged))] = draw.randrange(256)
        path.write_bytes(damaged)
        check(path)


@pytest.mark.parametrize(("suffix", "make"), [(".keras", keras_archive), (".h5", h5_model)])
def test_cut_files(tmp_path: Path, suffix: str, make: Any) -> None:
    data = make()
    path = tmp_path / f"cut{suffix}"
    for size in range(1, len(data), max(1, len(data) // 25)):
        path.write_bytes(data[:size])
        assert check(path) == "error"


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every value within a JSON value, as its holder and key."""
    items = list(value.items() if isinstance(value, dict) else enumerate(value))
    for key, item in items:
        yield value, key
        if isinstance(item, dict | list):
            yield from places(item)


@pytest.mark.parametrize("strange", STRANGE, ids=repr)
def test_wrong_types_everywhere(tmp_path: Path, strange: Any) -> None:
    path = tmp_path / "confused.json"
    for number in range(len(list(places(functional())))):
        document = functional()
        holder, key = list(places(document))[number]
        holder[key] = strange
        path.write_text(json.dumps(document))
        check(path)


@pytest.mark.parametrize(
    "config",
    [
        {"units": "many"},
        {"units": [4]},
        {"units": 2**50},
        {"units": True},
        {"units": 1.5},
        {"use_bias": "perhaps"},
        {"activation": 3},
        {"trainable": []},
    ],
)
def test_an_argument_of_the_wrong_type_is_named(config: Json) -> None:
    with pytest.raises(SourceError, match=f"'{next(iter(config))}' of 'd' is "):
        convcost.read(json.dumps(sequential(dense(**config))))


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * (32 << 20))
    with pytest.raises(LimitError, match="would unpack to 33,554,432 bytes"):
        convcost.read(path)


def test_a_member_larger_than_it_says(tmp_path: Path) -> None:
    data = bytearray(keras_archive(b'{"a": "' + b"x" * 100_000 + b'"}', zipfile.ZIP_DEFLATED))
    at = data.rfind(b"PK\x01\x02", 0, data.rfind(b"config.json"))
    data[at + 24 : at + 28] = struct.pack("<L", 100)
    path = tmp_path / "lies.keras"
    path.write_bytes(data)
    assert check(path) == "error"


def test_a_table_of_contents_that_is_too_large(tmp_path: Path) -> None:
    data = bytearray(keras_archive())
    at = data.rfind(b"PK\x05\x06")
    data[at + 12 : at + 16] = struct.pack("<L", 2**30)
    path = tmp_path / "wide.keras"
    path.write_bytes(data)
    with pytest.raises(LimitError, match="table of contents"):
        convcost.read(path)


@pytest.mark.parametrize("text", ["[" * 200_000, '{"class_name":' * 100_000, '{"a":[' * 5_000])
def test_deep_nesting(tmp_path: Path, text: str) -> None:
    path = tmp_path / "deep.json"
    path.write_text(text)
    assert check(path) == "error"


@pytest.mark.parametrize("depth", [31, 34, 200])
def test_models_within_models(depth: int) -> None:
    document = sequential(dense())
    for number in range(depth):
        inner = {"name": f"m{number}", "layers": [document]}
        document = {"class_name": "Sequential", "config": inner}
    if depth < 32:
        assert len(convcost.read(json.dumps(document)).table) == 2
    else:
        with pytest.raises(LimitError, match="nested"):
            convcost.read(json.dumps(document))


def test_wrappers_within_wrappers() -> None:
    layer = dense()
    for _ in range(100):
        layer = {"class_name": "TimeDistributed", "config": {"name": "t", "layer": layer}}
    with pytest.raises(LimitError, match="too deeply"):
        convcost.read(json.dumps(sequential(layer)))


def test_a_million_layers() -> None:
    entry = '{"class_name":"ReLU","config":{}}'
    layers = ",".join([entry] * 1_000_000)
    began = time.perf_counter()
    with pytest.raises(LimitError, match="1,000,000 layers"):
        convcost.read(f'{{"class_name":"Sequential","config":{{"layers":[{layers}]}}}}')
    assert time.perf_counter() - began < 15


def test_too_many_values() -> None:
    with pytest.raises(LimitError, match="values"):
        convcost.read('{"class_name": [' + "0," * 6_000_000 + "0]}")


def test_calls_that_double_at_every_level(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_LAYERS", 2_000)
    names = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "end")
    document: Json = {"class_name": "Dense", "config": {"units": 6}}
    for name in names:
        layers = [
            {"class_name": "InputLayer", "name": "x", "inbound_nodes": [],
             "config": {"name": "x", "batch_input_shape": [None, 6]}},
            {**document, "name": name,
             "inbound_nodes": [[["x", 0, 0, {}]], [[name, 0 if name == "one" else 1, 0, {}]]]},
        ]  # fmt: skip
        ends = {
            "input_layers": [["x", 0, 0]],
            "output_layers": [[name, 1 if name == "one" else 2, 0]],
        }
        document = {"class_name": "Functional", "config": {"name": name, "layers": layers, **ends}}
    with pytest.raises(LimitError, match="more than"):
        convcost.read(json.dumps(document))


@pytest.mark.parametrize(
    "name", ["\x1b[31m\u202e", "</script><b>", "a/b\\c", "\0", "名前", "\ud800"]
)
def test_strange_names_stay_as_they_are(name: str) -> None:
    network = convcost.read(json.dumps(sequential(dense(name))))
    assert network.layers[-1].name == name
    assert convcost.count(network).total.parameters == 28


def test_a_name_without_end() -> None:
    with pytest.raises(LimitError, match="letters"):
        convcost.read(json.dumps(sequential(dense("x" * 100_000))))


def test_two_layers_of_one_name() -> None:
    with pytest.raises(SourceError, match="two layers"):
        convcost.read(json.dumps(sequential(dense(), dense())))


def test_layers_in_a_circle_and_tensors_that_nobody_makes() -> None:
    document = functional()
    conv = document["config"]["layers"][1]
    conv["inbound_nodes"] = [[["b", 0, 0, {}]]]
    with pytest.raises(SourceError, match="circle"):
        convcost.read(json.dumps(document))
    conv["inbound_nodes"] = [[["nobody", 0, 0, {}]]]
    with pytest.raises(SourceError, match="'nobody'"):
        convcost.read(json.dumps(document))


def with_h5(path: Path, edit: Any) -> Path:
    path.write_bytes(h5_model())
    with h5py.File(path, "r+") as file:
        edit(file["model_weights/c"])
    return path


def test_links_to_other_files_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file.create_dataset("k", data=np.ones((3, 3, 3, 4), np.float32))

    def external(group: Any) -> None:
        del group["c/kernel:0"]
        group["c/kernel:0"] = h5py.ExternalLink(str(secret), "/k")

    with pytest.raises(SourceError, match="is listed, but not there"):
        convcost.read(with_h5(tmp_path / "m.h5", external))


def test_arrays_in_other_files_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.bin"
    secret.write_bytes(b"\0" * 432)

    def external(group: Any) -> None:
        del group["c/kernel:0"]
        group.create_dataset("c/kernel:0", (3, 3, 3, 4), "f4", external=[(str(secret), 0, 432)])

    with pytest.raises(SourceError, match="refers to another file"):
        convcost.read(with_h5(tmp_path / "m.h5", external))


def test_an_array_that_is_declared_and_not_stored(tmp_path: Path) -> None:
    def huge(group: Any) -> None:
        del group["c/kernel:0"]
        group.create_dataset("c/kernel:0", (2**30, 2**10), "f4", chunks=(1024, 1024))

    with pytest.raises(LimitError, match="declares"):
        convcost.read(with_h5(tmp_path / "m.h5", huge))


def test_groups_in_a_loop(tmp_path: Path) -> None:
    data = io.BytesIO()
    with h5py.File(data, "w") as file:
        group = file.create_group("layers/conv2d")
        group["again"] = file["layers"]
    path = tmp_path / "loop.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(functional()))
        archive.writestr("model.weights.h5", data.getvalue())
    assert check(path) == "error"


def test_a_heap_that_never_ends(tmp_path: Path) -> None:
    # libhdf5 walks over it forever: a free object of size 0
    path = tmp_path / "heap.h5"
    data = bytearray(h5_model())
    at = data.find(b"GCOL")
    assert at > 0
    data[at + 16 : at + 32] = bytes(16)
    path.write_bytes(data)
    with pytest.raises(SourceError, match="does not end"):
        convcost.read(path)


def test_a_pickle_is_never_loaded(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    for suffix in (".h5", ".keras", ".json", ".pkl", ".pt", ".bin"):
        path = tmp_path / f"evil{suffix}"
        path.write_bytes(
            b"\x80\x02cos\nsystem\nX\x20\0\0\0touch " + str(canary).encode() + b"\x85R."
        )
        assert check(path) == "error"
    assert not canary.exists()


FORMATS = [
    ("m.tflite", b"\x1c\0\0\0TFL3", "TensorFlow Lite"),
    ("m.pb", b"\x0a\x12", "frozen TensorFlow graph"),
    ("m.pth", b"PK\x03\x04", "pickled PyTorch"),
    ("m.safetensors", b"\0\0", "file of weights"),
    ("m.keras", b"version https://git-lfs.github.com/spec/v1\noid", "Git LFS pointer"),
    ("m.bin", b"\x93NUMPY\x01\0", "an array"),
]


@pytest.mark.parametrize(("name", "data", "what"), FORMATS)
def test_known_formats_are_refused_with_a_way_out(
    tmp_path: Path, name: str, data: bytes, what: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(SourceError, match=what) as caught:
        convcost.read(path)
    assert caught.value.hint


def test_a_saved_model_folder_is_refused_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"")
    with pytest.raises(SourceError, match="SavedModel") as caught:
        convcost.read(tmp_path)
    assert "model.save" in (caught.value.hint or "")


def test_what_nothing_recognises_is_told_from_what_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(bytes(range(256)) * 4)
    with pytest.raises(SourceError, match="no format that is known"):
        convcost.read(path)
    path = tmp_path / "x.keras"
    path.write_bytes(keras_archive()[:200])
    with pytest.raises(SourceError, match="damaged ZIP"):
        convcost.read(path)


def test_an_object_of_no_framework() -> None:
    with pytest.raises(ConvcostError, match=r"cannot read a builtins\.float"):
        convcost.read(1.5)
