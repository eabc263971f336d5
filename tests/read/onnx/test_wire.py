"""The wire format against the reference implementation's own encoder, and against damage."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import AttributeProto

from convcost.errors import LimitError
from convcost.read.limits import MAX_NAME
from convcost.read.onnx.file.wire import (
    FOUR_BYTES,
    LENGTH,
    VARINT,
    Damage,
    fields,
    key,
    signed,
    text,
    varint,
    varints,
)


def encoded(value: int) -> bytes:
    """A varint, written digit by digit in base 128."""
    digits = []
    while value >= 128:
        digits.append(value % 128 + 128)
        value //= 128
    return bytes([*digits, value])


@given(st.integers(0, 2**64 - 1), st.binary(max_size=3), st.binary(max_size=3))
def test_varint(value: int, before: bytes, after: bytes) -> None:
    data = before + encoded(value) + after
    assert varint(data, len(before)) == (value, len(data) - len(after))


@given(st.lists(st.integers(0, 2**64 - 1)))
def test_packed_varints(values: list[int]) -> None:
    data = b"".join(map(encoded, values))
    assert list(varints(data, 0, len(data))) == values


@given(
    st.text(max_size=200),
    st.floats(width=32, allow_nan=False),
    st.lists(st.integers(-(2**63), 2**63 - 1), max_size=5),
    st.binary(max_size=300),
)
def test_fields_of_a_message(name: str, f: float, ints: list[int], s: bytes) -> None:
    import struct

    data = AttributeProto(name=name, f=f, ints=ints, s=s).SerializeToString()
    found = list(fields(data, 0, len(data)))
    assert [k for k, _, _ in found] == [
        key(1, LENGTH), key(2, FOUR_BYTES), key(4, LENGTH), *[key(8, VARINT)] * len(ints),
    ]  # fmt: skip
    assert data[found[0][1] : found[0][2]].decode() == name
    assert struct.unpack("<f", data[found[1][1] : found[1][2]]) == (f,)
    assert data[found[2][1] : found[2][2]] == s
    assert [signed(value) for _, value, _ in found[3:]] == ints


@given(st.binary(max_size=40), st.integers(0, 5), st.integers(0, 5))
def test_any_bytes_end(data: bytes, begin: int, cut: int) -> None:
    """Fields stay within the message, whatever follows it."""
    end = max(begin, len(data) - cut)
    last = begin
    try:
        for found, at, stop in fields(data, begin, end):
            assert last < stop <= end
            assert found & 7 == VARINT or last < at <= stop
            last = stop
    except Damage as damage:
        where = damage.at
    else:
        where = last
        assert last == end or begin >= end
    assert begin <= where <= max(begin, len(data))


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\x08", "ends within"),
        (b"\x08\x80", "ends within"),
        (b"\x80", "ends within"),
        (b"\x0d\0\0\0", "ends within"),
        (b"\x09\0\0\0\0\0\0\0", "ends within"),
        (b"\x12\x02a", "2 bytes; 1 are left"),
        (b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01a", "bytes; 1 are left"),
        (b"\x08" + b"\xff" * 10, "more than 10 bytes"),
        (b"\x0b", "begin of a group"),
        (b"\x0c", "end of a group"),
        (b"\x0e", "of kind 6"),
        (b"\x0f", "of kind 7"),
        (b"\0\0", "number 0"),
    ],
)
def test_damage_is_named(data: bytes, what: str) -> None:
    with pytest.raises(Damage, match=what) as caught:
        list(fields(b"\x08\x01" + data, 0, 2 + len(data)))
    assert caught.value.at in (2, 3)


def test_a_number_may_not_reach_beyond_its_message() -> None:
    data = b"\x08\x80\x01"
    with pytest.raises(Damage):
        list(fields(data, 0, 2))
    with pytest.raises(Damage):
        list(varints(data, 1, 2))


def test_names() -> None:
    assert text("größe".encode(), 0, 7) == "größe"
    assert text(b"a\xffb", 0, 3) == r"a\xffb"
    assert text(b"\xed\xa0\x80", 0, 3) == r"\xed\xa0\x80"
    with pytest.raises(Damage) as caught:
        text(bytes(MAX_NAME + 1), 0, MAX_NAME + 1)
    assert caught.value.error is LimitError
