"""Where the layers of a Keras model stand while it is written out: names, tensors, statements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.builder import BATCH
from convcost.network.dims import symbol
from convcost.network.tensor import DTYPE_BYTES, Axis, Tensor
from convcost.read.axis_names import axis_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.dims import Dim
    from convcost.network.network import Ref
    from convcost.read.keras.config import LayerCall, ModelConfig, TensorRef, TensorSpec


class Scope:
    """One call of a model.

    Args:
        model: its layers.
        name: what stands before their names; empty for the whole network.
        key: the same, whichever call of the model it is.
        place: path of the model among the network's modules, and which call of it this is.
        trainable: False within a frozen model.
    """

    def __init__(
        self,
        model: ModelConfig,
        name: str = "",
        key: str = "",
        place: tuple[str, int] = ("", 0),
        *,
        trainable: bool = True,
    ) -> None:
        self.model = model.with_input_layers()
        self.name = name
        self.key = key
        self.path, self.number = place
        self.trainable = trainable
        #: the tensors that exist by now
        self.refs: dict[TensorRef, Ref] = {}
        self._specs: dict[tuple[str, int], dict[int, TensorSpec]] = {}
        for (layer, number, output), spec in model.specs.items():
            self._specs.setdefault((layer, number), {})[output] = spec
        self._most: dict[tuple[str, int], int] = {}
        read = [ref for x in model.layers for call in x.calls for ref in call.inputs]
        for layer, number, output in (*read, *model.outputs):
            self._most[layer, number] = max(output, self._most.get((layer, number), 0))

    def specs(self, layer: str, number: int) -> dict[int, TensorSpec]:
        """What the source states about the outputs of a call."""
        return self._specs.get((layer, number), {})

    def outputs(self, layer: str, number: int) -> int:
        """How many outputs of a call are read."""
        return self._most.get((layer, number), 0) + 1

    def inputs(self, layer: str, call: LayerCall) -> list[Ref]:
        """The tensors that a call reads.

        Raises:
            NetworkError: the layer that should make one has fewer outputs.
        """
        for ref in call.inputs:
            if ref not in self.refs:
                raise NetworkError(
                    f"layer {layer!r:.80} reads output {ref[2]} of {ref[0]!r:.80}, which has fewer"
                )
        return [self.refs[ref] for ref in call.inputs]


def stated_tensor(
    shape: Sequence[int | None],
    *,
    channels_first: bool,
    dtype: object = None,
    like: Sequence[Tensor] = (),
) -> Tensor:
    """A tensor of a stated shape, the batch axis included.

    Args:
        shape: sizes; an open one has that of a tensor in `like`, or becomes a symbol.
        channels_first: the order of the axes.
        dtype: float32 where it is not stated, or not known.
        like: tensors of the same number of axes.
    """
    names = axis_names(len(shape), channels_first=channels_first)
    model = next((tensor for tensor in like if len(tensor.axes) == len(shape)), None)
    axes = [Axis("batch", BATCH)] if shape else []
    for position, (name, size) in enumerate(zip(names, shape, strict=True)):
        if position == 0:
            continue
        open_size: Dim = symbol(name or f"axis_{position}")
        if model is not None:
            open_size = model.axes[position].size
        axes.append(Axis(name, open_size if size is None else size))
    known = isinstance(dtype, str) and dtype in DTYPE_BYTES
    return Tensor(tuple(axes), dtype if known else "float32")  # type: ignore[arg-type]
