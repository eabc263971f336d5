"""Take out layers that return what they take."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.network import Ref
from convcost.ops.activation import Activation
from convcost.ops.crop import Cropping
from convcost.ops.input import Input
from convcost.ops.merge import Concatenate, Merge
from convcost.ops.pad import ZeroPadding
from convcost.ops.permute import Permute
from convcost.ops.pool import AdaptivePool, GlobalPool, Pool
from convcost.ops.preparation import Rescaling
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten, Reshape
from convcost.ops.resize import Upsample
from convcost.rewrite.rewrite import Refused, Rewrite, Site

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from convcost.network.network import Layer, Network
    from convcost.network.surgery import New
    from convcost.network.tensor import Tensor
    from convcost.rewrite.rewrite import Kind


class DropIdentities(Rewrite):
    """Take out layers that return what they take at inference.

    - A place has one input and one result of the same shape, and an op whose result is its input:
      identities, dropout, linear activations, windows of one position, empty paddings.
    - Where the source says that the layer does more than is kept here, it stays.
    - Where it calls the axes otherwise, it stays: what follows asks for them by name.
    - Where the network returns the layer and its input, it returns the input twice.
    - Where only such layers lie between an input of the network and a result of it, one stays: a
      network returns no input of its own.
    """

    name: ClassVar[str] = "drop-identities"
    kind: ClassVar[Kind] = "exact"
    summary: ClassVar[str] = (
        "take out what does nothing at inference: dropout, identities, 1x1 poolings"
    )
    law: ClassVar[str] = "a launch less for each, and a copy of the map where the runtime makes one"
    not_in_training: ClassVar[str] = "training needs the dropout that it takes out"

    def sites(self, network: Network) -> Iterable[Site | Refused]:
        """The layers that return their input."""
        #: what is read in the place of layers that go
        instead: dict[Ref, Ref] = {}
        for layer in network.layers:
            if len(layer.inputs) != 1 or len(layer.outputs) != 1:
                continue
            ref, result = layer.inputs[0], Ref(layer.name)
            ref = instead.get(ref, ref)
            tensor = network.tensor(ref)
            if not _is_identity(layer, tensor):
                continue
            if layer.unkept is not None:
                why = f"{layer.unkept}: the network does not keep this"
                yield Refused(layer=layer.name, why=why)
            elif tensor != layer.outputs[0]:
                why = f"what it gives is called otherwise: {layer.outputs[0]}, not {tensor}"
                yield Refused(layer=layer.name, why=why)
            elif result in network.outputs and isinstance(network.layer(ref.layer).op, Input):
                why = f"the network would return its input '{ref.layer}'"
                yield Refused(layer=layer.name, why=why)
            else:
                instead[result] = ref
                text = f"take out {layer.name} ({layer.op.kind})"
                yield Site(layer=layer.name, layers=(layer.name,), text=text)

    def changes(
        self, network: Network, site: Site, size: int | None
    ) -> Mapping[str, Sequence[New]]:
        """The layer is gone."""
        del network, size
        return {site.layer: ()}


def _is_identity(layer: Layer, tensor: Tensor) -> bool:
    """Whether a layer of one input returns that input's values, in the same shape."""
    if tensor.shape != layer.outputs[0].shape:
        return False  # so that what is left of poolings and resizing has windows and factors of one
    match layer.op:
        case Dropout() | Activation("linear") | Flatten() | Reshape() | Merge() | Concatenate():
            return True
        case Permute(order):
            return list(order) == sorted(order)
        case Pool() as op:
            return all(
                w.kernel == w.stride == 1 and not any(w.pads(tensor.size(w.axis)))
                for w in op.windows
            )
        case ZeroPadding(amounts) | Cropping(amounts):
            return not any(before or after for _, before, after in amounts)
        case GlobalPool() | AdaptivePool() | Upsample():
            return True
        case Rescaling(scale=1, offset=0):
            return True
    return False


REWRITE = DropIdentities()
