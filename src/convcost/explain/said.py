"""The answer in its parts: what was found, pair by pair, and what can be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of a pair of networks, or of a single one.

    Attributes:
        text: what was found.
        advice: what can be done about it; empty for nothing.
        about: the network that the advice is for.
    """

    text: str
    advice: str = ""
    about: str = ""


def parts(said: Sequence[Said]) -> tuple[str, ...]:
    """What was found, one by one, and after all of it the advice.

    >>> parts([Said("a takes 2.00x the time of b", "fold it", "a")])
    ('a takes 2.00x the time of b', 'What to do: fold it')
    >>> parts([Said("a takes 2.00x the time of b", "fold it", "a"), Said("c takes 3.00x")])
    ('a takes 2.00x the time of b', 'c takes 3.00x', 'What to do for a: fold it')
    """
    advice = dict.fromkeys((each.about, each.advice) for each in said if each.advice)
    several = len(said) > 1
    return (
        *(each.text for each in said),
        *(f"What to do{f' for {about}' if several else ''}: {text}" for about, text in advice),
    )


def joined(said: Sequence[Said]) -> str:
    """The parts as one text: the first line of an explanation.

    >>> joined([Said("a takes 2.00x the time of b", "fold it", "a"), Said("c takes 3.00x")])
    'a takes 2.00x the time of b; c takes 3.00x. What to do for a: fold it'
    """
    found = parts(said)
    return ". ".join(["; ".join(found[: len(said)]), *found[len(said) :]])
