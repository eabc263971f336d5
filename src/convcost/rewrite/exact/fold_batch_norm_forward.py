"""Fold BatchNorm into the dense layer or convolution behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from convcost.network.dataclass import replace
from convcost.network.surgery import New
from convcost.rewrite.rewrite import Refused, Rewrite, Site
from convcost.rewrite.shared.affine import of_batch_norm, shifted
from convcost.rewrite.shared.folding import Fold, fold_back, fold_forward, is_batch_norm
from convcost.rewrite.shared.layer import is_trainable, numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from convcost.network.network import Layer, Network
    from convcost.rewrite.rewrite import Kind


class FoldBatchNormForward(Rewrite):
    """A product of scaled and shifted values is one with a scaled kernel and another bias.

    What goes back into the layer before it is left to `fold-batch-norm`.
    """

    name: ClassVar[str] = "fold-batch-norm-forward"
    kind: ClassVar[Kind] = "exact"
    summary: ClassVar[str] = (
        "fold BatchNorm into the dense layer or unpadded convolution behind it, through Flatten"
    )
    law: ClassVar[str] = (
        "always fewer: none of a BatchNorm's 4C numbers is left, a layer without a bias gets one; "
        "one pass over the map less"
    )
    not_in_training: ClassVar[str] = (
        "it fixes the statistics, which training estimates anew in every batch"
    )

    def sites(self, network: Network) -> Iterable[Site | Refused]:
        """The BatchNorm layers."""
        for layer in filter(is_batch_norm, network.layers):
            back = fold_back(network, layer)
            if isinstance(back, Fold):
                why = f"fold-batch-norm folds it into {back.layer}, the layer before it"
                yield Refused(layer=layer.name, why=why)
                continue
            fold = fold_forward(network, layer)
            if isinstance(fold, Refused):
                yield fold
                continue
            yield Site(
                layer=layer.name,
                layers=(layer.name, fold.layer),
                text=f"fold {layer.name} into {fold.layer}",
            )

    def changes(
        self, network: Network, site: Site, size: int | None
    ) -> Mapping[str, Sequence[New]]:
        """The product with other weights; the BatchNorm is gone."""
        del size
        norm, product = map(network.layer, site.layers)
        op: Any = product.op
        folded = New(
            name=product.name,
            op=replace(op, bias=True),
            inputs=product.inputs,
            values=_values(network, norm, product),
            trainable=is_trainable(network, product),
        )
        return {norm.name: (), product.name: (folded,)}


def _values(network: Network, norm: Layer, product: Layer) -> Any:
    """What makes the product's numbers; None where there are none."""
    load, statistics = numbers(network, product), numbers(network, norm)
    if load is None or statistics is None:
        return None
    fold = fold_forward(network, norm)
    tensor = network.tensor(product.inputs[0])

    def values() -> Mapping[str, Any]:
        spread: Any = fold.spread  # type: ignore[union-attr]
        size = tensor.axes[spread.axis].size
        vectors = of_batch_norm(statistics(), norm.op.epsilon)  # type: ignore[attr-defined]
        return shifted(product.op, load(), *(spread.of(vector, size) for vector in vectors))

    return values


REWRITE = FoldBatchNormForward()
