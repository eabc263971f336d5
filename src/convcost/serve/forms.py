"""The fields of a form as a question; `convcost.serve.fields` says what each holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from convcost.device import THIS_MACHINE
from convcost.errors import UsageError
from convcost.serve.answer import Refusal
from convcost.serve.fields import CHOICE, DIM
from convcost.serve.question import Question
from convcost.units import parse_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcost.serve.fields import Fields
    from convcost.serve.question import File

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
#: Blanks between groups of digits, as people write large numbers.
_GROUPS: Final = re.compile(r"(?<=\d)[ ,_\u00a0\u202f](?=\d{3}(?!\d))")
_DIGITS: Final = 13
_YES: Final = frozenset({"yes", "on", "true", "1"})
_NO: Final = frozenset({"", "no", "off", "false", "0"})
#: Where a limit of `Question` is missed: the attribute, and the place in it.
_WHERE: Final = re.compile(r"^(?P<what>.*) - at `\$\.(?P<name>\w+)[^`]*`$", re.DOTALL)
#: Attributes of `Question` whose field has another name.
_FIELDS: Final = {"texts": "text", "inputs": "input", "dims": "dim", "choices": "choice"}


class FormError(Exception):
    """The form cannot be read; `refusal` says why, field by field."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        first = next(iter(fields.items()))
        super().__init__(f"{first[0]}: {first[1]}")
        self.refusal = Refusal(
            kind="usage",
            message="; ".join(f"{name}: {what}" for name, what in fields.items()),
            hint="mend what is marked in the form",
            fields=dict(fields),
        )


def question_of(fields: Fields, files: Sequence[File]) -> Question:
    """What a form asks.

    Args:
        fields: name -> values, as they were typed.
        files: that came with it, or were sent before.

    Raises:
        FormError: a field is unknown, or what stands in it is not what it is for, or too much.

    >>> question_of({"zoo": ["vgg16 alexnet"], "batch": ["8"]}, ()).zoo
    ('vgg16', 'alexnet')
    """
    wrong: dict[str, str] = {}
    plain: dict[str, Any] = {"files": tuple(files), "dims": {}, "choices": {}}
    for name, values in fields.items():
        try:
            if name in _READERS:
                attribute, read = _READERS[name]
                found = read(values)
                if found is not None:
                    plain[attribute] = found
            elif name.startswith(DIM):
                _put(plain["dims"], name.removeprefix(DIM), _number(values))
            elif name.startswith(CHOICE):
                _put(plain["choices"], name.removeprefix(CHOICE), _number(values) or None)
            elif name not in ("kept", "files"):
                wrong[name[:100]] = "there is no such field"
        except UsageError as error:
            wrong[name] = str(error.message)
    if wrong:
        raise FormError(wrong)
    try:
        return msgspec.convert(plain, Question, from_attributes=True)
    except msgspec.ValidationError as error:
        raise FormError(wrong_field(error)) from None


def wrong_field(error: msgspec.ValidationError) -> dict[str, str]:
    """The field of the form that a limit or a type is about, and what is wrong with it."""
    found = _WHERE.match(str(error))
    if found is None:
        return {"question": str(error)}
    name = found["name"]
    return {_FIELDS.get(name, name): found["what"]}


def kept(values: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Digest and name of the files that were sent before.

    Raises:
        FormError: a value is something else.
    """
    found = []
    for value in values:
        digest, _, name = value.partition(" ")
        if not _DIGEST.fullmatch(digest) or not name.strip():
            raise FormError({"kept": "is no file that was sent before"})
        found.append((digest, name.strip()))
    return tuple(found)


def _put(found: dict[str, int], name: str, value: int | None) -> None:
    """Nothing typed is nothing said."""
    if value is not None:
        found[name] = value


def _texts(values: Sequence[str]) -> tuple[str, ...]:
    """With the line ends that everybody has: a browser sends others than it was given."""
    texts = (value.replace("\r\n", "\n").replace("\r", "\n") for value in values)
    return tuple(text for text in texts if text.strip())


def _words(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for value in values for word in value.split())


def _zoo(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(name.removeprefix("zoo:") for name in _words(values))


def _word(values: Sequence[str]) -> str | None:
    """One value, or none.

    Raises:
        UsageError: there are several.
    """
    found = list(dict.fromkeys(value.strip() for value in values if value.strip()))
    if len(found) > 1:
        raise UsageError("is given twice")
    return found[0] if found else None


def _device(values: Sequence[str]) -> str | None:
    name = _word(values)
    return None if name == THIS_MACHINE else name


def _number(values: Sequence[str]) -> int | None:
    """A whole number, or none.

    Raises:
        UsageError: it is something else.
    """
    text = _word(values)
    if text is None:
        return None
    plain = _GROUPS.sub("", text)
    if not (plain.isascii() and plain.isdigit()) or len(plain) > _DIGITS:
        raise UsageError(f"'{text[:40]}' is not a whole number")
    return int(plain)


def _flag(values: Sequence[str]) -> bool:
    text = (_word(values) or "").lower()
    if text not in _YES | _NO:
        raise UsageError(f"'{text[:40]}' is neither yes nor no")
    return text in _YES


def _times(values: Sequence[str]) -> tuple[str, ...]:
    """Durations between commas.

    Raises:
        UsageError: one is none.
    """
    found = [part.strip() for value in values for part in re.split(r"[,;\n]", value)]
    found = [part for part in found if part]
    for part in found:
        parse_seconds(part)
    return tuple(found)


def _shapes(values: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """Sizes between commas, shapes between blanks.

    Raises:
        UsageError: one is none.
    """
    shapes = []
    for word in _words([re.sub(r"\s*,\s*", ",", value) for value in values]):
        sizes = word.split(",")
        if not all(x.isascii() and x.isdigit() and len(x) <= _DIGITS for x in sizes):
            raise UsageError(f"'{word[:40]}' is not a list of sizes; expected 3,224,224")
        shapes.append(tuple(map(int, sizes)))
    return tuple(shapes)


#: Field -> attribute of the question, and how it is read.
_READERS: Final[Mapping[str, tuple[str, Callable[[Sequence[str]], Any]]]] = {
    "text": ("texts", _texts),
    "zoo": ("zoo", _zoo),
    "device": ("device", _device),
    "runtime": ("runtime", _word),
    "optimizer": ("optimizer", _word),
    "vary": ("vary", _word),
    "batch": ("batch", _number),
    "samples": ("samples", _number),
    "training": ("training", _flag),
    "measured": ("measured", _times),
    "input": ("inputs", _shapes),
}
