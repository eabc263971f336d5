"""Ways to damage a file, the same for the same seed.

Any file: bytes flipped, cut, repeated or zeroed. Where the format is known, also what a careless or
malicious writer would make: values of a model's JSON replaced by ones of other types, fields of an
ONNX message exchanged, lines and numbers of a text moved. The result is packed again, so that it
reaches the code behind the container.
"""

from __future__ import annotations

import io
import json
import random
import re
import zipfile
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from convcost.read.onnx.file.wire import LENGTH, VARINT, Damage, fields

if TYPE_CHECKING:
    from collections.abc import Callable

#: What a value of a configuration is replaced by.
STRANGE = [
    *(None, True, False, 0, 1, -1, 3, 2**31, 2**63, 10**30, 1.5, float("nan"), float("inf")),
    *("", "x", "same", "channels_first", "\x1b[31m", "</script>", "a" * 5_000, [], [[]], {}),
    *([0], [-1, -1], [None], ["x", 0, 0], {"class_name": "Dense"}),
    {"class_name": "Dense", "config": []},
]
#: What a number of a message or a text is replaced by.
NUMBERS = [0, 1, 2, 7, 99, 2**31 - 1, 2**32, 2**40, 2**63, 2**64 - 1]
BYTES = [b"", b"x", b"\xff\xfe", b"\x1b[31m", b"../../etc/passwd", bytes(64), b"a" * 2_000]
Field = tuple[int, int | bytes]


def mutation(data: bytes, suffix: str, seed: int) -> bytes:
    """The file as the given seed damages it."""
    draw = random.Random(seed)  # noqa: S311 - damage is no secret
    known = FORMATS.get(suffix)
    if known is None or draw.random() < 0.4:
        return flipped(data, draw)
    return known(data, draw)


def flipped(data: bytes, draw: random.Random) -> bytes:
    """Bytes damaged in one of the usual ways."""
    damaged = bytearray(data)
    kind = draw.randrange(5)
    for _ in range(draw.choice((1, 1, 2, 8, 64))):
        if not damaged:
            break
        near = len(damaged) if draw.random() < 0.5 else min(len(damaged), 4096)
        at = draw.randrange(near)
        if kind == 0:
            damaged[at] ^= 1 << draw.randrange(8)
        elif kind == 1:
            damaged[at] = draw.choice((0, 255, 127, draw.randrange(256)))
        elif kind == 2:
            damaged[at : at + draw.randrange(1, 64)] = b""
        elif kind == 3:
            end = at + draw.randrange(1, 512)
            damaged[at:end] = bytes(len(damaged[at:end]))
        else:
            damaged[at:at] = damaged[: draw.randrange(1, 256)]
    if draw.random() < 0.1:
        del damaged[draw.randrange(len(damaged) + 1) :]
    return bytes(damaged)


def confused(document: Any, draw: random.Random) -> Any:
    """A configuration with some values of other types, lost or doubled."""
    for _ in range(draw.choice((1, 1, 2, 5))):
        places: list[tuple[Any, Any]] = []
        waiting = [document]
        while waiting:
            value = waiting.pop()
            items = value.items() if isinstance(value, dict) else enumerate(value)
            for key, item in items:
                places.append((value, key))
                if isinstance(item, dict | list):
                    waiting.append(item)
        if not places:
            return document
        holder, key = draw.choice(places)
        kind = draw.random()
        if kind < 0.7:
            holder[key] = deepcopy(draw.choice(STRANGE))
        elif kind < 0.85:
            del holder[key]
        else:
            other, place = draw.choice(places)
            holder[key] = deepcopy(other[place])
    return document


def confused_json(data: bytes, draw: random.Random) -> bytes:
    """A JSON file."""
    return json.dumps(confused(json.loads(data), draw)).encode()


def confused_archive(data: bytes, draw: random.Random) -> bytes:
    """A ``.keras`` archive."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(result, "w") as new:
        for name in old.namelist():
            member = old.read(name)
            if name == "config.json":
                member = confused_json(member, draw)
            elif name.endswith(".h5") and draw.random() < 0.3:
                member = flipped(member, draw)
            new.writestr(name, member)
    return result.getvalue()


def confused_hdf5(data: bytes, draw: random.Random) -> bytes:
    """A Keras model in HDF5."""
    import h5py

    result = io.BytesIO(data)
    with h5py.File(result, "r+") as file:
        if "model_config" not in file.attrs:
            return flipped(data, draw)
        config = json.loads(file.attrs["model_config"])
        file.attrs["model_config"] = json.dumps(confused(config, draw))
    return result.getvalue()


def confused_message(data: bytes, draw: random.Random) -> bytes:
    """A message of Protocol Buffers with fields exchanged, lost, doubled or replaced.

    What is inside is looked into, also where it is no message but happens to look like one.
    """
    found = split(data)
    inner = [i for i, (_, value) in enumerate(found) if isinstance(value, bytes) and split(value)]
    if not found:
        return flipped(data, draw)
    if inner and draw.random() < 0.8:
        at = draw.choice(inner)
        key, value = found[at]
        found[at] = key, confused_message(bytes(value), draw)
        return joined(found)
    for _ in range(draw.choice((1, 1, 2, 4))):
        at, other = draw.randrange(len(found)), draw.randrange(len(found))
        kind = draw.randrange(5)
        if kind == 0:
            found[at], found[other] = (
                (found[at][0], found[other][1]),
                (found[other][0], found[at][1]),
            )
        elif kind == 1 and len(found) > 1:
            del found[at]
        elif kind == 2:
            found.insert(other, found[at])
        else:
            key, value = found[at]
            strange = draw.choice(NUMBERS) if isinstance(value, int) else draw.choice(BYTES)
            found[at] = key, strange
    return joined(found)


def split(message: bytes) -> list[Field]:
    """The fields of a message: numbers, or bytes; none where it is no message."""
    try:
        return [
            (key, at if key & 7 == VARINT else message[at:stop])
            for key, at, stop in fields(message, 0, len(message))
        ]
    except Damage:
        return []


def joined(found: list[Field]) -> bytes:
    """A message of these fields; a value that its key does not fit is stored by its own kind."""
    parts = []
    for key, value in found:
        if isinstance(value, int):
            parts += [varint(key & ~7 | VARINT), varint(value)]
        elif key & 7 in (LENGTH, VARINT):
            parts += [varint(key & ~7 | LENGTH), varint(len(value)), value]
        else:
            parts += [varint(key), value]
    return b"".join(parts)


def varint(value: int) -> bytes:
    """A number, seven bits per byte."""
    digits = bytearray()
    while value > 127:
        digits.append(value & 127 | 128)
        value >>= 7
    digits.append(value)
    return bytes(digits)


def confused_text(data: bytes, draw: random.Random) -> bytes:
    """A text with lines moved, lost or doubled, and numbers replaced."""
    lines = data.split(b"\n")
    for _ in range(draw.choice((1, 1, 2, 8))):
        at, other = draw.randrange(len(lines)), draw.randrange(len(lines))
        kind = draw.randrange(5)
        if kind == 0:
            lines[at], lines[other] = lines[other], lines[at]
        elif kind == 1 and len(lines) > 1:
            del lines[at]
        elif kind == 2:
            lines.insert(other, lines[at])
        else:
            number = str(draw.choice(NUMBERS)).encode()
            lines[at] = re.sub(rb"\d+", number, lines[at], count=draw.choice((0, 1)))
    return b"\n".join(lines)


FORMATS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    ".json": confused_json,
    ".keras": confused_archive,
    ".h5": confused_hdf5,
    ".hdf5": confused_hdf5,
    ".onnx": confused_message,
    ".txt": confused_text,
}
