"""What a frozen value tells of itself, worked out when it is first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from functools import cached_property as once
else:

    class once:  # noqa: N801 - used like a function
        """The standard library's `cached_property` without its lock.

        Python 3.11 takes one each time, which lasts longer than most of what is worked out here.

        >>> class Square:
        ...     def __init__(self, side): self.side = side
        ...     @once
        ...     def area(self): return print("worked out") or self.side**2
        >>> square = Square(3)
        >>> square.area, square.area
        worked out
        (9, 9)
        """

        def __init__(self, work: Any) -> None:
            self._work, self._name, self.__doc__ = work, work.__name__, work.__doc__

        def __get__(self, instance: Any, owner: type) -> Any:
            if instance is None:
                return self
            found = instance.__dict__[self._name] = self._work(instance)
            return found


__all__ = ["once"]
