"""Sources as networks. One file per format; nothing of a file or text is ever executed."""

from convcost.read.limits import MAX_TEXT_BYTES
from convcost.read.source import read_source, with_choices, with_sizes

__all__ = ["MAX_TEXT_BYTES", "read_source", "with_choices", "with_sizes"]
