"""Networks without branches: a table of names and ops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.builder import Builder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from convcost.network.network import Network, Note, Ref
    from convcost.network.op import Op


def chain(
    name: str,
    layers: Iterable[tuple[str, Op]],
    *,
    framework: str | None,
    notes: Sequence[Note] = (),
) -> Network:
    """The network in which every layer reads the one before; the first reads nothing.

    >>> from convcost.network.tensor import Tensor
    >>> from convcost.ops.dense import Dense
    >>> from convcost.ops.input import Input
    >>> image = Input(Tensor.of(batch=1, feature=784))
    >>> chain("perceptron", [("image", image), ("dense", Dense(units=10))],
    ...       framework="keras").layers[-1].outputs[0].shape
    (1, 10)
    """
    builder = Builder(name, framework=framework)
    inputs: tuple[Ref, ...] = ()
    for layer, op in layers:
        inputs = (builder.add(op, *inputs, name=layer),)
    return builder.build(notes=notes)


def members(module: str, ops: Iterable[Op]) -> Iterator[tuple[str, Op]]:
    """The layers of a ``torch.nn.Sequential`` with PyTorch's names for them.

    >>> from convcost.ops.activation import Activation
    >>> from convcost.ops.regularization import Dropout
    >>> [name for name, _ in members("classifier", [Dropout(), Activation("relu")])]
    ['classifier.0', 'classifier.1']
    """
    return ((f"{module}.{position}", op) for position, op in enumerate(ops))
