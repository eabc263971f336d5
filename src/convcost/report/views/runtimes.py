"""Runtimes: the list, and one with its rules and constants and their sources."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from convcost.report.document import Document, Lines, Report, Section, Table
from convcost.report.figures import number_column, plural, prose_column, text_column
from convcost.units import format_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcost.runtime import Rules, Runtime

_LIST = (
    text_column("name", "name"),
    prose_column("title", "what it is"),
    text_column("kinds", "runs on"),
    text_column("frameworks", "default of", rank=1),
    text_column("runnable", "can be measured", rank=2),
)

_CONSTANTS = (
    text_column("constant", "constant"),
    number_column("seconds", "value", format_seconds),
    prose_column("source", "source"),
)


def report(runtimes: Sequence[Runtime], *, next_: str = "") -> Report:
    """All runtimes, one per row."""
    rows = tuple(
        (
            *(each.name, each.title, ", ".join(each.rules), ", ".join(each.frameworks)),
            "yes" if each.runnable else "no, historical",
        )
        for each in runtimes
    )
    table = Table(columns=_LIST, rows=rows)
    return Report(
        Document(
            answers=(plural(len(runtimes), "runtime"),),
            sections=(Section("", (table,)),),
            records=table,
            next=next_,
        ),
        _data(runtimes),
    )


def report_one(runtime: Runtime, *, next_: str = "") -> Report:
    """The rules of a runtime per kind of device."""
    columns = (text_column("kind", "device"), *_CONSTANTS)
    rows = tuple((kind, *row) for kind, rules in runtime.rules.items() for row in _constants(rules))
    measured = "" if runtime.runnable else "; it can be predicted but not measured"
    return Report(
        Document(
            answers=(
                f"{runtime.name}: {runtime.title}, on {' and '.join(runtime.rules)}{measured}",
            ),
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
        _data([runtime]),
    )


def _constants(rules: Rules) -> tuple[tuple[str, float, str], ...]:
    return (
        ("launch, per kernel", rules.launch_seconds.value, rules.launch_seconds.source),
        ("loop, per batch", rules.loop_seconds.value, rules.loop_seconds.source),
    )


def _rules(rules: Rules) -> tuple[str, ...]:
    batch_norm = {
        "kernel": "one kernel",
        "passes": "two passes over memory, a multiplication and an addition",
        "fused": "fused into the kernel before it",
        "folded": "folded into the weights of the convolution before it",
    }
    pointwise = {
        "kernel": "a kernel each",
        "product": "fused into the product before where its activations have them",
        "fused": "fused into the kernel before",
    }
    activations = _listed(rules.activations)
    return (
        "bias of a product: "
        + ("fused into its write" if rules.bias == "fused" else "a pass of its own"),
        "activation of a layer: "
        + (f"fused for {activations}; otherwise a pass" if activations else "a pass of its own"),
        *(
            f"activation of {kind}: {_listed(functions)}"
            for kind, functions in rules.activations_of.items()
            if functions
        ),
        f"BatchNorm at inference: {batch_norm[rules.batch_norm]}",
        *_optional(rules),
        f"element-wise layers: {pointwise[rules.pointwise]}",
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


def _data(runtimes: Sequence[Runtime]) -> dict[str, Any]:
    return {"schema": "convcost/runtimes/1", "runtimes": [_plain(asdict(r)) for r in runtimes]}


def _plain(value: Any) -> Any:
    """Sets as sorted lists, tuples as lists: what JSON has."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    return [_plain(part) for part in value] if isinstance(value, tuple) else value
