"""What the reader of a source had to say, and what is not counted."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from convcost.network.network import KINDS
from convcost.report.document import Lines
from convcost.report.figures import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from convcost.count import UnknownCost
    from convcost.network.network import Note


def remarks(
    notes: Sequence[Note], unknown: Sequence[UnknownCost], *, verbose: bool
) -> tuple[Lines, ...]:
    """Blocks for what is not counted and for the notes; none where there is nothing to say."""
    blocks = [Lines("not counted", tuple(map(_unknown, unknown)))] if unknown else []
    hidden = 0 if verbose else sum(note.kind == "inferred" for note in notes)
    # what follows from the source's numbers is shown on request
    shown = [note for note in notes if verbose or note.kind != "inferred"]
    shown.sort(key=lambda note: KINDS.index(note.kind))
    lines = [line for note in shown for line in _note(note)]
    lines += _how_to_choose(shown)
    if hidden:
        what = f"{plural(hidden, 'note')} on what follows from the source's numbers"
        lines.append(f"not shown: {what} (-v shows them)")
    if lines:
        blocks.append(Lines("notes", tuple(lines)))
    return tuple(blocks)


def at_least(unknown: Sequence[UnknownCost]) -> tuple[str, str]:
    """Words around a sum that lacks something: before it, and in brackets after it.

    >>> from convcost.count import UnknownCost
    >>> at_least([UnknownCost("lambda_1", "unknown", "no rule")])
    ('at least ', '1 layer not counted')
    """
    if not unknown:
        return "", ""
    layers = sum(part.layer is not None for part in unknown)
    reasons = [f"{plural(layers, 'layer')} not counted"] if layers else []
    others = {part.what for part in unknown if part.layer is None}
    if "backward pass" in others:
        reasons.append("no backward pass")
    if others - {"backward pass"}:
        reasons.append("a part of the source is missing")
    return "at least ", ", ".join(reasons)


def lost(unknown: Iterable[UnknownCost]) -> bool:
    """Whether parameters are missing: of lost layers, or of layers that do not say theirs."""
    return not all(part.parameters_known for part in unknown)


def _unknown(part: UnknownCost) -> str:
    return f"{part.layer or part.what}: {part.why}"


def _note(note: Note) -> tuple[str, ...]:
    """The statement, and a line for each other reading, with its number where it has one."""
    where = [f"line {note.line}"] if note.line is not None else []
    where += [note.layer] if note.layer is not None else []
    place = f" ({', '.join(where)})" if where else ""
    others = (
        f"   or: {other.text}" if number is None else f"   or {number}: {other.text}"
        for number, other in note.numbered
    )
    return (f"{note.kind}{place}: {note.text}", *others)


def _how_to_choose(notes: Iterable[Note]) -> tuple[str, ...]:
    """How the first of the other readings is chosen; nothing where none can be."""
    for note in notes:
        for number, _ in note.numbered:
            if number:
                choice = shlex.quote(f"{note.layer}={number}")
                return (f"another reading is chosen by its number: --choose {choice}",)
    return ()
