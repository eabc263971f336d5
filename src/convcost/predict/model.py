"""The time of works as calibration learned it: a mechanistic time and a correction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convcost.predict import columns as c

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from convcost.predict.trees import Trees
    from convcost.predict.work import Work

#: Seconds that no kernel falls below, and the largest correction: neither was seen.
_LEAST = 1e-7
_MOST_CORRECTION = 3.0


@dataclass(frozen=True, slots=True)
class Model:
    """Seconds of works.

    Attributes:
        factors: of the terms, by the key of a work.
        fallback: of works whose key was never seen, by their phase and whether they multiply.
        trees: the logarithm of the correction.
    """

    factors: Mapping[str, tuple[float, ...]]
    fallback: Mapping[str, tuple[float, ...]]
    trees: Trees

    def seconds(self, works: Sequence[Work], values: Mapping[str, Any] | None = None) -> Any:
        """Of each work; with arrays for open sizes (works, variants)."""
        return self.seconds_and_terms(works, values)[0]

    def seconds_and_terms(
        self, works: Sequence[Work], values: Mapping[str, Any] | None = None
    ) -> tuple[Any, Any]:
        """Of each work, and those of each term of its mechanistic time.

        Returns:
            Arrays (works,) and (works, terms); with arrays for open sizes (works, variants) and
            (works, variants, terms).
        """
        import numpy as np

        # networks repeat their blocks: equal works have equal times
        keys = [(key(work), *c.exact_sizes(work)) for work in works]
        distinct = dict(zip(keys, works, strict=True))
        places = {each: place for place, each in enumerate(distinct)}
        alike = [places[each] for each in keys]
        works = tuple(distinct.values())
        rows = c.sizes(works, values)
        terms = self._terms(works, rows)
        time = np.maximum(terms.sum(axis=-1), _LEAST)
        found = c.columns(rows, time, self.numbers(works, rows))
        flat = found.reshape(-1, found.shape[-1])
        correction = self.trees(flat).reshape(time.shape)
        most = _MOST_CORRECTION
        return (time * np.exp(np.clip(correction, -most, most)))[alike], terms[alike]

    def mechanistic(self, works: Sequence[Work], rows: Any) -> Any:
        """Without the correction."""
        import numpy as np

        return np.maximum(self._terms(works, rows).sum(axis=-1), _LEAST)

    def _terms(self, works: Sequence[Work], rows: Any) -> Any:
        factors = self._factors(works)
        return c.terms(rows) * factors.reshape(len(works), *(1,) * (rows.ndim - 2), -1)

    def _factors(self, works: Iterable[Work]) -> Any:
        import numpy as np

        return np.array([self.factors_of(work) for work in works])

    def factors_of(self, work: Work) -> tuple[float, ...]:
        """Of the terms of a work's mechanistic time."""
        found = self.factors.get(key(work))
        return self.fallback[family(work)] if found is None else found

    def knows(self, work: Work) -> bool:
        """Whether calibration has seen such a work."""
        return key(work) in self.factors

    def numbers(self, works: Iterable[Work], rows: Any) -> Any:
        """A number for each work's kind, -1 for one that was never seen; it fits to the rows."""
        import numpy as np

        places = {name: place for place, name in enumerate(sorted(self.factors))}
        numbers = np.array([places.get(key(work), -1) for work in works], float)
        return numbers.reshape(-1, *(1,) * (rows.ndim - 2))


def key(work: Work) -> str:
    """What has factors of its own: a kind in a phase."""
    return f"{work.kind}, {work.phase}" if work.layers else work.phase


def family(work: Work) -> str:
    """What works have in common whose kind is not known."""
    return f"{'products' if work.macs != 0 else 'streams'}, {work.phase}"
