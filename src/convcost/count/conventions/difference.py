"""Another tool's count of a network, beside ours, with the reason for every difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.count.conventions.convention import Charge
from convcost.count.conventions.registry import convention
from convcost.count.conventions.sites import number, sites
from convcost.count.ledger import costs
from convcost.count.prepare import prepared
from convcost.count.workload import Workload
from convcost.network.builder import BATCH
from convcost.network.dataclass import dataclass, replace
from convcost.network.dims import free_symbols, summed
from convcost.ops.unknown import Unknown
from convcost.result import Result

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcost.count.conventions.convention import Convention, Site
    from convcost.count.ledger import LayerCost
    from convcost.network.network import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerDifference:
    """One layer by both counts, in the tool's unit.

    Attributes:
        name: the layer's.
        op: the kind of its op.
        ours: by our count; None where we have no rule.
        theirs: by the tool's; None where it ends with an error, or where it cannot be told.
        because: why they differ, or why one is not known; empty where they agree.
        fault: whether that is a known fault of the tool.
    """

    name: str
    op: str
    ours: int | None
    theirs: int | None
    because: str = ""
    fault: bool = False

    @property
    def difference(self) -> int:
        """Theirs less ours; what is not known is missing from its sum, and counts 0."""
        return (self.theirs or 0) - (self.ours or 0)

    @property
    def differs(self) -> bool:
        """Whether there is something to explain."""
        return self.ours is None or self.ours != self.theirs

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract."""
        return {
            "name": self.name,
            "op": self.op,
            "ours": self.ours,
            "theirs": self.theirs,
            "because": self.because,
            "fault": self.fault,
        }


@dataclass(frozen=True, slots=True)
class Cause:
    """A reason and what it makes out.

    Attributes:
        because: the reason.
        layers: whom it concerns.
        difference: theirs less ours, summed over these layers.
        fault: whether it is a known fault of the tool.
    """

    because: str
    layers: tuple[str, ...]
    difference: int
    fault: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract."""
        return {
            "because": self.because,
            "layers": list(self.layers),
            "difference": self.difference,
            "fault": self.fault,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherCount(Result):
    """What another tool says about a network, for the whole batch.

    Attributes:
        source: the network's name.
        convention: how the tool counts.
        workload: what was asked.
        ours: our MACs, in the tool's unit.
        operations: the tool's figure: the sum over the layers.
        our_parameters: ours; None where sizes are not known.
        parameters: the tool's.
        activations: the tool's, where it counts them: values computed by products.
        layers: every layer by both counts.
        missing: parts of the source that are known to be lost: both counts lack them.
        plain: whether layers were charged as if written with the tool's framework, since the source
            does not say what it calls them.
    """

    source: str
    convention: Convention
    workload: Workload
    ours: int
    operations: int
    our_parameters: int | None
    parameters: int | None
    activations: int | None
    layers: tuple[LayerDifference, ...]
    missing: tuple[str, ...] = ()
    plain: bool = False

    @property
    def per_mac(self) -> int:
        """The tool's units in a multiply-accumulate."""
        return _PER_MAC[self.convention.unit]

    @property
    def our_macs(self) -> int:
        """Our multiply-accumulates."""
        return self.ours // self.per_mac

    @property
    def complete(self) -> bool:
        """Whether both counts contain everything."""
        known = (x.ours is not None and x.theirs is not None for x in self.layers)
        return not self.missing and all(known)

    @property
    def causes(self) -> tuple[Cause, ...]:
        """The reasons, the largest first; their differences add up to theirs less ours."""
        grouped: dict[tuple[str, bool], list[LayerDifference]] = {}
        for layer in self.layers:
            if layer.differs:
                grouped.setdefault((layer.because, layer.fault), []).append(layer)
        found = (
            Cause(because, tuple(x.name for x in rows), sum(x.difference for x in rows), fault)
            for (because, fault), rows in grouped.items()
        )
        return tuple(sorted(found, key=lambda cause: -abs(cause.difference)))

    def __repr__(self) -> str:
        tool = f"{self.convention.name} {self.convention.version}".rstrip()
        what = f"{self.operations:,} {self.convention.says}, ours {self.ours:,}"
        return f"<{tool} on {self.source}: {what} at batch {self.workload.batch}>"

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract; ``macs`` are ours, ``ours`` the same in its unit."""
        return {
            "tool": self.convention.name,
            "version": self.convention.version,
            "unit": self.convention.unit,
            "says": self.convention.says,
            "operations": self.operations,
            "ours": self.ours,
            "macs": self.our_macs,
            "parameters": self.parameters,
            "our_parameters": self.our_parameters,
            "activations": self.activations,
            "complete": self.complete,
            "layers": [layer.to_dict() for layer in self.layers],
            "causes": [cause.to_dict() for cause in self.causes],
        }


_PER_MAC = {"MAC": 1, "FLOP": 2}


def count_as(network: Network, tool: str, workload: Workload | None = None) -> OtherCount:
    """Count a network as another tool does.

    Args:
        network: what to count.
        tool: a name of `convcost.count.conventions.registry.conventions`.
        workload: as in `convcost.count.count`, of which the forward pass alone is counted; default:
            one sample, inference.

    Raises:
        UsageError: there is no such tool.

    >>> from convcost.zoo import load
    >>> other = count_as(load("seed000"), "fvcore")
    >>> other.operations, other.ours, [cause.difference for cause in other.causes]
    (1474560, 2293760, [-884736, 65536])
    """
    theirs = convention(tool)
    workload = workload or Workload()
    network = prepared(network, workload)
    if network.framework != theirs.framework:
        network = _foreign(network)
    bound = network.bind({str(BATCH): workload.batch})
    known = costs(bound, workload.mode)
    found = sites(bound, workload.mode)
    rows = tuple(_row(site, cost, theirs) for site, cost in zip(found, known, strict=True))
    elements = summed(p.elements for p in bound.table.values() if p.learned)
    own = elements if isinstance(elements, int) else None
    counted = [site for site, row in zip(found, rows, strict=True) if row.theirs is not None]
    return OtherCount(
        source=network.name,
        convention=theirs,
        workload=workload,
        ours=sum(row.ours or 0 for row in rows),
        operations=sum(row.theirs or 0 for row in rows),
        our_parameters=own,
        parameters=own if own is None or theirs.parameters is None else theirs.parameters(bound),
        activations=_activations(counted, theirs),
        layers=rows,
        missing=network.missing,
        plain=not any(layer.origin is not None for layer in network.layers),
    )


def _foreign(network: Network) -> Network:
    """The network without what its own framework calls its parts."""
    layers = tuple(replace(layer, origin=None) for layer in network.layers)
    return replace(network, layers=layers, modules=())


def _row(site: Site, known: LayerCost, theirs: Convention) -> LayerDifference:
    macs = None if known.cost is None else number(known.cost.macs)
    ours = None if macs is None else macs * _PER_MAC[theirs.unit]
    charge = _charge(site, known, theirs)
    other = charge.operations if charge.known else None
    missing = None if known.why is None else f"convcost has no figure: {known.why}"
    row = LayerDifference(
        name=site.layer.name,
        op=site.layer.op.kind,
        ours=ours,
        theirs=other,
        because="; ".join(filter(None, (missing, charge.because))),
        fault=charge.fault,
    )
    return row if row.differs else replace(row, because="", fault=False)


def _charge(site: Site, known: LayerCost, theirs: Convention) -> Charge:
    """The tool's charge, where the sizes and the kind of the layer are known well enough."""
    tensors = (*site.call.inputs, *site.call.outputs)
    if free_symbols(*(size for tensor in tensors for size in tensor.shape)):
        # what touches no data costs nothing at any size
        return Charge(0, known=known.cost is not None)
    if isinstance(site.layer.op, Unknown) and site.layer.origin is None:
        return Charge(0, known=False)
    return theirs.charge(site)


def _activations(counted: Iterable[Site], theirs: Convention) -> int | None:
    if theirs.activations is None:
        return None
    return sum(theirs.activations(site) for site in counted)
