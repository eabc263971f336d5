"""From a question to its answer, by the verbs that everybody has. It runs inside a worker."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from convcost.errors import ConvcostError, UsageError, unknown_name
from convcost.network.dataclass import replace
from convcost.report import render
from convcost.serve import parts
from convcost.serve.answer import NOTHING, Answer, Refusal
from convcost.serve.budget import Spent, at_most
from convcost.serve.limits import MAX_POINTS, REWRITE_SECONDS
from convcost.serve.reading import read
from convcost.serve.refusals import refusal_of
from convcost.serve.stamp import stamp
from convcost.units import parse_seconds
from convcost.verbs import predict, rewrite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from convcost.network.network import Network
    from convcost.predict import Prediction
    from convcost.report import Report
    from convcost.rewrite.rewriting import Rewriting
    from convcost.serve.answer import Reading
    from convcost.serve.question import Question
    from convcost.sweep import Sweep


def answer(question: Question, folder: Path) -> Answer | Refusal:
    """All that is known of a question's networks, or why it cannot be told.

    Args:
        question: what is asked.
        folder: the working directory, which has the question's files by their `placed_names`.
    """
    readings: tuple[Reading, ...] = ()
    try:
        _check_names(question)
        networks, readings = read(question, folder)
        if any(reading.open for reading in readings):
            return _open(question, networks, readings)
        return _whole(question, networks, readings)
    except ConvcostError as error:
        return refusal_of(error, readings)
    except RecursionError:
        text = "a source, or the network that it stands for, is nested too deeply"
        return Refusal(kind="limit", message=text, networks=readings)


def _check_names(question: Question) -> None:
    """Names of what the server knows itself; on the command line they may be files of the user's.

    Raises:
        UsageError: one is unknown.
    """
    from convcost.device import load, names
    from convcost.runtime import load as load_runtime

    if question.device is not None:
        if question.device.endswith(".toml"):
            raise unknown_name("device", question.device, names())
        load(question.device)
    if question.runtime is not None:
        load_runtime(question.runtime)


def _whole(
    question: Question, networks: Sequence[Network], readings: tuple[Reading, ...]
) -> Answer:
    from convcost.explain.said import parts as parts_of
    from convcost.report.views import whole
    from convcost.verbs import report

    timed = bool(question.measured) or any(network.measured for network in networks)
    overview = report(
        *networks, **_asked(question), runtime=question.runtime,
        samples=question.samples if timed else None,
        measured=tuple(map(parse_seconds, question.measured)),
    )  # fmt: skip
    # one runtime for all of them, as the report has
    asked = {**_asked(question), "runtime": overview.explanation.predictions[0].runtime.name}
    plans, swept = _plans(question, networks, asked), _sweep(question, networks, asked)
    rewrites = _rewrites(networks, asked)
    assumed = frozenset(name for name in ("device", "runtime") if getattr(question, name) is None)
    shown = whole.report(overview, assumed=assumed)
    without = tuple(network.name for network in networks[len(rewrites) :])
    more = (*parts.of_plans(plans), *parts.of_rewrites(rewrites, without), *parts.of_sweep(swept))
    return _answer(
        question,
        replace(shown, document=parts.joined(shown.document, more)),
        readings,
        verdict=(*parts_of(overview.explanation.said), *overview.explanation.checks),
        timed=timed,
        overview=_written(shown.data),
        rewrites=tuple(_written(each.to_dict()) for each in rewrites),
        sweep=NOTHING if swept is None else _written(swept.to_dict()),
        plan=_written(_plan_data(plans)) if plans else NOTHING,
    )


def _asked(question: Question) -> dict[str, Any]:
    """What every verb is asked alike."""
    return {
        "device": question.device,
        "batch": question.batch,
        "training": question.training,
        "optimizer": question.optimizer,
    }


def _open(question: Question, networks: Sequence[Network], readings: tuple[Reading, ...]) -> Answer:
    """Formulas, as long as sizes are open."""
    from convcost.count import Workload, count
    from convcost.report.views.count import report

    workload = Workload(
        batch=question.batch, training=question.training, optimizer=question.optimizer
    )
    counts = [count(network, workload, symbolic=True) for network in networks]
    shown = report(counts, symbolic=True, verbose=True)
    return _answer(question, shown, readings, counts=_written(shown.data))


def _answer(
    question: Question,
    shown: Report,
    readings: tuple[Reading, ...],
    *,
    verdict: tuple[str, ...] | None = None,
    timed: bool = False,
    overview: msgspec.Raw = NOTHING,
    counts: msgspec.Raw = NOTHING,
    rewrites: tuple[msgspec.Raw, ...] = (),
    sweep: msgspec.Raw = NOTHING,
    plan: msgspec.Raw = NOTHING,
) -> Answer:
    """The result in all its shapes; without a verdict, the first lines of the report are it."""
    from convcost.report.renderers.html import around, contents

    known = overview is not NOTHING
    commands = question.commands(networks=len(readings), known=known, timed=timed)
    document = replace(shown.document, command=next(iter(commands.values())))
    shown = replace(shown, document=document)
    body, table = contents(shown), render(shown, "csv")
    assert isinstance(table, str)  # noqa: S101 - for types
    return Answer(
        question=question.id,
        made_by=stamp(),
        verdict=document.answers if verdict is None else verdict,
        networks=readings,
        overview=overview,
        counts=counts,
        rewrites=rewrites,
        sweep=sweep,
        plan=plan,
        commands=commands,
        body=body,
        page=around(shown, body),
        csv=table,
    )


def _written(value: Mapping[str, Any]) -> msgspec.Raw:
    """As `--json` prints it, without its blanks."""
    text = json.dumps(dict(value), allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    return msgspec.Raw(utf8(text).encode())


def utf8(text: str) -> str:
    r"""The text without what UTF-8 cannot write: names in JSON may hold halves of characters.

    >>> utf8("a\ud800b")
    'a\ufffd\ufffd\ufffdb'
    """
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _plans(
    question: Question, networks: Sequence[Network], asked: Mapping[str, Any]
) -> tuple[Prediction, ...]:
    """The time of all samples, where their number is told."""
    if question.samples is None:
        return ()
    return tuple(predict(network, **asked, samples=question.samples) for network in networks)


def _rewrites(networks: Sequence[Network], asked: Mapping[str, Any]) -> tuple[Rewriting, ...]:
    """What could be done to each network, as far as there is time for it."""
    found = []
    with suppress(Spent), at_most(REWRITE_SECONDS):
        for network in networks:
            found.append(rewrite(network, **asked))  # noqa: PERF401 - what is there stays
    return tuple(found)


def _sweep(
    question: Question, networks: Sequence[Network], asked: Mapping[str, Any]
) -> Sweep | None:
    """What is varied.

    Raises:
        UsageError: there are several networks, or nothing fits the pattern.
    """
    from convcost.sweep import parse
    from convcost.verbs import sweep

    if question.vary is None:
        return None
    if len(networks) != 1:
        raise UsageError(
            f"a sweep is of one network, the sources have {len(networks)}",
            hint="ask about one of them alone",
        )
    points = len(parse(question.vary).values)
    if points > MAX_POINTS:
        raise UsageError(
            f"'{question.vary}' has {points:,} values; at most {MAX_POINTS:,} here",
            hint="`convcost sweep` takes any number of them",
        )
    return sweep(networks[0], [question.vary], **asked)


def _plan_data(plans: Sequence[Prediction]) -> dict[str, Any]:
    from convcost.report.views.predict import report

    return dict(report(plans, notes=[()] * len(plans)).data)
