"""What the parts of the parser share while a file is scanned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from convcost.errors import LimitError
from convcost.read.limits import MAX_GRAPH_DEPTH, MAX_NODES, MAX_TENSORS, MAX_VALUES
from convcost.read.onnx.file.wire import Damage, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcost.read.onnx.file.external import Folder
    from convcost.read.onnx.file.place import Place
    from convcost.read.onnx.file.wire import Data

T = TypeVar("T")

_LIMITS = {"nodes": MAX_NODES, "tensors": MAX_TENSORS, "declared values": MAX_VALUES}
#: Distinct things remembered at once, and bytes of one.
_KNOWN, _KNOWN_BYTES = 4096, 128


class Scan:
    """One file while it is scanned.

    Args:
        data: its bytes; positions in them are byte offsets of the file.
        place: where stored numbers are read from later.
        folder: where external data is looked for.

    Attributes:
        depth: graphs inside graphs at the moment.
    """

    def __init__(self, data: Data, place: Place, folder: Folder) -> None:
        self.data = data
        self.place = place
        self.folder = folder
        self.depth = 0
        self._counts = dict.fromkeys(_LIMITS, 0)
        self._known: dict[tuple[str, bytes], Any] = {}

    def count(self, what: str, at: int) -> None:
        """Count one more of these.

        Raises:
            Damage: there are too many.
        """
        self._counts[what] += 1
        if self._counts[what] > _LIMITS[what]:
            raise Damage(at, f"more than {_LIMITS[what]:,} {what}, the limit", LimitError)

    def part(self, read: Callable[[Scan, int, int], T], at: int, stop: int, *what: object) -> T:
        """A message inside another one; what is damaged in it is named by `what` it is."""
        try:
            return read(self, at, stop)
        except Damage as damage:
            raise damage.inside(" ".join(map(str, what))) from None

    def enter(self, at: int) -> None:
        """Begin a graph inside the current one.

        Raises:
            Damage: they are nested too deeply.
        """
        self.depth += 1
        if self.depth > MAX_GRAPH_DEPTH:
            raise Damage(at, f"more than {MAX_GRAPH_DEPTH} graphs inside each other", LimitError)

    def leave(self) -> None:
        """End it."""
        self.depth -= 1

    def word(self, begin: int, end: int) -> str:
        """A name that occurs again and again: an operator's, a domain, an attribute's."""
        found: str | None = self.known("word", begin, end)
        if found is None:
            found = self.remember("word", begin, end, text(self.data, begin, end))
        return found

    def known(self, what: str, begin: int, end: int) -> Any:
        """What the same bytes were before; None where they are new."""
        return (
            self._known.get((what, self.data[begin:end])) if end - begin <= _KNOWN_BYTES else None
        )

    def remember(self, what: str, begin: int, end: int, value: Any) -> Any:
        """Keep what these bytes are, as long as there is room; gives it back."""
        if end - begin <= _KNOWN_BYTES:
            if len(self._known) == _KNOWN:
                self._known.clear()
            self._known[what, self.data[begin:end]] = value
        return value
