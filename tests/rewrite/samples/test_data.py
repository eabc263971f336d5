"""The user's samples: found by name or shape; hostile files end in a message."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from convcost.errors import ConvcostError, LimitError, SourceError, UsageError
from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Tensor
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.merge import Merge
from convcost.rewrite.samples.data import fixed_batch, load_data
from support.proofs import network

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NET = network()
X = np.arange(4 * 3 * 8 * 7, dtype="float32").reshape(4, 3, 8, 7)
Y = np.array([0, 1, 2, 1])


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file with these arrays."""

    def write(**arrays: Any) -> Path:
        path = tmp_path / "data.npz"
        np.savez(path, **arrays)
        return path

    return write


@pytest.mark.parametrize(
    "arrays",
    [
        {"x": X, "y": Y},
        {"image": X, "y": Y},
        {"images": X, "labels": Y},
        {"labels": Y, "images": X},
        {"x": X, "label": Y},
        {"x": X, "y": Y, "names": Y},
        {"x_train": X, "y_train": Y},
        {"x": X[..., None, :], "y": Y},
        {"x": X.astype("float64"), "y": Y[:, None]},
    ],
)
def test_arrays_are_found(written: Callable[..., Path], arrays: dict[str, Any]) -> None:
    found = load_data(written(**arrays), NET)
    assert len(found) == 4
    assert found.inputs[0].shape == X.shape
    assert (found.inputs[0] == X).all()
    assert (found.labels.reshape(-1) == Y).all()
    assert found.held_out is None
    assert found.remarks == ()


def test_a_single_array_has_no_labels(written: Callable[..., Path]) -> None:
    assert load_data(written(x=X), NET).labels is None
    assert load_data(written(anything=X), NET).labels is None


def test_parts_that_the_file_has_are_kept(written: Callable[..., Path]) -> None:
    path = written(x_train=X, y_train=Y, x_test=X[:1], y_test=Y[:1])
    found = load_data(path, NET)
    assert found.held_out is not None
    assert (len(found), len(found.held_out), len(found.to_test)) == (4, 1, 1)


def test_pixels_are_given_as_they_are_and_that_is_said(written: Callable[..., Path]) -> None:
    found = load_data(written(x=X.astype("uint8")), NET)
    assert found.inputs[0].dtype == "uint8"  # an eighth of the memory
    (batch, meant) = next(found.batches(3))
    assert (batch[0].dtype, meant) == ("float32", 3)
    assert "whole numbers (uint8)" in found.remarks[0]


def test_batches_are_filled_up_with_their_first_sample(written: Callable[..., Path]) -> None:
    found = load_data(written(x=X), NET)
    (first, _), (last, meant) = found.batches(3)
    assert meant == 1
    assert (first[0] == X[:3]).all()
    assert (last[0] == X[[3, 3, 3]]).all()


def test_several_inputs_are_found_by_their_names(written: Callable[..., Path]) -> None:
    b = Builder("two inputs")
    inputs = [b.add(Input(Tensor.of(batch=BATCH, feature=3)), name=name) for name in ("a", "b")]
    b.add(Dense(units=2), b.add(Merge("add"), *inputs))
    net = b.build()
    found = load_data(written(b=X[:, :, 0, 0], y=Y, a=X[:, :, 1, 1]), net)
    assert [array[1, 1] for array in found.inputs] == [X[1, 1, 1, 1], X[1, 1, 0, 0]]
    with pytest.raises(SourceError, match=r"for each input: 'a', 'b' \('b' is missing\)"):
        load_data(written(a=X[:, :, 0, 0], y=Y), net)


def test_the_order_of_axes_is_said(written: Callable[..., Path]) -> None:
    with pytest.raises(SourceError) as caught:
        load_data(written(x=X.transpose(0, 2, 3, 1), y=Y), NET)
    assert "'x' is (4, 8, 7, 3); the input 'image' takes (batch=N, channel=3" in str(caught.value)
    assert "x.transpose(0, 3, 1, 2)" in str(caught.value)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"x": X, "y": Y[:3]}, "'x' 4, 'y' 3; expected as many of each"),
        ({"x": X[:0], "y": Y[:0]}, "'x' 0, 'y' 0"),
        ({"x": X[:, :2]}, r"'x' is \(4, 2, 8, 7\)"),
        ({"a": X, "b": X}, "has 'a', 'b'; expected 'x', and 'y'"),
        ({"a": X, "b": X, "c": Y}, "expected 'x'"),
        ({"x": np.where(X == 700, np.nan, X)}, "no finite number, first in sample 4"),
        ({"x": X.astype(complex)}, "holds 'complex128'; expected numbers"),
        ({"x": X.astype(str)}, "holds '<U32'; expected numbers"),
        ({"x": np.array(3.0)}, "'x' is ()"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(
    written: Callable[..., Path], arrays: dict[str, Any], said: str
) -> None:
    if "first in sample" in said:
        arrays = {"x": np.concatenate([X, arrays["x"]])}
        arrays["x"][4, 0, 0, 0] = np.inf
    with pytest.raises(SourceError, match=said.replace("()", r"\(\)")):
        load_data(written(**arrays), NET)


class Hostile:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> Any:
        return pytest.fail, ("it was unpickled",)


def test_pickled_objects_are_refused(written: Callable[..., Path]) -> None:
    for arrays in ({"x": np.array([Hostile()])}, {"x": X, "y": np.array([Hostile()] * 4)}):
        with pytest.raises(SourceError, match="holds pickled objects; expected numbers"):
            load_data(written(**arrays), NET)


def member(header: bytes, data: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    size = len(header).to_bytes(2 if version == b"\x01\x00" else 4, "little")
    return b"\x93NUMPY" + version + size + header + data


def told(shape: str, descr: str = "'<f4'") -> bytes:
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()


@pytest.mark.parametrize(
    "content",
    [
        member(told("(1000000000000, 3, 8, 7)")),
        member(told("(4, 3, 8, 7)"), b"\0" * 100),
        member(told("(-4, -3, 8, 7)"), X.tobytes()),
        member(told("(4, 3, 8, 7)", "'V9999999999'")),
        member(told("(4, 3, 8, 7)", "[('a', '<f4')]"), X.tobytes()),
        member(told("(4, 3, 8, 7)", "'|O'"), b"cos\nsystem\n"),
        member(told("(" * 300)),
        member(b"(" * 90_000, version=b"\x02\x00"),
        member(b"-" * 900 + b"1"),
        member(b"\xff\xfe\n"),
        member(told("(4, 3, 8, 7)"), X.tobytes(), version=b"\x03\x00"),
        member(told("(4.0, 3, 8, 7)"), X.tobytes()),
        member(told("9")),
        b"\x93NUMPY",
        b"",
        b"plain text",
    ],
)
def test_hostile_headers_end_in_a_message(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "data.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", content)
    with pytest.raises(SourceError, match=r"data\.npz: its array 'x'"):
        load_data(path, NET)


def test_a_huge_array_is_above_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", member(told("(100000000, 3, 8, 7)")))
    with pytest.raises(LimitError, match=r"takes 67,200,000,000 bytes; at most"):
        load_data(path, NET)


def test_files_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    with pytest.raises(SourceError, match="No such file"):
        load_data(path, NET)
    for content in (b"", b"not a ZIP archive" * 9):
        path.write_bytes(content)
        with pytest.raises(SourceError, match="damaged ZIP archive") as caught:
            load_data(path, NET)
        assert "numpy.savez" in str(caught.value)
    with pytest.raises(SourceError):
        load_data(tmp_path, NET)


def test_every_cut_of_a_file_ends_in_a_message(tmp_path: Path) -> None:
    whole = io.BytesIO()
    np.savez_compressed(whole, x=X, y=Y)
    data = whole.getvalue()
    path = tmp_path / "data.npz"
    for end in range(0, len(data) - 1, max(1, len(data) // 97)):
        path.write_bytes(data[:end])
        with pytest.raises(ConvcostError):
            load_data(path, NET)


def test_the_samples_of_a_batch_may_be_fixed() -> None:
    assert fixed_batch(NET) is None
    assert fixed_batch(NET.bind({"N": 5})) == 5
    b = Builder("no batch")
    b.add(Dense(units=2), b.add(Input(Tensor.of(height=4, feature=3)), name="image"))
    with pytest.raises(UsageError, match="samples are expected on the first axis"):
        fixed_batch(b.build())
