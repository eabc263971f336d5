"""The user's samples: for agreement, accuracy, statistics and training."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from convcost.errors import SourceError, UsageError
from convcost.network.builder import BATCH
from convcost.ops.input import Input
from convcost.rewrite.running.forward import WIDER
from convcost.rewrite.samples.fitting import fits, fitted
from convcost.rewrite.samples.npz import Arrays

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from convcost.network.network import Layer, Network
    from convcost.network.tensor import Tensor

_X, _Y = "x", "y"
#: What data sets that are divided already call their parts, as those of Keras do.
_TRAIN, _TEST = "_train", "_test"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Data:
    """Samples that fit a network.

    Attributes:
        source: where they come from.
        inputs: for each input of the network an array, the samples on its first axis.
        dtypes: those in which the network takes them, 16-bit floats widened.
        labels: the class of each sample, or numbers of any kind; None where there are none.
        held_out: samples that the file sets aside for tests; None where it does not.
        remarks: what was assumed.
    """

    source: str
    inputs: tuple[Any, ...]
    dtypes: tuple[str, ...]
    labels: Any = None
    held_out: Data | None = None
    remarks: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.inputs[0])

    @property
    def to_test(self) -> Data:
        """The samples that tell how good a network is."""
        return self.held_out or self

    def batches(self, size: int, order: Any = None) -> Iterator[tuple[list[Any], int]]:
        """Arrays of `size` samples as the network takes them, and how many of them are meant.

        The last batch is filled up with its first sample.

        Args:
            size: samples of every batch.
            order: places of samples; default: all of them as they are.
        """
        import numpy as np

        places = np.arange(len(self)) if order is None else order
        for first in range(0, len(places), size):
            chosen = places[first : first + size]
            padded = np.concatenate([chosen, np.repeat(chosen[:1], size - len(chosen))])
            arrays = zip(self.inputs, self.dtypes, strict=True)
            yield [array[padded].astype(dtype) for array, dtype in arrays], len(chosen)


def load_data(path: Path, network: Network) -> Data:
    """Samples of a NumPy file for a network.

    Its arrays are named ``x`` and ``y`` (``x_train``, ``y_train``, ``x_test``, ``y_test`` where
    they are divided already), or ``x`` is named as the network's input is; of two arrays with other
    names the one whose samples fit the input is ``x``. Several inputs need arrays of their names.
    Without labels there is no ``y``.

    Args:
        path: of an ``.npz`` file; pickled objects are refused.
        network: that takes the samples.

    Raises:
        SourceError: the file cannot be read, an array does not fit, or holds what is no number.
        LimitError: an array is too large.
        UsageError: the network takes no samples on its first axis.
    """
    arrays = Arrays(path)
    inputs = [layer for layer in network.layers if isinstance(layer.op, Input)]
    if not inputs:
        raise UsageError(f"'{network.name}' has no input that data could be given to")
    parts = (_TRAIN, _TEST)
    divided = [part for part in parts if f"{_X}{part}" in arrays.names]
    if len(divided) == len(parts):
        train, test = (_part(arrays, inputs, part) for part in parts)
        return replace(train, held_out=test)
    return _part(arrays, inputs, divided[0] if divided else "")


def fixed_batch(network: Network) -> int | None:
    """Samples of every batch, where the network does not leave that open.

    Raises:
        UsageError: its inputs do not have the samples on the first axis.
    """
    found: set[int | None] = set()
    for layer in network.layers:
        if isinstance(layer.op, Input):
            first = layer.outputs[0].axes[0] if layer.outputs[0].axes else None
            if first is None or (first.size != BATCH and first.name not in {None, "batch"}):
                raise UsageError(
                    f"the input '{layer.name}' is {layer.outputs[0]}: samples are expected on the "
                    "first axis"
                )
            found.add(first.size if isinstance(first.size, int) else None)
    if len(found) > 1:
        raise UsageError(f"the inputs of '{network.name}' hold different numbers of samples")
    return found.pop() if found else None


def _part(arrays: Arrays, inputs: list[Layer], part: str) -> Data:
    """The samples of one part, whose arrays end in `part`."""
    names = _names(arrays, inputs, part)
    read = [
        fitted(arrays, name, layer)
        for name, layer in zip(names[: len(inputs)], inputs, strict=True)
    ]
    labels = None if names[-1] is None else arrays.read(names[-1])
    counts = {str(name): len(array) for name, array in zip(names, read, strict=False)}
    if labels is not None:
        counts[str(names[-1])] = len(labels) if labels.ndim else 0
    if len(set(counts.values())) > 1 or 0 in counts.values():
        told = ", ".join(f"'{name}' {number}" for name, number in counts.items())
        raise SourceError(f"{arrays.path}: samples of its arrays: {told}; expected as many of each")
    dtypes = tuple(_dtype(layer.outputs[0]) for layer in inputs)
    return Data(
        source=str(arrays.path),
        inputs=tuple(read),
        dtypes=dtypes,
        labels=labels,
        remarks=tuple(chain.from_iterable(map(_remarks, names, read, dtypes))),
    )


def _names(arrays: Arrays, inputs: list[Layer], part: str) -> list[Any]:
    """Names of the arrays for the inputs, then of the labels or None."""
    there = set(arrays.names)
    own = [layer.name for layer in inputs]
    label = next((name for name in (f"{_Y}{part}", _Y) if name in there), None)
    if len(inputs) > 1:
        if missing := [name for name in own if name not in there]:
            raise SourceError(
                f"{arrays.path}: has {_listed(arrays.names)}; expected an array for each input: "
                f"{_listed(own)}" + f" ('{missing[0]}' is missing)",
                hint="numpy.savez('data.npz', **{input: array, ...}, y=labels)",
            )
        return [*own, label]
    for name in (f"{_X}{part}", own[0]):
        if name in there:
            others = [other for other in arrays.names if other not in {name, label}]
            return [name, label or (others[0] if len(there) == 2 else None)]
    if len(there) == 1:
        return [*there, None]
    if len(there) == 2:
        fit = [name for name in arrays.names if fits(arrays.shape(name), inputs[0].outputs[0])]
        if len(fit) == 1:
            return [fit[0], (there - set(fit)).pop()]
    raise SourceError(
        f"{arrays.path}: has {_listed(arrays.names)}; expected 'x', and 'y' with labels",
        hint="numpy.savez('data.npz', x=images, y=labels)",
    )


def _listed(names: Any) -> str:
    return ", ".join(f"'{name:.40}'" for name in list(names)[:8]) or "no array"


def _remarks(name: str, array: Any, dtype: str) -> Iterator[str]:
    if "float" in dtype and array.dtype.kind in "iu":
        yield (
            f"'{name}' holds whole numbers ({array.dtype}) and is given to the network as it is: "
            "scale it in the file where the network was trained on scaled numbers"
        )


def _dtype(tensor: Tensor) -> str:
    """As the network is run: see `convcost.rewrite.running.forward.widened`."""
    return WIDER.get(tensor.dtype, tensor.dtype)
