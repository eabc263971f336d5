"""Lessons in files: what a network is trained on, passed to a process of its own."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convcost.rewrite.samples.labels import class_labels
from convcost.runtime.runners.learning import Lesson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.network import Network
    from convcost.rewrite.samples.data import Data

#: Of the samples, those that are not trained on where the file does not set any aside.
TEST_SHARE = 0.2
_ARRAYS = ("labels", "trained", "tested")
#: Samples that are converted at a time.
_BLOCK = 1024


def divided(data: Data, seed: int) -> tuple[Any, Any]:
    """Places of the samples to train on, and of those to test on.

    Args:
        data: where the file sets samples aside, these come behind the others.
        seed: of the draw, where it does not.
    """
    import numpy as np

    if data.held_out is not None:
        whole = len(data) + len(data.held_out)
        return np.arange(len(data)), np.arange(len(data), whole)
    drawn = np.random.default_rng(seed).permutation(len(data))
    tests = max(1, round(TEST_SHARE * len(data)))
    return np.sort(drawn[tests:]), np.sort(drawn[:tests])


def saved(data: Data, network: Network, folder: Path, seed: int) -> dict[str, Any]:
    """Write all that the lessons of a training share; what `lesson_of` needs of it.

    Raises:
        SourceError: the labels are no classes of the network.
        NetworkError: the network is no classifier.
    """
    import numpy as np

    parts = [data] if data.held_out is None else [data, data.held_out]
    trained, tested = divided(data, seed)
    labels = np.concatenate([class_labels(part, network) for part in parts])
    for name, array in zip(_ARRAYS, (labels, trained, tested), strict=True):
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    for place, dtype in enumerate(data.dtypes):
        _convert([part.inputs[place] for part in parts], dtype, folder / f"x{place}.npy")
    return {"folder": str(folder), "inputs": len(data.inputs), "trained": len(trained),
            "tested": len(tested)}  # fmt: skip


def lesson_of(order: Mapping[str, Any]) -> Lesson:
    """The lesson of an order: the folder, how many inputs there are, and the rest of its fields.

    The arrays stay in their files, which all processes share.
    """
    import numpy as np

    folder = Path(order["folder"])

    def array(name: str) -> Any:
        return np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)

    named = {field.name for field in fields(Lesson)} - {"inputs", *_ARRAYS}
    return Lesson(
        inputs=tuple(array(f"x{place}") for place in range(order["inputs"])),
        **{name: array(name) for name in _ARRAYS},
        **{name: value for name, value in order.items() if name in named},
    )


def _convert(arrays: list[Any], dtype: str, path: Path) -> None:
    """Samples in the dtype that the network takes, written without a copy of them in memory."""
    from numpy.lib.format import open_memmap

    whole = (sum(map(len, arrays)), *arrays[0].shape[1:])
    file = open_memmap(path, mode="w+", dtype=dtype, shape=whole)
    at = 0
    for array in arrays:
        for first in range(0, len(array), _BLOCK):
            block = array[first : first + _BLOCK]
            file[at : at + len(block)] = block
            at += len(block)
    file.flush()
