"""Models made by the user's own code: ``package.module:function``.

Nothing else that is named by a text runs code; this does because the user names a function to run.
"""

from __future__ import annotations

import functools
import importlib
import re
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convcost.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


def is_function(source: str) -> bool:
    """Whether a source has the form ``module:function``.

    >>> [is_function(text) for text in ("my.models:small", "zoo:vgg16", "C:/net.txt", "a.txt")]
    [True, False, False, False]
    """
    return bool(_NAME.fullmatch(source)) and not source.startswith("zoo:")


def made_by(source: str) -> Any:
    """The object behind ``module:name``: a model, or what a function without arguments returns.

    A function may return its model and example inputs as a pair.

    The current folder is searched first, as for ``python -m``.

    Raises:
        SourceError: there is no such module or name, or its code raises.
    """
    module_name, _, name = source.partition(":")
    with _current_folder():
        try:
            value: Any = importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            raise SourceError(
                f"{source}: there is no module '{error.name}'",
                hint=f"run it in the folder that holds {module_name.split('.')[0]}, or install it",
            ) from None
        except Exception as error:
            raise _raised(source, f"importing {module_name}", error) from error
        for part in name.split("."):
            if not hasattr(value, part):
                raise SourceError(
                    f"{source}: {module_name} has no '{part}'", hint=_offer(module_name, value)
                )
            value = getattr(value, part)
        if not _has_to_be_called(value):
            return value
        try:
            return value()
        except Exception as error:
            raise _raised(source, f"{name}()", error) from error


def _has_to_be_called(value: Any) -> bool:
    """Whether it makes a model; a model can be called as well, but is one already."""
    import inspect

    wrapped = isinstance(value, functools.partial) or hasattr(value, "__wrapped__")
    return inspect.isroutine(value) or inspect.isclass(value) or wrapped


@contextmanager
def _current_folder() -> Iterator[None]:
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        yield
    finally:
        if here in sys.path:
            sys.path.remove(here)


def _offer(module_name: str, module: Any) -> str:
    names = [name for name, value in vars(module).items() if not name.startswith("_")
             and callable(value) and getattr(value, "__module__", None) == module_name]  # fmt: skip
    return f"it has: {', '.join(names[:8])}" if names else "name a function that returns a model"


def _raised(source: str, what: str, error: Exception) -> SourceError:
    place = ""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next  # the first one is the call itself
        place = f" ({Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno})"
    text = (str(error).strip() or "no message").splitlines()[0]
    return SourceError(
        f"{source}: {what} raises {type(error).__name__}: {text}{place}",
        hint="the function is called without arguments and has to return a model",
    )
