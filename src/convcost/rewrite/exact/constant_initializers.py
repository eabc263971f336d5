"""Make the weights of an ONNX file constants that its caller cannot replace."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.dataclass import replace
from convcost.rewrite.rewrite import Refused, Rewrite, Site

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from convcost.network.network import Network
    from convcost.network.surgery import New
    from convcost.rewrite.rewrite import Kind


class ConstantInitializers(Rewrite):
    """Stored tensors that are graph inputs as well become constants.

    A runtime then knows that they stay: it can fold BatchNorm and repack weights once.
    """

    name: ClassVar[str] = "constant-initializers"
    kind: ClassVar[Kind] = "exact"
    summary: ClassVar[str] = "stored tensors that a caller may replace become constants"
    law: ClassVar[str] = (
        "costs nothing; ONNX Runtime folds and packs constants only: three face detectors took "
        "1.30, 1.53 and 1.09 ms in place of 3.86, 4.03 and 3.42 ms (onnxruntime 1.31, one thread)"
    )
    not_predicted: ClassVar[str] = (
        "a runtime can then fold BatchNorm and repack the weights once, which predictions take for "
        "granted: --verify measures it"
    )

    def sites(self, network: Network) -> Iterable[Site | Refused]:
        """One for the whole network."""
        overridable = {id_ for id_, parameter in network.table.items() if parameter.overridable}
        layers = tuple(x.name for x in network.layers if not overridable.isdisjoint(x.parameters))
        if layers:
            what = f"{len(overridable):,} of {len(network.table):,} stored tensors"
            yield Site(layer=layers[0], layers=layers, text=f"make {what} constants")

    def changes(
        self, network: Network, site: Site, size: int | None
    ) -> Mapping[str, Sequence[New]]:
        """Nothing: layers stay as they are."""
        del network, site, size
        return {}

    def rewritten(self, network: Network, sites: Mapping[Site, int | None]) -> Network:
        """The same layers; their parameters stay."""
        del sites
        table = {id_: replace(each, overridable=False) for id_, each in network.table.items()}
        return replace(network, table=table)


REWRITE = ConstantInitializers()
