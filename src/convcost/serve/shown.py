"""How networks were read, as the page shows it: line by line, with what can be chosen."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from convcost.network.dataclass import dataclass, replace
from convcost.network.network import KINDS
from convcost.report.text import visible
from convcost.serve.fields import CHOICE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from convcost.serve.answer import Line, Reading, Remark

#: What is shown at once, however many networks there are.
_URGENT = frozenset({"contradiction", "chosen"})
#: Lines of a network that are shown at once; more are unfolded by whoever wants them.
_SHORT = 14
_TAB = 4
_FRAME = "│┃|"


@dataclass(frozen=True, slots=True)
class ShownRemark:
    """A statement, and the readings to choose from.

    Attributes:
        kind: as of a note: ``inferred``, ``ambiguous`` ...
        text: the statement.
        layer: whom it concerns; empty for nobody.
        named: whether the layer is not seen from the line beside it.
        readings: value of the field, the reading in words, whether it is the one that is taken;
            empty where nothing can be chosen.
        others: readings that cannot be chosen.
    """

    kind: str
    text: str
    layer: str = ""
    named: bool = False
    readings: tuple[tuple[str, str, bool], ...] = ()
    others: tuple[str, ...] = ()

    @property
    def field(self) -> str:
        """The field of the form; empty where nothing can be chosen."""
        return f"{CHOICE}{self.layer}" if self.readings else ""


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line as it was pasted, with what was read from it."""

    number: int
    text: str
    remarks: tuple[ShownRemark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownReading:
    """A network.

    Attributes:
        name: of it.
        source: where it stands.
        lines: with what was read from each.
        remarks: that belong to no line.
        summary: how many statements of which kind.
        open: whether it is unfolded.
    """

    name: str
    source: str
    lines: tuple[ShownLine, ...]
    remarks: tuple[ShownRemark, ...]
    summary: str = ""
    open: bool = False


def readings(networks: Sequence[Reading], chosen: Mapping[str, str]) -> tuple[ShownReading, ...]:
    """Each network of whose reading there is something to say.

    Args:
        networks: what was read.
        chosen: layer -> number of the reading that was asked for.
    """
    choices = _Choices(chosen, set())
    several = len(networks) > 1
    found = (_shown(network, choices, several=several) for network in networks)
    return tuple(each for each in found if each.lines or each.remarks)


def fields_of(readings: Sequence[ShownReading]) -> frozenset[str]:
    """The fields of the form that are in them."""
    return frozenset(remark.field for each in readings for remark in _remarks(each) if remark.field)


def _shown(network: Reading, choices: _Choices, *, several: bool) -> ShownReading:
    found = ShownReading(
        name=network.name,
        source=network.source,
        lines=tuple(_lines(network.lines, choices)),
        remarks=tuple(choices.of(remark, None) for remark in network.remarks),
    )
    remarks = list(_remarks(found))
    count = Counter(remark.kind for remark in remarks)
    told = ", ".join(f"{count[kind]} {kind}" for kind in KINDS if count[kind])
    urgent = any(remark.kind in _URGENT for remark in remarks)
    short = len(found.lines) <= _SHORT
    return replace(
        found,
        summary=told or "all of it is told",
        open=short and bool(remarks) and (urgent or not several),
    )


def _lines(lines: Sequence[Line], choices: _Choices) -> Iterator[ShownLine]:
    """Those that say something: rules between the rows of a table do not."""
    for line in lines:
        if line.remarks or any(map(str.isalnum, line.text)):
            remarks = tuple(choices.of(remark, line) for remark in line.remarks)
            yield ShownLine(line.number, _plain(line.text), remarks)


def _plain(text: str) -> str:
    """A line without the frame of its table."""
    return visible(text.expandtabs(_TAB).rstrip().rstrip(_FRAME).rstrip())


def _remarks(reading: ShownReading) -> Iterator[ShownRemark]:
    yield from reading.remarks
    for line in reading.lines:
        yield from line.remarks


@dataclass(frozen=True, slots=True)
class _Choices:
    """What was chosen, and which layers are offered already.

    A layer of the same name in a later network is read as that of the first one: it is asked once.
    """

    chosen: Mapping[str, str]
    offered: set[str]

    def of(self, remark: Remark, line: Line | None) -> ShownRemark:
        """A remark with its readings; `line` is what stands beside it."""
        layer = remark.layer or ""
        named = bool(layer) and (line is None or layer not in line.text)
        can = [each for each in remark.alternatives if each.choosable and layer]
        if layer in self.offered:
            can = []
        others = tuple(each.text for each in remark.alternatives if each not in can)
        found = ShownRemark(remark.kind, remark.text, layer, named, (), others)
        if not can:
            return found
        self.offered.add(layer)
        readings = [(str(each.number), each.text, False) for each in can]
        readings.append((self.chosen.get(layer, ""), remark.text, True))
        return replace(found, readings=tuple(sorted(readings, key=_place)))


def _place(reading: tuple[str, str, bool]) -> tuple[int, str]:
    """The likeliest reading has no number; a question may hold anything in its place."""
    number = reading[0] or "0"
    return (int(number) if number.isdecimal() else 0, number)
