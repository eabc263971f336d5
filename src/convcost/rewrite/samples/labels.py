"""Labels of samples as classes that a network tells apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError, SourceError
from convcost.ops.loss import class_axis
from convcost.runtime.runners.learning import rows

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.rewrite.samples.data import Data


def classes_of(network: Network) -> int:
    """How many classes the network tells apart; 0 where it is no classifier.

    >>> from convcost.zoo import load
    >>> classes_of(load("resnet18"))
    1000
    """
    try:
        rows(network, 1)
    except NetworkError:
        return 0
    tensor = network.tensor(network.outputs[0])
    size = tensor.shape[class_axis(tensor)]
    return size if isinstance(size, int) and size > 1 else 0


def class_labels(data: Data, network: Network) -> Any:
    """The labels of the data as numbers of classes: given as such, or as rows with a single one.

    Raises:
        SourceError: there are none, they are something else, or no classes of the network.
        NetworkError: the network is no classifier.
    """
    import numpy as np

    rows(network, 1)
    classes = classes_of(network)
    if data.labels is None:
        raise SourceError(
            f"{data.source}: has no labels",
            hint="numpy.savez('data.npz', x=images, y=labels)",
        )
    labels = np.asarray(data.labels)
    if labels.ndim == 2 and labels.shape[1] == classes and _one_hot(labels):
        return labels.argmax(1).astype("int64")
    flat = labels.reshape(-1)
    if flat.size != len(labels) or (flat != np.floor(flat)).any():
        raise SourceError(
            f"{data.source}: its labels are {labels.dtype} of {labels.shape}; expected a class per "
            f"sample: whole numbers below {classes}"
        )
    if flat.min() < 0 or flat.max() >= classes:
        raise SourceError(
            f"{data.source}: its labels lie between {flat.min()} and {flat.max()}; "
            f"'{network.name}' tells {classes} classes apart: 0 to {classes - 1}"
        )
    return flat.astype("int64")


def _one_hot(labels: Any) -> bool:
    return bool(((labels == 0) | (labels == 1)).all() and (labels.sum(1) == 1).all())
