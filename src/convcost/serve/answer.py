"""What a question is answered with: values that the worker makes and the pages show."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from convcost.network.network import Kind as NoteKind  # noqa: TC001 - msgspec reads annotations

Kind = Literal[
    "usage",  # the request is wrong: an unknown device, a size that is no number
    "source",  # a source cannot be read
    "limit",  # a source, or the request, is above a stated limit
    "network",  # layers do not fit together, or a size has no value
    "framework",  # something would have to be installed on the server
    "time",  # it took too long
    "memory",  # it took too much memory
    "ended",  # the worker died
    "busy",  # too many questions wait
    "absent",  # there is no such page
    "forbidden",  # from another site, or for another host
    "internal",  # a fault of convcost
]


#: JSON that is passed on as it is written, where there is none.
NOTHING: Final = msgspec.Raw(b"null")


class Alternative(msgspec.Struct, frozen=True, kw_only=True):
    """Another reading of a layer.

    Attributes:
        number: that `Question.choices` takes; 0 is the one that the reader took by itself.
        text: it, and what it changes.
        choosable: whether it can be chosen.
    """

    number: int
    text: str
    choosable: bool = False


class Remark(msgspec.Struct, frozen=True, kw_only=True):
    """What the reader inferred, assumed, could not decide, or found contradictory.

    Attributes:
        kind: as of a `convcost.network.network.Note`.
        text: the statement.
        layer: whom it concerns.
        alternatives: the other readings.
    """

    kind: NoteKind
    text: str
    layer: str | None = None
    alternatives: tuple[Alternative, ...] = ()


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a text, with what was read from it beside it.

    Attributes:
        number: in the text, from 1.
        text: as it was pasted.
        layers: those that it mentions, by their names in the network.
        remarks: what was inferred from it.
    """

    number: int
    text: str
    layers: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()


class OpenSize(msgspec.Struct, frozen=True, kw_only=True):
    """A size that the source does not tell, to be asked for.

    Attributes:
        name: that `Question.dims` takes.
        what: what it is, in words: ``height of input_1``.
        usual: a value to propose; None where nothing is usual.
    """

    name: str
    what: str
    usual: int | None = None


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What was read: one network of a source.

    Attributes:
        name: of the network; that of its figures in the answer.
        source: where it stands: ``the text``, ``model.keras``, ``zoo:vgg16``.
        framework: that it comes from, where known.
        lines: of a text, from the first that belongs to it to the last.
        remarks: those that stand at none of the lines.
        open: sizes that it leaves open.
    """

    name: str
    source: str
    framework: str | None = None
    lines: tuple[Line, ...] = ()
    remarks: tuple[Remark, ...] = ()
    open: tuple[OpenSize, ...] = ()


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """All of it, in all its shapes.

    Attributes:
        question: the id of what was asked.
        made_by: version of convcost, and what else of the server it depends on.
        verdict: the answer, a line for each thing that is said.
        networks: what was read.
        overview: ``convcost/report/1`` as JSON; `NOTHING` as long as sizes are open.
        counts: ``convcost/count/1`` with formulas, where sizes are open; else `NOTHING`.
        rewrites: ``convcost/rewrite/1`` of each network: what could be done.
        sweep: ``convcost/sweep/1`` where something is varied; else `NOTHING`.
        plan: ``convcost/predict/1`` of all samples where their number is told; else `NOTHING`.
        commands: verb -> the command line that gives the same.
        body: the report without its first lines, for `html.look` and `html.sorting`.
        page: the report as a file of its own.
        csv: its table of records.
    """

    question: str
    made_by: str
    verdict: tuple[str, ...]
    networks: tuple[Reading, ...]
    overview: msgspec.Raw
    counts: msgspec.Raw
    rewrites: tuple[msgspec.Raw, ...]
    sweep: msgspec.Raw
    commands: dict[str, str]
    body: str
    page: str
    csv: str
    plan: msgspec.Raw = NOTHING


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is no answer, and what to do.

    Attributes:
        kind: of the error.
        message: what was read, where, and what was expected.
        hint: what to do next.
        fields: field of the form -> what is wrong with it.
        networks: what could be read before it failed.
    """

    kind: Kind
    message: str
    hint: str | None = None
    fields: dict[str, str] = {}
    networks: tuple[Reading, ...] = ()
