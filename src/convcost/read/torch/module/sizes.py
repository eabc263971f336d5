"""Sizes as formulas of the batch, from passes at several batch sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import SourceError
from convcost.network.builder import BATCH
from convcost.network.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.dims import Dim

_WAY_OUT = "batch_axis=None reads the network for the inputs as they are, the whole as one sample"


@dataclass(slots=True)
class Sizes:
    """Turns the sizes that a tensor has at each batch into one formula.

    Two passes give the formula. A size that is neither the same for all batches nor in proportion
    to the batch (``N + 1``) has to be confirmed by a third.

    Attributes:
        batches: the batch of each pass; one pass alone means that sizes are plain numbers.
        unconfirmed: whether a size needs a third pass and there were only two.

    >>> Sizes((2, 7))((14, 49)), Sizes((2, 7))((3, 3)), Sizes((2, 7, 3))((3, 8, 4))
    (7*N, 3, N + 1)
    """

    batches: tuple[int, ...]
    unconfirmed: bool = False
    _known: dict[tuple[int, ...], Dim] = field(default_factory=dict)

    def __call__(self, sizes: tuple[int, ...]) -> Dim:
        """The formula.

        Raises:
            SourceError: there is none of the kind ``a*N + b``.
        """
        found = self._known.get(sizes)
        if found is None:
            found = self._known[sizes] = self._formula(sizes)
        return found

    def shape(self, shapes: Sequence[Sequence[int]]) -> tuple[Dim, ...]:
        """One formula per axis.

        Raises:
            SourceError: the number of axes differs between batches.
        """
        first = tuple(shapes[0])
        if all(first == tuple(shape) for shape in shapes[1:]):
            return first
        if len({len(shape) for shape in shapes}) > 1:
            raise SourceError(
                "a tensor has another number of axes at another batch size: "
                + " and ".join(str(tuple(shape)) for shape in shapes),
                hint=_WAY_OUT,
            )
        return tuple(self(sizes) for sizes in zip(*shapes, strict=True))

    def _formula(self, sizes: tuple[int, ...]) -> Dim:
        if len(set(sizes)) == 1:
            return sizes[0]
        slope, rest = divmod(sizes[1] - sizes[0], self.batches[1] - self.batches[0])
        offset = sizes[0] - slope * self.batches[0]
        pairs = zip(self.batches, sizes, strict=True)
        if rest or any(slope * batch + offset != size for batch, size in pairs):
            shown = ", ".join(
                f"{size} at batch {batch}" for batch, size in zip(self.batches, sizes, strict=True)
            )
            raise SourceError(f"a size is not in proportion to the batch: {shown}", hint=_WAY_OUT)
        if offset and len(self.batches) == 2:
            self.unconfirmed = True
        return slope * BATCH + offset


def same_calls(names: Sequence[Sequence[str]], batches: Sequence[int]) -> None:
    """Require that the passes made the same calls.

    Raises:
        SourceError: they did not: the network is another one for another batch.
    """
    first = names[0]
    for other, batch in zip(names[1:], batches[1:], strict=True):
        if first == other:
            continue
        place = next(
            (i for i, pair in enumerate(zip(first, other, strict=False)) if pair[0] != pair[1]),
            min(len(first), len(other)),
        )
        shown = [calls[place] if place < len(calls) else "nothing more" for calls in (first, other)]
        raise SourceError(
            f"the forward pass depends on the batch: call {place + 1} is {shown[0]} at batch "
            f"{batches[0]} and {shown[1]} at batch {batch}",
            hint=_WAY_OUT,
        )
