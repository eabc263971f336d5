"""Fold BatchNorm into the convolution or dense layer before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from convcost.network.dataclass import replace
from convcost.network.surgery import New
from convcost.rewrite.rewrite import Refused, Rewrite, Site
from convcost.rewrite.shared.affine import of_batch_norm, scaled
from convcost.rewrite.shared.folding import fold_back, is_batch_norm
from convcost.rewrite.shared.layer import is_trainable, numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from convcost.network.network import Network
    from convcost.rewrite.rewrite import Kind


class FoldBatchNorm(Rewrite):
    """``BN(conv(x))`` is a convolution with a scaled kernel and another bias.

    Where the convolution has no bias it gets one.
    """

    name: ClassVar[str] = "fold-batch-norm"
    kind: ClassVar[Kind] = "exact"
    summary: ClassVar[str] = "fold BatchNorm into the convolution or dense layer before it"
    law: ClassVar[str] = (
        "always fewer: of a BatchNorm's 4C numbers (3C without gamma or beta) none is left, a "
        "convolution without a bias gets C; one pass over the map less where the runtime does not "
        "fold it itself"
    )
    not_in_training: ClassVar[str] = (
        "it fixes the statistics, which training estimates anew in every batch"
    )

    def sites(self, network: Network) -> Iterable[Site | Refused]:
        """The BatchNorm layers."""
        for layer in filter(is_batch_norm, network.layers):
            fold = fold_back(network, layer)
            if isinstance(fold, Refused):
                yield fold
                continue
            yield Site(
                layer=layer.name,
                layers=(fold.layer, layer.name),
                text=f"fold {layer.name} into {fold.layer}",
            )

    def changes(
        self, network: Network, site: Site, size: int | None
    ) -> Mapping[str, Sequence[New]]:
        """The product with other weights; the BatchNorm is gone."""
        del size
        product, norm = map(network.layer, site.layers)
        op: Any = product.op
        load, statistics = numbers(network, product), numbers(network, norm)
        epsilon = norm.op.epsilon  # type: ignore[attr-defined]

        def values() -> Mapping[str, Any]:
            assert load is not None  # noqa: S101 - for types
            assert statistics is not None  # noqa: S101 - for types
            return scaled(op, load(), *of_batch_norm(statistics(), epsilon))

        folded = New(
            name=product.name,
            op=replace(op, bias=True),
            inputs=product.inputs,
            values=None if load is None or statistics is None else values,
            trainable=is_trainable(network, product),
        )
        return {product.name: (folded,), norm.name: ()}


REWRITE = FoldBatchNorm()
