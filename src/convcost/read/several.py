"""Networks of several sources together: their names, the sizes that they leave open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.dataclass import dataclass, replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.network import Network

#: Sizes to propose: those of most published image classifiers.
_USUAL_SIZE, _USUAL_CHANNELS = 224, 3


@dataclass(frozen=True, slots=True)
class OpenSize:
    """A size that a network leaves open.

    Attributes:
        name: of the size.
        what: where it is first met, in words: ``height of input_1``; empty where it is no axis.
        usual: a value to propose; None for what has none, such as a kernel.
    """

    name: str
    what: str
    usual: int | None


def told_apart(found: Sequence[tuple[str, Sequence[Network]]]) -> list[Network]:
    """All networks, called by their sources where several have the same name.

    Args:
        found: of each source what it is called, and its networks.
    """
    names = [network.name for _, read in found for network in read]
    taken: dict[str, int] = {}
    networks: list[Network] = []
    for stem, read in found:
        alike = any(names.count(network.name) > 1 for network in read)
        for number, network in enumerate(read, start=1):
            name = network.name
            if alike:
                name = f"{stem}#{number}" if len(read) > 1 else stem
            taken[name] = taken.get(name, 0) + 1
            name = f"{name} ({taken[name]})" if taken[name] > 1 else name
            networks.append(replace(network, name=name))
    return networks


def open_sizes(network: Network) -> tuple[OpenSize, ...]:
    """The sizes that a network leaves open, by name; the batch is none of them."""
    from convcost.network.builder import BATCH
    from convcost.network.dims import free_symbols

    left_open = sorted(network.symbols - {str(BATCH)})
    if not left_open:
        return ()
    of_inputs: dict[str, OpenSize] = {}
    others: dict[str, str] = {}
    for layer in network.layers:
        for axis in (axis for tensor in layer.outputs for axis in tensor.axes):
            what = f"{axis.name or 'a size'} of {layer.name}"
            for name in free_symbols(axis.size):
                others.setdefault(name, what)
                if layer.op.kind == "input":
                    usual = _USUAL_CHANNELS if axis.name == "channel" else _USUAL_SIZE
                    of_inputs.setdefault(name, OpenSize(name, what, usual))
    return tuple(
        of_inputs.get(name) or OpenSize(name, others.get(name, ""), None) for name in left_open
    )
