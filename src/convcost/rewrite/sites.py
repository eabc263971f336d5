"""Where a rewrite is done: which places are alike, which are in each other's way."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING

from convcost.errors import NetworkError, UsageError
from convcost.rewrite.rewrite import Refused, Site

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from convcost.network.network import Network
    from convcost.rewrite.rewrite import Rewrite


@dataclass(frozen=True, slots=True)
class Sites:
    """What a rewrite says of a network.

    Attributes:
        sites: where it can be done.
        refused: what looks like a place and is none.
    """

    sites: tuple[Site, ...]
    refused: tuple[Refused, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """A network after a rewrite.

    Attributes:
        network: the new one.
        sites: the places where it was done, with their sizes.
        refused: where it was not, and why.
    """

    network: Network
    sites: Mapping[Site, int | None]
    refused: tuple[Refused, ...]


def sites_of(
    network: Network, rewrite: Rewrite, *, training: bool = False, pattern: str | None = None
) -> Sites:
    """Where a rewrite can be done.

    Args:
        network: to be rewritten.
        rewrite: the way.
        training: whether the network is trained on, which some rewrites are wrong for.
        pattern: of names of layers (``conv*``), one of which a place has to have; None for any.
    """
    found = tuple(each for each in rewrite.sites(network) if _fits(each, pattern))
    if training and rewrite.not_in_training:
        why = f"the network is to be trained: {rewrite.not_in_training}"
        return Sites((), tuple(Refused(layer=each.layer, why=why) for each in found))
    sites = tuple(each for each in found if isinstance(each, Site))
    return Sites(sites, tuple(each for each in found if isinstance(each, Refused)))


def groups(network: Network, rewrite: Rewrite, sites: Iterable[Site]) -> list[list[Site]]:
    """The sites that are one candidate together.

    All of an exact rewrite; else those that are alike, and not in each other's way: the same ops on
    tensors of the same sizes, with the same choice.
    """
    found: dict[object, list[list[Site]]] = {}
    for site in sites:
        if rewrite.kind == "exact":
            found.setdefault(None, [[]])[0].append(site)
            continue
        alike = found.setdefault(_key(network, site), [])
        group = next((each for each in alike if not any(_touch(site, one) for one in each)), None)
        if group is None:
            alike.append([site])
        else:
            group.append(site)
    return [group for alike in found.values() for group in alike]


def done(
    network: Network,
    rewrite: Rewrite,
    wanted: Mapping[str, int | None],
    *,
    there: Sites | None = None,
    training: bool = False,
    pattern: str | None = None,
) -> Done:
    """The network after a rewrite at several places.

    Places that are not in each other's way are rewritten at once, the others one after the other;
    an exact rewrite goes on as long as it finds a place, since one may make another possible.

    Args:
        network: to be rewritten.
        rewrite: the way.
        wanted: names of the places, with their sizes.
        there: the places of the network, where they are known.
        training: as in `sites_of`, by which places are found anew once others have changed the
            network.
        pattern: likewise.

    Raises:
        NetworkError: something does not fit behind a change.
    """
    sizes: dict[Site, int | None] = {}
    refused: dict[str, Refused] = {}
    more = rewrite.kind == "exact"
    again = partial(sites_of, rewrite=rewrite, training=training, pattern=pattern)
    found = there or again(network)
    while True:
        settled = {site.layer for site in sizes} | refused.keys()
        chosen: dict[Site, int | None] = {}
        for site in found.sites:
            if site.layer in settled or not (more or site.layer in wanted):
                continue
            if any(_touch(site, other) for other in chosen):
                continue
            size = wanted.get(site.layer)
            why = _impossible(network, rewrite, site, size)
            if why is None:
                chosen[site] = size
            else:
                refused[site.layer] = Refused(layer=site.layer, why=why)
        if not chosen:
            break
        network = rewrite.rewritten(network, chosen)
        sizes.update(chosen)
        if not more and wanted.keys() <= {site.layer for site in sizes} | refused.keys():
            break
        found = again(network)
    for each in found.refused if more else ():
        refused.setdefault(each.layer, each)
    for name in wanted.keys() - {site.layer for site in sizes} - refused.keys():
        refused[name] = Refused(layer=name, why="it is none any more after the other places")
    return Done(network, sizes, tuple(refused.values()))


def _impossible(network: Network, rewrite: Rewrite, site: Site, size: int | None) -> str | None:
    """Why a size that was asked for is not possible at a place."""
    try:
        rewrite.changes(network, site, size)
    except (NetworkError, UsageError) as error:
        return error.message
    return None


def _fits(each: Site | Refused, pattern: str | None) -> bool:
    names = (each.layer, *(each.layers if isinstance(each, Site) else ()))
    return pattern is None or any(fnmatchcase(name, pattern) for name in names)


def _touch(a: Site, b: Site) -> bool:
    """Whether both change the same layer."""
    return not {a.layer, *a.layers}.isdisjoint({b.layer, *b.layers})


def _key(network: Network, site: Site) -> object:
    layers = [network.layer(name) for name in site.layers]
    ops = tuple(layer.op for layer in layers)
    tensors = tuple(network.tensor(ref) for layer in layers for ref in layer.inputs)
    return ops, tensors, site.sizes
