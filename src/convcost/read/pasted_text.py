"""Everything that is read from a pasted text: tables of Keras and of PyTorch, code, times."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from convcost.errors import SourceError
from convcost.network.dataclass import replace
from convcost.read.torch import tables as printouts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcost.network.network import Network

_MODULE = re.compile(r"^ *\([\w.]+\): *[A-Za-z_]\w*\(", re.MULTILINE)
_ONLY_TOTALS = re.compile(r"Total params: *+([0-9][0-9,]*+)(?:(?!\n\n)[\s\S]){0,200}?mult-adds.*")


class _Found(NamedTuple):
    """One network of a text: where it stands, its title, and what reads it."""

    line: int
    title: str | None
    network: Callable[[str], Network | None]


def networks_of_text(text: str, where: str) -> tuple[Network, ...]:
    """The networks of a pasted text: its tables; without tables, its code.

    Code that builds the same layers as a table is read beside it: it resolves what the table leaves
    open. A progress line belongs to the table before it.

    Raises:
        SourceError: there is neither.
    """
    found, rest = _printouts(text)
    found = sorted([*found, *_summaries(rest)], key=lambda place: place.line) or _models(rest)
    networks = []
    for place, name in zip(found, _names([place.title for place in found]), strict=True):
        network = place.network(name)
        if network is not None:
            networks.append((place.line, network))
    if not networks:
        raise _nothing_found(text, where)
    return _with_times(text, networks)


def _printouts(text: str) -> tuple[list[_Found], str]:
    """Printouts of PyTorch models, and the text without their lines."""
    if not printouts.looks_like(text):
        return [], text
    from convcost.read.keras.summary.clean import split_lines
    from convcost.read.torch.tables.find import find_torch_tables
    from convcost.read.torch.tables.network import network_of

    tables = find_torch_tables(text)
    if not tables:
        return [], text
    lines = split_lines(text)
    for table in tables:
        lines[table.line - 1 : table.end_line] = [""] * (table.end_line - table.line + 1)
    found = [
        _Found(table.line, None, lambda name, table=table: network_of(table, name))  # type: ignore[misc]
        for table in tables
    ]
    return found, "\n".join(lines)


def _summaries(text: str) -> list[_Found]:
    """Tables of Keras, each with the code that builds the same."""
    from convcost.read.keras.code.reading import find_models
    from convcost.read.keras.solve import reading
    from convcost.read.keras.summary.find import find_tables

    tables = find_tables(text)
    models = find_models(text) if tables else ()
    found = []
    for table in tables:
        code = next((m for m in models if reading.matches(table, m)), None)
        found.append(
            _Found(
                table.line,
                table.title,
                lambda name, table=table, code=code: reading.network_of(table, name, code),  # type: ignore[misc]
            )
        )
    return found


def _models(text: str) -> list[_Found]:
    """Models that code builds."""
    from convcost.read.keras.code.reading import find_models
    from convcost.read.keras.network import reading

    return [
        _Found(
            model.line or 1,
            model.name,
            lambda name, model=model: reading.network_of(model, name),  # type: ignore[misc]
        )
        for model in find_models(text)
    ]


def _with_times(text: str, networks: Sequence[tuple[int, Network]]) -> tuple[Network, ...]:
    """The networks with the times that stand below each of them."""
    from convcost.read.progress import find_progress, typical

    passes = find_progress(text)
    lines = [*(line for line, _ in networks), None]
    timed = []
    for (line, network), end in zip(networks, lines[1:], strict=True):
        own = [p for p in passes if p.line >= line and (end is None or p.line < end)]
        timed.append(replace(network, measured=typical(own)) if own else network)
    return tuple(timed)


def _names(titles: list[str | None]) -> list[str]:
    """Titles where they tell the networks apart, numbers otherwise."""
    if len(titles) == 1:
        return [titles[0] or "the network"]
    distinct = len(set(titles)) == len(titles) and None not in titles
    return [
        str(title) if distinct else f"network {number}"
        for number, title in enumerate(titles, start=1)
    ]


def _nothing_found(text: str, where: str) -> SourceError:
    start = text.lstrip()[:200].lower()
    if start.startswith(("<!doctype", "<html", "<?xml")):
        return SourceError(
            f"{where}: is a web page without a model.summary() table in its text",
            hint="copy the table from the page as the browser shows it",
        )
    totals = _ONLY_TOTALS.search(text)
    if totals is not None:
        return SourceError(
            f"{where}: holds the totals of a torchinfo summary ({totals[1]} parameters), but none "
            "of its rows",
            hint="paste the rows too: summary(model, input_size=(1, 3, 224, 224), depth=9)",
        )
    if len(_MODULE.findall(text, endpos=200_000)) > 1:
        return SourceError(
            f"{where}: is a printed PyTorch module, which has no shapes: what it costs depends on "
            "the size of its input",
            hint="paste what torchinfo prints: summary(model, input_size=(1, 3, 224, 224))",
        )
    if printouts.looks_like(text) and "Layer" in text:
        return SourceError(
            f"{where}: holds a printout of a PyTorch model that shows no layer",
            hint="print it with summary(model, input_size=(1, 3, 224, 224), depth=9)",
        )
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    shown = first if len(first) <= 60 else f"{first[:57]}..."
    return SourceError(
        f"{where}: holds no model.summary() table and no Keras code; its first line is {shown!r}",
        hint="expected rows such as 'conv2d_1 (Conv2D)  (None, 32, 32, 32)  896'",
    )
