"""Several options of the command line as one decorator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Function = TypeVar("Function", bound="Callable[..., Any]")


class Decorator(Protocol):
    """What `click.option` makes: it adds to a function, and gives it back."""

    def __call__(self, function: Function, /) -> Function:
        """The function with the option."""
        ...


def together(*options: Decorator) -> Decorator:
    """Several options as one decorator, in the order in which the help shows them."""

    def add(function: Function, /) -> Function:
        for option in reversed(options):
            function = option(function)
        return function

    return add
