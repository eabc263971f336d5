"""Damaged and hostile ONNX files: one clear error or the right answer, and no other file opened."""

import itertools
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import AttributeProto, TensorProto, helper, numpy_helper

from convcost.errors import LimitError, SourceError
from convcost.read.limits import MAX_GRAPH_DEPTH, MAX_NAME, MAX_RANK, MAX_SIZE
from convcost.read.onnx.file import nodes, scan
from convcost.read.onnx.file.messages import Graph, Model, TensorValue
from convcost.read.onnx.file.parse import looks_like_model, parse, parse_bytes
from convcost.read.reader import HEAD_BYTES, Source


def source(path: Path) -> Source:
    with path.open("rb") as file:
        return Source(str(path), path.suffix, file.read(HEAD_BYTES), path)


def small_model() -> onnx.ModelProto:
    """A bit of everything, and few numbers: damage to those is no error."""
    weights = numpy_helper.from_array(np.arange(9, dtype=np.float32).reshape(1, 1, 3, 3), "w")
    shape = helper.make_tensor("s", TensorProto.INT64, [2], [0, -1])
    sparse = helper.make_sparse_tensor(
        numpy_helper.from_array(np.array([5.0], np.float32), "p"),
        numpy_helper.from_array(np.array([3])), [2, 3],
    )  # fmt: skip
    body = helper.make_graph(
        [helper.make_node("Relu", ["c"], ["d"])], "then", [],
        [helper.make_tensor_value_info("d", TensorProto.FLOAT, ["N", 1, 6, 6])],
    )  # fmt: skip
    made = [
        helper.make_node("Conv", ["x", "w"], ["c"], name="conv", kernel_shape=[3, 3], group=1),
        helper.make_node("If", ["b"], ["e"], then_branch=body, else_branch=body),
        helper.make_node("Constant", [], ["k"], value=shape),
        helper.make_node("Reshape", ["e", "k"], ["y"], allowzero=0),
        helper.make_node("Double", ["y"], ["z"], domain="local", scale=2.0, mode="fast"),
    ]
    graph = helper.make_graph(
        made, "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 1, 8, 8]),
         helper.make_tensor_value_info("b", TensorProto.BOOL, [])],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, None)],
        initializer=[weights, shape], sparse_initializer=[sparse],
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("local", 1)]
    double = helper.make_function(
        "local", "Double", ["a"], ["r"], [helper.make_node("Add", ["a", "a"], ["r"])], opsets[:1],
        ["scale"], [helper.make_attribute("mode", "fast")],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=opsets, functions=[double])


def load_all(graph: Graph) -> None:
    values: list[Any] = list(graph.initializers.values())
    values += [value for node in graph.nodes for value in node.attributes.values()]
    for value in values:
        if isinstance(value, TensorValue) and value.load is not None:
            assert value.load().shape == value.dims
        if isinstance(value, Graph):
            load_all(value)


def check(data: bytes) -> str:
    """Parse and load everything; anything but a clear error passes through."""
    try:
        load_all(parse_bytes(data, "the file").graph)
    except SourceError as error:
        message = error.message
    else:
        return "read"
    assert len(message) >= 30
    assert "the file" in message or "the tensor" in message or "the sparse tensor" in message
    return "error"


def test_the_whole_model_is_read() -> None:
    assert check(small_model().SerializeToString()) == "read"


def test_cut_at_every_byte() -> None:
    data = small_model().SerializeToString()
    for size in range(len(data)):
        outcome = check(data[:size])
        # after the graph nothing has to follow
        assert outcome == "error" or size > data.index(b"local")
        looks_like_model(data[:size])


def test_every_bit_flipped() -> None:
    data = bytearray(small_model().SerializeToString())
    outcomes = set()
    for at, bit in itertools.product(range(len(data)), range(8)):
        data[at] ^= 1 << bit
        outcomes.add(check(bytes(data)))
        data[at] ^= 1 << bit
    assert outcomes == {"error", "read"}


def test_random_damage() -> None:
    data, draw = small_model().SerializeToString(), random.Random(7)  # noqa: S311 - no secret
    for _ in range(1000):
        damaged = bytearray(data)
        for _ in range(draw.choice((1, 4, 16))):
            at, other = draw.randrange(len(damaged)), draw.randrange(len(damaged))
            size = draw.randrange(1, 32)
            damaged[at : at + size] = damaged[other : other + draw.randrange(size + 1)]
        check(bytes(damaged))


def message(**graph: Any) -> bytes:
    return onnx.ModelProto(ir_version=8, graph=onnx.GraphProto(**graph)).SerializeToString()


def test_an_error_says_where(tmp_path: Path) -> None:
    data = small_model().SerializeToString()
    at = data.index(b"kernel_shape") - 2
    path = tmp_path / "cut.onnx"
    # the attribute's name now reaches beyond the attribute
    path.write_bytes(data[: at + 1] + b"\x7f" + data[at + 2 :])
    with pytest.raises(SourceError) as caught:
        parse(source(path))
    assert caught.value.message == (
        f"{path}: cannot be read as an ONNX file: at byte {at} (in graph, node 0): "
        "field 1 has 127 bytes; 19 are left"
    )
    assert "download it again" in str(caught.value)


@pytest.mark.parametrize(
    ("graph", "error", "what"),
    [
        ({"node": [onnx.NodeProto(name="n")]}, SourceError, "a node without an operator"),
        ({"initializer": [TensorProto(name="w", data_type=1)] * 2}, SourceError, "two init.* 'w'"),
        ({"initializer": [TensorProto(name="w")]}, SourceError, "data type 0"),
        ({"initializer": [TensorProto(name="w", data_type=99)]}, SourceError, "data type 99"),
        ({"initializer": [TensorProto(name="w", data_type=1, dims=[-1])]}, SourceError, "size -1"),
        ({"initializer": [TensorProto(name="w", data_type=1, dims=[MAX_SIZE + 1])]}, LimitError,
         "a size of 1,099,511,627,777"),
        ({"initializer": [TensorProto(name="w", data_type=1, dims=[1] * (MAX_RANK + 1))]},
         LimitError, "65 axes"),
        ({"initializer": [TensorProto(name="w" * (MAX_NAME + 1))]}, LimitError, "1,001 bytes"),
        ({"input": [helper.make_tensor_value_info("x", 1, [1] * (MAX_RANK + 1))]}, LimitError,
         "more than 64 axes"),
        ({"input": [helper.make_tensor_value_info("x", 1, [2**62])]}, LimitError, "a size of"),
        ({"input": [onnx.ValueInfoProto()]}, SourceError, "value 0.*a value without a name"),
        ({"node": [onnx.NodeProto(op_type="A", attribute=[AttributeProto(name="a", i=1)] * 2)]},
         SourceError, "two attributes are named 'a'"),
        ({"node": [onnx.NodeProto(op_type="A", attribute=[AttributeProto(name="a", type=4)])]},
         SourceError, "'a' has no value"),
        ({"node": [onnx.NodeProto(op_type="A", attribute=[AttributeProto(i=4)])]},
         SourceError, "an attribute without a name"),
        ({"sparse_initializer": [onnx.SparseTensorProto(dims=[3])]}, SourceError, "without values"),
    ],
)  # fmt: skip
def test_refused(graph: dict[str, Any], error: type[SourceError], what: str) -> None:
    with pytest.raises(error, match=what):
        parse_bytes(message(**graph), "x")


def test_an_attribute_type_that_is_not_known() -> None:
    node = b"\x22\x01A\x2a\x06\x0a\x01a\xa0\x01\x63"
    graph = b"\x0a" + bytes([len(node)]) + node
    with pytest.raises(SourceError, match="'a' is of type 99"):
        parse_bytes(b"\x3a" + bytes([len(graph)]) + graph, "x")


@pytest.mark.parametrize(
    ("data", "what"),
    [(b"", "no graph"), (b"\x08\x08", "no graph"), (b"\x3a\0\x3a\0", "a second graph"),
     (b"\x3a\0" + 2 * b"\xca\x01\x03\x0a\x01f", "two functions are named 'f'"),
     (b"<!DOCTYPE html>", "at byte 0: field 7 is the end of a group"),
     (b"\x08\x80", "ends within")],
)  # fmt: skip
def test_files_that_are_no_models(data: bytes, what: str) -> None:
    with pytest.raises(SourceError, match=what):
        parse_bytes(data, "x")


def test_graphs_inside_graphs() -> None:
    def nested(depth: int) -> bytes:
        graph = onnx.GraphProto(name="g")
        for _ in range(depth):
            attribute = AttributeProto(name="body", type=AttributeProto.GRAPH, g=graph)
            graph = onnx.GraphProto(node=[onnx.NodeProto(op_type="Loop", attribute=[attribute])])
        return onnx.ModelProto(graph=graph).SerializeToString()

    graph = parse_bytes(nested(MAX_GRAPH_DEPTH), "x").graph
    for _ in range(MAX_GRAPH_DEPTH):
        graph = graph.nodes[0].attributes["body"]
    assert graph.name == "g"
    with pytest.raises(LimitError, match="more than 32 graphs inside each other"):
        parse_bytes(nested(MAX_GRAPH_DEPTH + 1), "x")


def test_counts_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "_LIMITS", {"nodes": 10, "tensors": 10, "declared values": 10})
    monkeypatch.setattr(nodes, "MAX_ATTRIBUTE_ITEMS", 10)
    node, value = onnx.NodeProto(op_type="A"), onnx.ValueInfoProto(name="v")
    tensors = [TensorProto(name=f"w{i}", data_type=1) for i in range(11)]
    whole: dict[str, list[Any]] = {"node": [node] * 11, "value_info": [value] * 11,
                                   "initializer": tensors}  # fmt: skip
    for part, items in whole.items():
        parse_bytes(message(**{part: items[:10]}), "x")
        with pytest.raises(LimitError, match="more than 10 "):
            parse_bytes(message(**{part: items}), "x")
    ints = AttributeProto(name="a", type=AttributeProto.INTS, ints=range(11))
    with pytest.raises(LimitError, match="11 items"):
        parse_bytes(message(node=[onnx.NodeProto(op_type="A", attribute=[ints])]), "x")


def test_names_are_taken_as_they_are() -> None:
    """Control characters are the report's affair; bytes that are no text stay apart."""
    names = ["\x1b[31m", "</script>", "a\nb", "\0", "ß"]
    graph = parse_bytes(message(node=[onnx.NodeProto(op_type="A", input=names)]), "x").graph
    assert graph.nodes[0].inputs == tuple(names)
    raw = b"\x3a\x0b\x0a\x09\x0a\x01\xff\x0a\x01\xfe\x22\x01A"
    assert parse_bytes(raw, "x").graph.nodes[0].inputs == (r"\xff", r"\xfe")


def tensor_of(proto: TensorProto) -> TensorValue:
    return parse_bytes(message(initializer=[proto]), "x").graph.initializers["w"]


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"data_type": 1, "dims": [3], "raw_data": bytes(8)}, "8 bytes; its shape needs 12"),
        ({"data_type": 1, "dims": [2**20] * 4, "raw_data": bytes(8)}, "its shape needs 4,835,703"),
        ({"data_type": 1, "dims": [3], "float_data": [1, 2]}, "8 bytes; its shape needs 12"),
        ({"data_type": 7, "dims": [3], "int64_data": [1, 2]}, "2 numbers; its shape needs 3"),
        ({"data_type": 8, "dims": [3], "string_data": [b"a"]}, "1 strings; its shape needs 3"),
        ({"data_type": 8, "dims": [1], "raw_data": b"a"}, "strings are in raw_data"),
        ({"data_type": 7, "dims": [1], "float_data": [1]}, "int64 numbers are in float_data, not"),
        ({"data_type": 1, "dims": [0, 2**40, 2**40], "raw_data": b""}, "tensor 'w'"),
    ],
)  # fmt: skip
def test_numbers_that_do_not_fit_are_refused_on_loading(fields: Any, what: str) -> None:
    value = tensor_of(TensorProto(name="w", **fields))
    assert value.load is not None
    with pytest.raises(SourceError, match=what):
        value.load()


@pytest.mark.parametrize(
    ("packed", "what"), [(b"\x05\x80", "cut off"), (b"\x80" * 11 + b"\1", "more than 10 bytes")]
)
def test_damaged_numbers(packed: bytes, what: str) -> None:
    tensor = b"\x08\x02\x10\x07\x42\x01w\x3a" + bytes([len(packed)]) + packed
    graph = b"\x2a" + bytes([len(tensor)]) + tensor
    data = b"\x3a" + bytes([len(graph)]) + graph
    value = parse_bytes(data, "x").graph.initializers["w"]
    assert value.load is not None
    with pytest.raises(SourceError, match=what):
        value.load()


@pytest.mark.parametrize(
    ("indices", "dims"), [([[9]], [2]), ([9], [2]), ([-1], [2]), ([0, 1], [2]), ([[0, 0]], [2])]
)
def test_damaged_sparse_tensors(indices: Any, dims: list[int]) -> None:
    proto = onnx.SparseTensorProto(
        values=numpy_helper.from_array(np.ones(1, np.float32), "w"),
        indices=numpy_helper.from_array(np.array(indices)),
        dims=dims,
    )
    value = parse_bytes(message(sparse_initializer=[proto]), "x").graph.initializers["w"]
    assert value.load is not None
    with pytest.raises(SourceError, match="sparse tensor 'w' cannot be loaded"):
        value.load()


def test_a_sparse_tensor_that_would_be_huge() -> None:
    proto = onnx.SparseTensorProto(
        values=numpy_helper.from_array(np.ones(1, np.float32), "w"),
        indices=numpy_helper.from_array(np.array([0])),
        dims=[2**40],
    )
    value = parse_bytes(message(sparse_initializer=[proto]), "x").graph.initializers["w"]
    assert value.load is not None
    with pytest.raises(LimitError, match="1 of 1,099,511,627,776"):
        value.load()


def external(location: str, dims: tuple[int, ...] = (2, 3), **entries: str) -> bytes:
    proto = TensorProto(name="w", data_type=1, dims=dims, data_location=TensorProto.EXTERNAL)
    for entry, value in {"location": location, **entries}.items():
        proto.external_data.add(key=entry, value=value)
    return message(initializer=[proto])


def read_external(folder: Path, data: bytes) -> TensorValue:
    path = folder / "model.onnx"
    path.write_bytes(data)
    return parse(source(path)).graph.initializers["w"]


def test_external_data(tmp_path: Path) -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "w.bin").write_bytes(b"1234" + array.tobytes() + b"more")
    value = read_external(tmp_path, external("data/w.bin", offset="4", length="24"))
    assert (value.dims, value.dtype, value.external) == ((2, 3), "float32", "data/w.bin")
    assert value.load is not None
    np.testing.assert_array_equal(value.load(), array)


def test_a_model_that_onnx_saved_in_two_files(tmp_path: Path) -> None:
    model, path = small_model(), tmp_path / "model.onnx"
    onnx.save(model, path, save_as_external_data=True, size_threshold=0, location="weights")
    found: Model = parse(source(path))
    value = found.graph.initializers["w"]
    assert value.external == "weights"
    assert value.load is not None
    np.testing.assert_array_equal(value.load().reshape(-1), np.arange(9))


def test_external_data_that_is_absent(tmp_path: Path) -> None:
    value = read_external(tmp_path, external("w.bin"))
    assert (value.dims, value.load, value.external) == ((2, 3), None, "w.bin")
    bare = parse_bytes(external("w.bin"), "x").graph.initializers["w"]
    assert (bare.load, bare.external) == (None, "w.bin")


@pytest.mark.parametrize(
    "location",
    ["../secret", "a/../../secret", "/etc/passwd", "..", ".", "", "C:\\secret", "..\\secret",
     "\\\\host\\share", "a\0b"],
)  # fmt: skip
def test_external_data_outside_of_the_folder(tmp_path: Path, location: str) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "secret").write_bytes(bytes(24))
    with pytest.raises(SourceError, match=r"initializer 0.*not in the model's folder"):
        read_external(folder, external(location))


def test_links_that_lead_out_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "secret").write_bytes(bytes(24))
    (folder / "w.bin").symlink_to(tmp_path / "secret")
    with pytest.raises(SourceError, match="not in the model's folder"):
        read_external(folder, external("w.bin"))
    (folder / "up").symlink_to(tmp_path)
    with pytest.raises(SourceError, match="not in the model's folder"):
        read_external(folder, external("up/secret"))


def test_a_link_within_the_folder(tmp_path: Path) -> None:
    (tmp_path / "real.bin").write_bytes(bytes(24))
    (tmp_path / "w.bin").symlink_to("real.bin")
    value = read_external(tmp_path, external("w.bin"))
    assert value.load is not None
    assert value.load().shape == (2, 3)
    # and not through a link that is put in place of the file afterwards
    (tmp_path / "real.bin").unlink()
    (tmp_path / "real.bin").symlink_to("/dev/zero")
    with pytest.raises(SourceError, match="tensor 'w' cannot be loaded"):
        value.load()


@pytest.mark.parametrize(
    ("entries", "what"),
    [
        ({"offset": "4"}, r"bytes 4 to 28 of a file of 24 bytes"),
        ({"length": "20"}, "20 bytes; its shape needs 24"),
        ({"offset": "999999999999999999"}, "of a file of 24 bytes"),
    ],
)
def test_external_data_that_does_not_fit(tmp_path: Path, entries: Any, what: str) -> None:
    (tmp_path / "w.bin").write_bytes(bytes(24))
    value = read_external(tmp_path, external("w.bin", **entries))
    assert value.load is not None
    with pytest.raises(SourceError, match=what):
        value.load()


@pytest.mark.parametrize("number", ["-1", "x", "", "1e3", "9" * 19, "٣"])
@pytest.mark.parametrize("entry", ["offset", "length"])
def test_external_data_with_damaged_numbers(tmp_path: Path, entry: str, number: str) -> None:
    with pytest.raises(SourceError, match=f"external data of 'w' has the {entry}"):
        read_external(tmp_path, external("w.bin", **{entry: number}))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_in_place_of_external_data(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "w.bin")
    assert read_external(tmp_path, external("w.bin")).load is None


def test_a_file_that_cannot_be_mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from convcost.read.onnx.file import place

    @contextmanager
    def refuse(*_: Any, **__: Any) -> Iterator[None]:
        raise OSError("no mapping here")

    path = tmp_path / "model.onnx"
    path.write_bytes(small_model().SerializeToString())
    expected = parse(source(path))
    monkeypatch.setattr(place.mmap, "mmap", refuse)
    assert parse(source(path)).graph.nodes[0] == expected.graph.nodes[0]
