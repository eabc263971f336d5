"""Runtimes: the list, and one with its rules and constants and their sources."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from convcost.report.document import Document, Lines, Report, Section, Table
from convcost.report.figures import number_column, plural, prose_column, text_column
from convcost.runtime.rules import BATCH_NORM, BIAS, POINTWISE
from convcost.units import format_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from convcost.runtime import Rules, Runtime
    from convcost.runtime.runners.runner import Runner

_LIST = (
    text_column("name", "name"),
    prose_column("title", "what it is"),
    text_column("kinds", "runs on"),
    text_column("frameworks", "default of", rank=1),
    text_column("predicted", "predicted", rank=2),
    text_column("measured", "measured", rank=2),
)

_CONSTANTS = (
    text_column("constant", "constant"),
    number_column("seconds", "value", format_seconds),
    prose_column("source", "source"),
)


def report(
    runtimes: Mapping[str, Runtime], runners: Mapping[str, Runner], *, next_: str = ""
) -> Report:
    """All runtimes, one per row.

    Args:
        runtimes: what can be predicted, by name.
        runners: what can be measured, likewise.
        next_: the command to go on with.
    """
    names = sorted({*runtimes, *runners})
    rows = tuple(
        (
            *_described(name, runtimes, runners),
            "yes" if name in runtimes else "no",
            "yes" if name in runners else "no",
        )
        for name in names
    )
    table = Table(columns=_LIST, rows=rows)
    return Report(
        Document(
            answers=(plural(len(names), "runtime"),),
            sections=(Section("", (table,)),),
            records=table,
            next=next_,
        ),
        _data(names, runtimes, runners),
    )


def report_one(
    name: str, runtimes: Mapping[str, Runtime], runners: Mapping[str, Runner], *, next_: str = ""
) -> Report:
    """The rules of a runtime per kind of device; `runtimes`, `runners`, `next_` as of `report`."""
    data = _data([name], runtimes, runners)
    columns = (text_column("kind", "device"), *_CONSTANTS)
    if name not in runtimes:
        return Report(
            Document(
                answers=(f"{name}: {runners[name].title}; it can be measured but not predicted",),
                sections=(),
                records=Table(columns=columns, rows=()),
                next=next_,
            ),
            data,
        )
    runtime = runtimes[name]
    rows = tuple((kind, *row) for kind, rules in runtime.rules.items() for row in _constants(rules))
    measured = "" if name in runners else "; it can be predicted but not measured"
    return Report(
        Document(
            answers=(f"{name}: {runtime.title}, on {' and '.join(runtime.rules)}{measured}",),
            sections=tuple(
                Section(
                    f"on a {kind}",
                    (
                        Lines("rules", _rules(rules)),
                        Table(columns=_CONSTANTS, rows=_constants(rules)),
                    ),
                )
                for kind, rules in runtime.rules.items()
            ),
            records=Table(columns=columns, rows=rows),
            next=next_,
        ),
        data,
    )


def _described(
    name: str, runtimes: Mapping[str, Runtime], runners: Mapping[str, Runner]
) -> tuple[str, str, str, str]:
    """Name, title, kinds of devices, frameworks."""
    if name not in runtimes:
        return name, runners[name].title, "", ""
    runtime = runtimes[name]
    return name, runtime.title, ", ".join(runtime.rules), ", ".join(runtime.frameworks)


def _constants(rules: Rules) -> tuple[tuple[str, float, str], ...]:
    return (
        ("launch, per kernel", rules.launch_seconds.value, rules.launch_seconds.source),
        ("loop, per batch", rules.loop_seconds.value, rules.loop_seconds.source),
    )


def _rules(rules: Rules) -> tuple[str, ...]:
    activations = _listed(rules.activations)
    return (
        f"bias of a product: {BIAS[rules.bias]}",
        "activation of a layer: "
        + (f"fused for {activations}; otherwise a pass" if activations else "a pass of its own"),
        *(
            f"activation of {kind}: {_listed(functions)}"
            for kind, functions in rules.activations_of.items()
            if functions
        ),
        f"BatchNorm at inference: {BATCH_NORM[rules.batch_norm]}",
        *_optional(rules),
        f"element-wise layers: {POINTWISE[rules.pointwise]}",
        "launches: "
        + ("overlap with execution" if rules.launches_overlap else "one after another"),
        f"source: {rules.source}",
    )


def _optional(rules: Rules) -> Iterator[str]:
    """Lines of what only some runtimes do."""
    if rules.trained is not None:
        yield f"in training as well: only {_listed(rules.trained)}"
    if rules.unfused:
        yield f"products that nothing is fused into: {_listed(rules.unfused)}"
    if rules.sums:
        yield f"an addition is fused into the product of: {_listed(rules.sums)}"
    if rules.padding:
        yield f"padding before these is done by them, at inference: {_listed(rules.padding)}"
    if rules.logits:
        yield "a last softmax in training: a part of the loss"
    if rules.blocks is not None:
        yield f"images: in blocks of {rules.blocks.size} channels"


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))


def _data(
    names: Sequence[str], runtimes: Mapping[str, Runtime], runners: Mapping[str, Runner]
) -> dict[str, Any]:
    return {
        "schema": "convcost/runtimes/1",
        "runtimes": [
            (
                _plain(asdict(runtimes[name]))
                if name in runtimes
                else {"name": name, "title": runners[name].title, "trains": runners[name].trains}
            )
            | {"predicted": name in runtimes, "measured": name in runners}
            for name in names
        ],
    }


def _plain(value: Any) -> Any:
    """Sets as sorted lists, tuples as lists: what JSON has."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    return [_plain(part) for part in value] if isinstance(value, tuple) else value
