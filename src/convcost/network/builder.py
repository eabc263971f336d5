"""Build a network layer by layer; sizes follow from the ops' own rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.dims import Dim, Expr, Symbol, symbol
from convcost.network.network import Layer, Network, Note, Ref, check_sizes
from convcost.network.parameter import Parameter
from convcost.network.tensor import SPATIAL_AXES, Axis, Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.op import Op

#: The batch axis of a network that is not bound to a batch yet.
BATCH = symbol("N")


class Builder:
    """Collects layers; `build` gives the immutable network.

    >>> from convcost.ops import Conv, Input, window
    >>> b = Builder("one convolution")
    >>> x = b.add(Input(Tensor.of(batch=BATCH, height=32, width=32, channel=3)), name="image")
    >>> x = b.add(Conv(filters=32, windows=window(3, padding="same")), x)
    >>> b.build().layers[-1].outputs[0].shape
    (N, 32, 32, 32)
    """

    def __init__(self, name: str, *, framework: str | None = None) -> None:
        self.name = name
        self.framework = framework
        self._layers: dict[str, Layer] = {}
        self._table: dict[str, Parameter] = {}
        self._sizes: dict[Dim, Expr] = {}
        self._numbers: dict[str, int] = {}

    def add(
        self,
        op: Op,
        *inputs: Ref,
        name: str | None = None,
        shared_with: str | None = None,
        trainable: bool = True,
        line: int | None = None,
    ) -> Ref:
        """Append a call of an op and return its first output.

        Args:
            op: what to compute.
            inputs: outputs of earlier layers.
            name: default: the op's kind, numbered.
            shared_with: an earlier layer whose parameters this call uses again.
            trainable: False where the layer is frozen.
            line: where the source mentions it.

        Raises:
            NetworkError: the inputs do not fit, or the name is taken.
        """
        name = name or self._free_name(op.kind)
        if name in self._layers:
            raise NetworkError(f"two layers are named '{name}'")
        tensors = tuple(self.tensor(ref) for ref in inputs)
        try:
            outputs = tuple(self._with_named_sizes(t) for t in op.outputs(*tensors))
            weights = op.weights(*tensors)
        except NetworkError as error:
            raise NetworkError(f"layer '{name}': {error.message}", hint=error.hint) from None
        check_sizes(name, outputs)
        if shared_with is None:
            ids = tuple(f"{name}/{weight.name}" for weight in weights)
            for id_, w in zip(ids, weights, strict=True):
                self._table[id_] = Parameter(
                    id_, w.shape, learned=w.learned, trainable=trainable and w.learned
                )
        else:
            ids = self._layers[shared_with].parameters
        self._layers[name] = Layer(name, op, inputs, outputs, ids, shared_with, line)
        return Ref(name)

    def tensor(self, ref: Ref) -> Tensor:
        """The tensor that a reference stands for."""
        try:
            return self._layers[ref.layer].outputs[ref.output]
        except (KeyError, IndexError):
            raise NetworkError(
                f"there is no output {ref.output} of a layer '{ref.layer}'"
            ) from None

    def build(
        self,
        outputs: Sequence[Ref] | None = None,
        *,
        notes: Sequence[Note] = (),
        missing: Sequence[str] = (),
    ) -> Network:
        """The network; its outputs default to the tensors that no layer takes."""
        if outputs is None:
            taken = {ref for layer in self._layers.values() for ref in layer.inputs}
            refs = (Ref(x.name, i) for x in self._layers.values() for i in range(len(x.outputs)))
            outputs = [ref for ref in refs if ref not in taken]
        return Network(
            name=self.name,
            layers=tuple(self._layers.values()),
            table=self._table,
            outputs=tuple(outputs),
            notes=tuple(notes),
            framework=self.framework,
            missing=tuple(missing),
        )

    def _free_name(self, kind: str) -> str:
        while True:
            self._numbers[kind] = number = self._numbers.get(kind, 0) + 1
            if f"{kind}_{number}" not in self._layers:
                return f"{kind}_{number}"

    def _with_named_sizes(self, tensor: Tensor) -> Tensor:
        """Give each computed spatial size a name, so that formulas after it stay readable."""
        if all(isinstance(axis.size, int) for axis in tensor.axes):
            return tensor
        return Tensor(tuple(self._with_named_size(axis) for axis in tensor.axes), tensor.dtype)

    def _with_named_size(self, axis: Axis) -> Axis:
        size = axis.size
        if axis.name not in SPATIAL_AXES or isinstance(size, int) or _is_symbol(size):
            return axis
        if size not in self._sizes:
            count = len(self._sizes) + 1
            self._sizes[size] = symbol("M" if count == 1 else f"M{count}", definition=size)
        return Axis(axis.name, self._sizes[size])


def _is_symbol(size: Expr) -> bool:
    return len(size.order) == 1 and isinstance(size.order[0], Symbol) and str(size).isidentifier()
