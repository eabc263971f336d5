"""A network with some of its layers read in another way, checked against what the source prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.builder import SENSELESS, senseless
from convcost.network.dataclass import replace
from convcost.network.dims import summed
from convcost.network.edit import edited

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from convcost.network.dims import Dim
    from convcost.network.module import Module
    from convcost.network.network import Layer, Network
    from convcost.network.op import Op

HINT = "leave the choice out, or choose another reading"


def reread(network: Network, ops: Mapping[str, Op], asked: str) -> Network:
    """The network with other ops; sizes behind them follow where the source does not print them.

    Args:
        network: as it was read.
        ops: layer -> what it does.
        asked: what is chosen, for errors.

    Raises:
        NetworkError: an op does not fit what it is applied to, or contradicts the source.
    """
    try:
        found = edited(network, ops)
        for name in ops:
            layer = found.layer(name)
            layer.op.cost("forward", found.call(layer))
    except NetworkError as error:
        raise NetworkError(
            f"{network.name}: {asked} does not fit: {error.message}", hint=HINT
        ) from None
    except SENSELESS as error:
        why = senseless(error).message
        raise NetworkError(f"{network.name}: {asked} does not fit: {why}", hint=HINT) from None
    pairs = list(zip(network.layers, found.layers, strict=True))
    for old, new in pairs:
        why = _contradiction(network, old, found, new)
        if why:
            raise NetworkError(f"{network.name}: {asked} contradicts {why}", hint=HINT)
    return replace(
        found,
        layers=tuple(replace(new, origin=old.origin) for old, new in pairs),
        # the source's own times are of its layers, however these are read
        measured=network.measured,
        modules=tuple(_modules(network, found)),
    )


def _contradiction(before: Network, old: Layer, after: Network, new: Layer) -> str:
    """What the source prints of a layer, and would not be so; empty where there is nothing."""
    if old.line is None:
        return ""
    where = f"line {old.line}: '{old.name}' would"
    shapes = [[tensor.shape for tensor in layer.outputs] for layer in (old, new)]
    ranks = [[len(shape) for shape in each] for each in shapes]
    sizes = ([size for shape in each for size in shape] for each in shapes)
    if ranks[0] != ranks[1] or any(map(_differ, *sizes)):
        given = (" and ".join(map(str, layer.outputs)) for layer in (new, old))
        return f"{where} give {', not '.join(given)}"
    stored = [summed(net.table[id_].elements for id_ in layer.parameters)
              for net, layer in ((before, old), (after, new))]  # fmt: skip
    return f"{where} have {stored[1]} parameters, not {stored[0]}" if _differ(*stored) else ""


def _differ(was: Dim, now: Dim) -> bool:
    """Whether sizes are known to differ."""
    return isinstance(was, int) and isinstance(now, int) and was != now


def _modules(before: Network, after: Network) -> Iterator[Module]:
    """The source's modules with the parameters that their layers have now."""
    now: dict[str, tuple[str, ...]] = {}
    for old, new in zip(before.layers, after.layers, strict=True):
        if old.parameters == new.parameters or old.shared_with is not None:
            continue
        gone = [id_ for id_ in old.parameters if before.table[id_].learned]
        now |= dict.fromkeys(gone, ())
        now |= dict.fromkeys(gone[:1], tuple(x for x in new.parameters if after.table[x].learned))
    for module in before.modules:
        held = tuple(new for id_ in module.parameters for new in now.get(id_, (id_,)))
        yield replace(module, parameters=held)
