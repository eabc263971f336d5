"""Build a network layer by layer; sizes follow from the ops' own rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from convcost.errors import NetworkError
from convcost.network.dims import Dim, Expr, Symbol, product, symbol
from convcost.network.network import Layer, Network, Note, Ref, check_sizes, naming
from convcost.network.parameter import Parameter
from convcost.network.tensor import SPATIAL_AXES, Axis, Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.op import Op
    from convcost.network.parameter import Weight

#: What an op gives for its inputs: the tensors that it computes, the parameters that it needs.
Applied: TypeAlias = "tuple[tuple[Tensor, ...], tuple[Weight, ...]]"

#: What an op's rule runs into where its attributes make no sense: a source may state any values.
SENSELESS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

#: The batch axis of a network that is not bound to a batch yet.
BATCH = symbol("N")


class Builder:
    """Collects layers; `build` gives the immutable network.

    >>> from convcost.ops.conv import Conv
    >>> from convcost.ops.input import Input
    >>> from convcost.ops.window import window
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
        self._taken = {str(BATCH)}
        self._numbers: dict[str, int] = {}
        self._named_sizes = 0

    def add(
        self,
        op: Op,
        *inputs: Ref,
        name: str | None = None,
        shared_with: str | None = None,
        trainable: bool = True,
        line: int | None = None,
        unkept: str | None = None,
        applied: Applied | None = None,
    ) -> Ref:
        """Append a call of an op and return its first output.

        Args:
            op: what to compute.
            inputs: outputs of earlier layers.
            name: default: the op's kind, numbered.
            shared_with: an earlier layer whose parameters this call uses again.
            trainable: False where the layer is frozen.
            line: where the source mentions it.
            unkept: see `Layer`.
            applied: what the op gives for these inputs, where the caller has asked it already.

        Raises:
            NetworkError: the inputs do not fit, or the name is taken.
        """
        name = name or self._free_name(op.kind)
        if name in self._layers:
            raise NetworkError(f"two layers are named '{name}'")
        with naming(name):
            if applied is None:
                tensors = [self.tensor(ref) for ref in inputs]
                check_arity(op, len(inputs))
                applied = op.outputs(*tensors), op.weights(*tensors)
            results, weights = applied
            outputs = tuple([self._with_named_sizes(tensor) for tensor in results])
            shared_with = self._first_call(shared_with, weights)
        if shared_with is None:
            ids = tuple([f"{name}/{weight.name}" for weight in weights])
        else:
            ids = self._layers[shared_with].parameters
        layer = Layer(name, op, inputs, outputs, ids, shared_with, line, unkept=unkept)
        check_sizes(layer)
        if shared_with is None:
            for id_, w in zip(ids, weights, strict=True):
                self._table[id_] = Parameter(
                    id_, w.shape, learned=w.learned, trainable=trainable and w.learned
                )
        self._layers[name] = layer
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
            table=dict(self._table),
            outputs=tuple(outputs),
            notes=tuple(notes),
            framework=self.framework,
            missing=tuple(missing),
        )

    def _first_call(self, shared_with: str | None, weights: Sequence[Weight]) -> str | None:
        """The layer that added the parameters which a later call uses again."""
        if shared_with is None:
            return None
        layer = self._layers.get(shared_with)
        if layer is None:
            raise NetworkError(f"there is no layer '{shared_with}' to share parameters with")
        there = [self._table[id_].elements for id_ in layer.parameters]
        here = [product(weight.shape) for weight in weights]
        known = all(isinstance(elements, int) for elements in (*there, *here))
        if len(here) != len(there) or (known and here != there):
            raise NetworkError(f"it needs other parameters than '{shared_with}', which it shares")
        return layer.shared_with or layer.name

    def _free_name(self, kind: str) -> str:
        while True:
            self._numbers[kind] = number = self._numbers.get(kind, 0) + 1
            if f"{kind}_{number}" not in self._layers:
                return f"{kind}_{number}"

    def _with_named_sizes(self, tensor: Tensor) -> Tensor:
        """Give each computed spatial size a name, so that formulas after it stay readable."""
        if all([isinstance(a.size, int) or a.size is BATCH for a in tensor.axes]):  # noqa: C419 - a list is faster here
            return tensor
        axes = tuple([self._with_named_size(axis) for axis in tensor.axes])
        same = all(a is b for a, b in zip(axes, tensor.axes, strict=True))
        return tensor if same else Tensor(axes, tensor.dtype)

    def _with_named_size(self, axis: Axis) -> Axis:
        size = axis.size
        if isinstance(size, int) or size is BATCH:
            return axis
        if _is_symbol(size):
            self._taken.add(str(size))
            return axis
        if axis.name not in SPATIAL_AXES:
            return axis
        if size not in self._sizes:
            self._sizes[size] = symbol(self._free_size(), definition=size)
        return Axis(axis.name, self._sizes[size])

    def _free_size(self) -> str:
        """The first of M, M2, M3 ... that is not taken; what was taken stays so."""
        while True:
            self._named_sizes += 1
            name = f"M{self._named_sizes}" if self._named_sizes > 1 else "M"
            if name not in self._taken:
                self._taken.add(name)
                return name


def applied(op: Op, tensors: Sequence[Tensor]) -> Applied:
    """What an op gives for tensors, whatever its attributes are.

    Raises:
        NetworkError: it does not fit them, or its attributes make no sense together.
    """
    check_arity(op, len(tensors))
    try:
        return op.outputs(*tensors), op.weights(*tensors)
    except SENSELESS as error:
        raise senseless(error) from None


def senseless(error: Exception) -> NetworkError:
    """What is wrong where a rule raised one of `SENSELESS`."""
    return NetworkError(
        f"its attributes do not fit together ({type(error).__name__}: {error!s:.120})"
    )


def op_takes(op: Op, inputs: int) -> bool:
    """Whether an op can have so many inputs."""
    fewest, most = op.arity
    return inputs >= fewest and (most is None or inputs <= most)


def check_arity(op: Op, inputs: int) -> None:
    """Refuse a number of inputs that the op does not take.

    Raises:
        NetworkError: there are too few or too many.
    """
    fewest, most = op.arity
    if not op_takes(op, inputs):
        expected = f"{fewest} to {most}" if most != fewest else f"{fewest}"
        if most is None:
            expected = f"at least {fewest}"
        raise NetworkError(f"{op.kind} has {inputs} inputs; expected {expected}")


def _is_symbol(size: Expr) -> bool:
    return len(size.order) == 1 and isinstance(size.order[0], Symbol) and str(size).isidentifier()
