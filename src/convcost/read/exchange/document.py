"""From the text of a file to networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from convcost.errors import LimitError, SourceError
from convcost.network.module import Module
from convcost.network.network import Layer, Measured, Network, Note, Ref
from convcost.network.parameter import Parameter
from convcost.read.exchange.check import check_unique, checked
from convcost.read.exchange.fields import decoder
from convcost.read.exchange.formula import Sizes
from convcost.read.exchange.misfit import Misfit, step
from convcost.read.exchange.names import FAMILY, FORMAT, HEAD
from convcost.read.exchange.schema import File, NetworkRows
from convcost.read.limits import MAX_LAYERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")

_HINT = "`convcost read SOURCE -o FILE` writes a file anew from the source"


def networks_of(data: bytes) -> tuple[Network, ...]:
    """The networks of a file.

    Raises:
        SourceError: it is damaged, of another version, or states what cannot be.
        LimitError: it is above one of the limits of `convcost.read.limits`.
    """
    found = HEAD.match(data)
    version = FAMILY + found[1].decode(errors="replace") if found else None
    if version is not None and version != FORMAT:
        raise SourceError(
            f"its format is {version!r:.80}; this version of convcost reads {FORMAT!r}",
            hint="read it with the convcost that wrote it, or with a newer one",
        )
    try:
        file = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=File)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        path = where.rstrip("`").lstrip(".")
        raise SourceError(f"{path}: {what}" if path else what, hint=_HINT) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SourceError(f"is not valid JSON: {error}", hint=_HINT) from None
    if not file.networks:
        raise SourceError("holds no network", hint=_HINT)
    try:
        return tuple(_network(rows, number) for number, rows in enumerate(file.networks))
    except Misfit as misfit:
        raise SourceError(str(misfit), hint=_HINT) from None


def _network(rows: NetworkRows, number: int) -> Network:
    if len(rows.layers) > MAX_LAYERS:
        raise LimitError(f"a network has more than {MAX_LAYERS:,} layers, the limit")
    sizes = Sizes()
    with step("networks", number):
        for place, row in enumerate(rows.sizes):
            with step("sizes", place):
                sizes.define(row)
        parameters = tuple(_decoded(Parameter, "parameters", rows.parameters, sizes))
        layers = tuple(_decoded(Layer, "layers", rows.layers, sizes))
        check_unique((parameter.id for parameter in parameters), "parameters", "id")
        check_unique((layer.name for layer in layers), "layers", "name")
        network = Network(
            name=rows.name,
            layers=layers,
            table={parameter.id: parameter for parameter in parameters},
            outputs=tuple(_decoded(Ref, "outputs", rows.outputs, sizes)),
            notes=tuple(_decoded(Note, "notes", rows.notes, sizes)),
            framework=rows.framework,
            missing=tuple(rows.missing),
            measured=tuple(_decoded(Measured, "measured", rows.measured, sizes)),
            modules=tuple(_decoded(Module, "modules", rows.modules, sizes)),
        )
        return checked(network, sizes.open)


def _decoded(kind: type[T], key: str, rows: Iterable[msgspec.Raw], sizes: Sizes) -> Iterator[T]:
    decode = decoder(kind)  # type: ignore[arg-type]
    for place, row in enumerate(rows):
        try:
            yield decode(_value(row), sizes)
        except Misfit as misfit:
            raise misfit.at(place).at(key) from None


def _value(row: msgspec.Raw) -> Any:
    try:
        return msgspec.json.decode(row)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Misfit(f"is not valid JSON: {error}") from None
