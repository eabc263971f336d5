"""Rewrites: what could be done and whether it is worth it, or what was done and its proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.report.document import Document, Lines, Report, Section, Table
from convcost.report.figures import (
    LOWER_BOUNDS,
    band,
    exact,
    plural,
)
from convcost.report.views import proof
from convcost.report.views import rewrite_rows as rows_of
from convcost.report.views.circumstances import circumstances
from convcost.rewrite.registry import rewrite_of
from convcost.units import format_ratio, format_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from convcost.count.field import Field
    from convcost.rewrite.applying import Step
    from convcost.rewrite.judging.candidates import Candidate, Candidates
    from convcost.rewrite.judging.figures import Figures
    from convcost.rewrite.judging.verdict import Verdict
    from convcost.rewrite.rewrite import Kind, Refused
    from convcost.rewrite.rewriting import Rewriting

#: Rows of a list, unless all are asked for.
_MOST = 8
#: Likewise by verdict, in this order.
_SHOWN: Mapping[Verdict, int] = {"worth it": 20, "undecided": _MOST, "not worth it": _MOST}
_KINDS: Mapping[Kind, str] = {
    "exact": "those that keep the outputs",
    "approximate": "those that carry the weights over",
    "retrain": "those after which it is trained",
}
_FOOTNOTE = (
    "parameters with statistics, MACs, memory = the most at one time, and time are of the whole "
    "network after the rewrite; of before = predicted time over that before, in whose range the "
    "errors of what stays cancel; what stays: the outputs, the weights as nearly as they can be, "
    "or the structure alone, after which the network has to be trained."
)


def report(found: Rewriting, *, verbose: bool = False, next_: str = "") -> Report:
    """A rewriting as a report.

    Args:
        found: what could be done, or was.
        verbose: show all that is not worth it, and every place that is refused.
        next_: the command to propose.
    """
    if found.candidates is None:
        answer, blocks = _done(found), _steps(found, verbose=verbose)
        records = [rows_of.record(each, "", [*each.sizes], None) for each in found.steps]
    else:
        answer = _listed(found, found.candidates)
        blocks = _candidates(found.candidates, verbose=verbose)
        listed = found.candidates.found
        records = [rows_of.record(each, each.text, each.places, each.size) for each in listed]
    return Report(
        Document(
            answers=(answer,),
            sections=(Section("", (*blocks, Lines("of what", tuple(_circumstances(found))))),),
            records=Table(columns=rows_of.RECORDS, rows=tuple(records)),
            footnotes=(_FOOTNOTE,),
            next=next_,
        ),
        found.to_dict(),
    )


def _listed(found: Rewriting, candidates: Candidates) -> str:
    """What could be done, at its best."""
    worth, number = candidates.worth_it, len(candidates.found)
    where = _before(found, candidates.before)
    if not number:
        return f"{found.source}: there is nothing to rewrite ({where})"
    if not worth:
        best = candidates.found[0]
        why = f"{best.name} {best.reason}"
        many = "the only candidate" if number == 1 else f"none of {exact(number)} candidates"
        open_ = len(candidates.judged("undecided"))
        many += f", {exact(open_)} undecided" if open_ else ""
        return f"{found.source}: nothing is worth it ({many}; {where}); the best, {why}"
    of_kind = {each.kind: each for each in reversed(worth)}
    kinds = (
        f"{what}: {of_kind[kind].name} {of_kind[kind].reason}"
        for kind, what in _KINDS.items()
        if kind in of_kind
    )
    return (
        f"{found.source}: {exact(len(worth))} of {plural(number, 'candidate')} worth it "
        f"({where}); most by {'; '.join(kinds)}"
    )


def _done(found: Rewriting) -> str:
    """What was done, and what it came to."""
    steps = [step for step in found.steps if step.sizes]
    if not steps:
        return f"{found.source}: nothing was rewritten: {found.steps[0].reason}"
    first, last = found.steps[0].before, found.steps[-1].after
    names = ", ".join(f"{step.name} at {plural(len(step.sizes), 'place')}" for step in steps)
    text = (
        f"{found.source}: {names}: {_stored(first)} -> {_stored(last)} parameters and statistics, "
        f"{format_seconds(first.seconds.value)} -> {format_seconds(last.seconds.value)} predicted"
        f"{' for the forward pass' if found.setting.forward_only else ''}"
    )
    if found.ratio is not None:
        text += f" ({format_ratio(found.ratio.value)}, {band(found.ratio, format_ratio)})"
    said = "" if found.proof is None else proof.brief(found.proof)
    return f"{text}; {said}" if said else text


def _stored(figures: Figures) -> str:
    return exact(figures.parameters + figures.statistics)


def _before(found: Rewriting, figures: Figures) -> str:
    setting = found.setting
    return (
        f"{format_seconds(figures.seconds.value)} per {_pass(found)}batch of "
        f"{exact(setting.workload.batch)}, {band(figures.seconds)}, on {setting.device.name} with "
        f"{setting.runtime.name}, by {setting.basis}"
    )


def _pass(found: Rewriting) -> str:
    """Before a batch whose time is not that of all that is counted."""
    return "forward pass of a " if found.setting.forward_only else ""


def _candidates(found: Candidates, *, verbose: bool) -> Iterator[Table | Lines]:
    hidden = []
    for title, most in _SHOWN.items():
        rows = found.judged(title)
        shown = rows if verbose else rows[:most]
        if shown:
            yield Table(
                columns=rows_of.CANDIDATES, rows=tuple(map(rows_of.candidate, shown)), title=title
            )
        if len(shown) < len(rows):
            hidden.append(f"{exact(len(rows) - len(shown))} more are {title} (-v shows them)")
    if hidden:
        yield Lines("not shown", tuple(hidden))
    fields = tuple(_fields(found.worth_it))
    if fields:
        yield Lines("receptive fields, before and after", fields)
    yield from _refused(found.refused, verbose=verbose)
    if verbose:
        names = dict.fromkeys(each.name for each in found.found)
        yield Lines("when each saves", tuple(f"{x}: {rewrite_of(x).law}" for x in names))


def _steps(found: Rewriting, *, verbose: bool) -> Iterator[Table | Lines]:
    rows = tuple(map(rows_of.step, found.steps))
    yield Table(columns=rows_of.STEPS, rows=rows)
    fields = tuple(_fields(found.steps))
    if fields:
        yield Lines("receptive fields, before and after", fields)
    refused = [(step.name, each) for step in found.steps for each in step.refused]
    yield from _refused(refused, verbose=verbose or len(refused) <= _MOST)
    if found.proof is not None:
        yield proof.lines(found.proof, found.recalibrated)


def _fields(found: Sequence[Candidate | Step]) -> Iterator[str]:
    """Where what one position reads of the input is not what it was."""
    for each in found:
        before, after = each.before.field, each.after.field
        if before is not None and after is not None and before.axes != after.axes:
            yield f"{each.name}: {_spans(before)} -> {_spans(after)}"


def _spans(field: Field) -> str:
    return " x ".join("all" if s.size is None else str(s.size) for s in field.axes.values())


def _refused(found: Sequence[tuple[str, Refused]], *, verbose: bool) -> Iterator[Lines]:
    """The places that are none; by reason where there are many."""
    if not found:
        return
    if not verbose:
        names = dict.fromkeys(name for name, _ in found)
        what = f"{plural(len(found), 'place')} of {', '.join(names)} (-v shows why)"
        yield Lines("refused", (what,))
        return
    yield Lines("refused", tuple(f"{name}, {each.layer}: {each.why}" for name, each in found))


def _circumstances(found: Rewriting) -> Iterator[str]:
    setting = found.setting
    yield from circumstances(setting.device, setting.runtime, setting.workload, setting.basis)
    before = found.steps[0].before if found.candidates is None else found.candidates.before
    if not before.complete:
        yield LOWER_BOUNDS
    if setting.profile is None:
        yield (
            f"`convcost calibrate --runtime {setting.runtime.name}` makes the ranges narrower, so "
            "that less is left undecided"
        )
    if found.output is not None:
        yield f"the new network is in {found.output}"
