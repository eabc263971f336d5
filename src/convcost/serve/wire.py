"""The JSON contract of the API: what comes in, and what goes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from convcost._version import __version__
from convcost.serve import limits
from convcost.serve.answer import Kind, Reading  # noqa: TC001 - msgspec reads annotations
from convcost.serve.question import SCHEMA, Digest, Name, Question, Terms

if TYPE_CHECKING:
    from convcost.serve.answer import Answer, Refusal


class Sent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A file: its content, or the digest of one that was sent before.

    Attributes:
        name: with the ending that tells the format.
        content: in base64.
        digest: SHA-256 of the content, as an answer has it.
    """

    name: Name
    content: bytes | None = None
    digest: Digest | None = None


class Asked(Terms, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A question as it comes in.

    Attributes:
        files: each with its content.
    """

    files: Annotated[tuple[Sent, ...], Meta(max_length=limits.MAX_SOURCES)] = ()


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """Where an answer is found, as long as the store has room for its question."""

    page: str
    html: str
    json: str
    csv: str


class Told(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag=SCHEMA):
    """An answer as it goes out.

    Attributes:
        id: of the question.
        made_by: version of convcost, and what else of the server it depends on.
        question: that was asked.
        links: to it.
        commands: verb -> the command line that gives the same.
        verdict: the answer in a sentence or a few.
        networks: what was read, with what was inferred.
        overview: as `convcost report --json` prints it; null as long as sizes are open.
        counts: as `convcost count --symbolic --json`, where sizes are open.
        rewrites: as `convcost rewrite --json`, of each network, as far as there is time.
        sweep: as `convcost sweep --json`, where something is varied.
        plan: as `convcost predict --samples --json`, where their number is told.
    """

    id: str
    made_by: str
    question: Question
    links: Links
    commands: dict[str, str]
    verdict: tuple[str, ...]
    networks: tuple[Reading, ...]
    overview: msgspec.Raw
    counts: msgspec.Raw
    rewrites: tuple[msgspec.Raw, ...]
    sweep: msgspec.Raw
    plan: msgspec.Raw


class Wrong(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="convcost/error/1"):
    """Why there is no answer.

    Attributes:
        kind: of the error.
        message: what was read, where, and what was expected.
        hint: what to do next.
        fields: field of a form -> what is wrong with it.
        networks: what could be read before it failed.
    """

    kind: Kind
    message: str
    hint: str | None = None
    fields: dict[str, str] = {}
    networks: tuple[Reading, ...] = ()


class About(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="convcost/api/1"):
    """What this server is.

    Attributes:
        convcost: its version.
        limits: of requests and answers.
        devices: names that may be asked for.
        runtimes: likewise.
        optimizers: likewise.
        zoo: networks, by name.
    """

    convcost: str
    limits: dict[str, float]
    devices: tuple[str, ...]
    runtimes: tuple[str, ...]
    optimizers: tuple[str, ...]
    zoo: tuple[str, ...]


def told(question: Question, answer: Answer) -> Told:
    """An answer by the contract."""
    place = f"/a/{answer.question}"
    return Told(
        id=answer.question,
        made_by=answer.made_by,
        question=question,
        links=Links(page=place, html=f"{place}.html", json=f"{place}.json", csv=f"{place}.csv"),
        commands=answer.commands,
        verdict=answer.verdict,
        networks=answer.networks,
        overview=answer.overview,
        counts=answer.counts,
        rewrites=answer.rewrites,
        sweep=answer.sweep,
        plan=answer.plan,
    )


def wrong(refusal: Refusal) -> Wrong:
    """A refusal by the contract."""
    return msgspec.convert(refusal, Wrong, from_attributes=True)


def about(bounds: dict[str, float]) -> About:
    """What may be asked of this server.

    Args:
        bounds: its limits by name.
    """
    from convcost import zoo
    from convcost.count.optimizers import OPTIMIZERS
    from convcost.device import names
    from convcost.runtime import runtimes

    return About(
        convcost=__version__,
        limits=bounds,
        devices=names(),
        runtimes=tuple(runtimes()),
        optimizers=tuple(OPTIMIZERS),
        zoo=zoo.names(),
    )


def plain_question(asked: Asked, files: tuple[Any, ...]) -> Question:
    """The question, with the files that the store has."""
    terms = {name: getattr(asked, name) for name in Terms.__struct_fields__}
    return Question(**terms, files=files)
