"""What a convolutional network costs, why, and what would make it cheaper.

    import convcost

    net = convcost.read("summary.txt")           # a path, or the text of a pasted summary
    convcost.count(net).total.forward.macs       # exact
    convcost.predict(net, device="gtx-1080-ti").seconds.value
    print(convcost.explain(*convcost.read_all(text)).answer)

The verbs are those of the command line. Nothing heavy is imported here.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

from convcost._version import __version__

if TYPE_CHECKING:
    from convcost.verbs import (
        calibrate,
        compare,
        count,
        count_as,
        explain,
        history,
        measure,
        memory,
        predict,
        read,
        read_all,
        report,
        rewrite,
        sweep,
        write,
    )

__all__ = [
    "__version__",
    "calibrate",
    "compare",
    "count",
    "count_as",
    "explain",
    "history",
    "measure",
    "memory",
    "predict",
    "read",
    "read_all",
    "report",
    "rewrite",
    "sweep",
    "write",
]


class _Package(ModuleType):
    """Keeps the verbs callable.

    The packages `convcost.count`, `convcost.read` ... have the verbs' names, and Python binds a
    package's name in its parent when it is first imported: that would hide the verb.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in __all__ and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


def __getattr__(name: str) -> object:
    """Load a verb when it is first used."""
    if name not in __all__:
        raise AttributeError(f"module 'convcost' has no attribute '{name}'")
    from convcost import verbs

    return getattr(verbs, name)


def __dir__() -> list[str]:
    return __all__


sys.modules[__name__].__class__ = _Package
