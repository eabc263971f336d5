"""Readings that are chosen in the place of those that a reader took.

A note lists the other readings of a layer, each with the op that the layer has under it. Choosing
one gives the network with that op; its note then says what was chosen, and lists the reading that
the reader took, as number 0, among the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError, UsageError, unknown_name
from convcost.network.dataclass import replace
from convcost.network.network import Alternative
from convcost.network.tensor import Axis, Tensor
from convcost.ops.input import Input
from convcost.read.reread import HINT, reread

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from convcost.network.network import Layer, Network, Note
    from convcost.network.op import Op


def chosen(networks: Sequence[Network], choices: Mapping[str, int]) -> tuple[Network, ...]:
    """See `convcost.read.with_choices`."""
    places = [_places(network) for network in networks]
    for name in choices:
        if not any(name in found for found in places):
            raise _nothing_to_choose(networks, name, {n for found in places for n in found})
    return tuple(
        _with_readings(
            network, {found[name]: number for name, number in choices.items() if name in found}
        )
        for network, found in zip(networks, places, strict=True)
    )


def _places(network: Network) -> dict[str, int]:
    """Layers that can be read in another way -> which of the notes lists how."""
    found: dict[str, int] = {}
    names = {layer.name for layer in network.layers}
    for place, note in enumerate(network.notes):
        can = any(number is not None for number, _ in note.numbered)
        if can and note.layer is not None and note.layer in names:
            found.setdefault(note.layer, place)
    return found


def _nothing_to_choose(networks: Sequence[Network], name: str, known: set[str]) -> UsageError:
    there = any(layer.name == name for network in networks for layer in network.layers)
    if known and not there:
        return unknown_name("layer with other readings", name, known)
    what = f"layer '{name}' has no other reading" if there else f"there is no layer '{name}'"
    listed = f"those that have: {', '.join(sorted(known))}"
    return UsageError(what, hint=listed if known else "no layer of the source has other readings")


def _with_readings(network: Network, numbers: Mapping[int, int]) -> Network:
    """A network with readings chosen.

    Args:
        network: to change.
        numbers: place of a note -> number of the reading.
    """
    ops: dict[str, Op] = {}
    asked: list[str] = []
    for place, number in numbers.items():
        note = network.notes[place]
        reading = _reading(note, number)
        if reading is None:
            continue
        asked.append(f"reading {number} of '{note.layer}'")
        for name, op in _changes(network, str(note.layer), reading):
            if ops.setdefault(name, op) != op:
                why = f"{network.name}: {' and '.join(asked)} contradict each other about '{name}'"
                raise NetworkError(why, hint=HINT)
    if not ops:
        return network
    notes = (_restated(network, place, numbers, ops) for place in range(len(network.notes)))
    return replace(reread(network, ops, " and ".join(asked)), notes=tuple(notes))


def _reading(note: Note, number: int) -> Alternative | None:
    """The reading of a number; None where it is taken already.

    Raises:
        UsageError: there is none.
    """
    if number == _taken(note):
        return None
    for known, reading in note.numbered:
        if known is not None and known == number:
            return reading
    listed = "; ".join(f"{x}: {each.text}" for x, each in note.numbered if x is not None)
    raise UsageError(f"layer '{note.layer}' has no reading {number}", hint=f"it has {listed}")


def _taken(note: Note) -> int:
    """The number of the reading that a note is about: the first one stands in its place."""
    return next((place for place, x in enumerate(note.alternatives, start=1) if x.first), 0)


def _changes(network: Network, name: str, reading: Alternative) -> Iterator[tuple[str, Op]]:
    """The layers that a reading changes: all calls of the layer, perhaps the input; and their ops.

    Raises:
        NetworkError: the layer is not given an input of the network.
    """
    layer, op = network.layer(name), reading.op
    assert op is not None  # noqa: S101 - it has a number
    for call in _calls(network, layer):
        yield call.name, op
    if reading.input_sizes is None:
        return
    source = _input(network, layer)
    if source is None or len(source.outputs[0].axes) != len(reading.input_sizes):
        why = f"{network.name}: '{name}' is not given the input of this reading: {reading.text}"
        raise NetworkError(why, hint=HINT)
    (tensor,) = source.outputs
    sizes = zip(tensor.axes, reading.input_sizes, strict=True)
    axes = tuple(axis if size is None else Axis(axis.name, size) for axis, size in sizes)
    yield source.name, Input(Tensor(axes, tensor.dtype))


def _calls(network: Network, layer: Layer) -> Iterator[Layer]:
    """A layer, and the other calls of it that are read alike."""
    owner = layer.shared_with or layer.name
    for other in network.layers:
        shared = owner in (other.name, other.shared_with) and other.op == layer.op
        if shared or other.name == layer.name:
            yield other


def _input(network: Network, layer: Layer) -> Layer | None:
    """The input of the network that a layer is given; None where it is given something else."""
    source = network.layer(layer.inputs[0].layer) if layer.inputs else None
    return source if source is not None and isinstance(source.op, Input) else None


def _restated(
    network: Network, place: int, numbers: Mapping[int, int], ops: Mapping[str, Op]
) -> Note:
    """A note, which is about another reading now where its layer is among those that change."""
    note = network.notes[place]
    op = None if note.layer is None else ops.get(note.layer)
    if note.layer is None or op is None or all(number is None for number, _ in note.numbered):
        return note
    layer, number = network.layer(note.layer), numbers.get(place)
    if number is None and layer.op == op:
        return note
    if number is None:
        # another call of a layer whose reading was chosen
        number = next((number for number, each in note.numbered if each.op == op), None)
    source = _input(network, layer)
    sizes = None if source is None else tuple(
        size if isinstance(size, int) else None for size in source.outputs[0].shape
    )  # fmt: skip
    if number is None:
        return _as_other_call(note, layer.op)
    return _about(note, number, layer.op, sizes)


def _as_other_call(note: Note, op: Op) -> Note:
    """A note of a layer that is read as another call of it now, which it does not list."""
    text = "read as another call of this layer"
    if _taken(note):
        return replace(note, text=text)
    first = Alternative(note.text, op, first=note.kind)
    return replace(note, kind="chosen", text=text, alternatives=(*note.alternatives, first))


def _about(note: Note, number: int, op: Op | None, sizes: tuple[int | None, ...] | None) -> Note:
    """A note about another one of its readings.

    Args:
        note: about the reading that the network has.
        number: of the other reading.
        op: that the layer has.
        sizes: of the input that it is given; None where that is another layer's.
    """
    taken = _taken(note)
    if number == taken:
        return note
    if taken:
        first = note.alternatives[taken - 1]
        note = _exchanged(note, taken, op, sizes)
        op, sizes = first.op, first.input_sizes
    return _exchanged(note, number, op, sizes) if number else note


def _exchanged(
    note: Note, number: int, op: Op | None, sizes: tuple[int | None, ...] | None
) -> Note:
    """A note whose reading has changed places with another one."""
    reading = note.alternatives[number - 1]
    left = Alternative(
        note.text,
        op,
        None if reading.input_sizes is None else sizes,
        first=None if reading.first else note.kind,
    )
    alternatives = (*note.alternatives[: number - 1], left, *note.alternatives[number:])
    kind = reading.first or "chosen"
    return replace(note, kind=kind, text=reading.text, alternatives=alternatives)
