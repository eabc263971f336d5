"""The exception tree: as drawn, with exit codes, and with messages that help."""

from __future__ import annotations

import pickle
import re

import pytest

from convcost import errors
from convcost.errors import ConvcostError, MissingFramework, NetworkError, unknown_name

CLASSES = {
    name: value
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, Exception)
}
LINE = re.compile(
    r"^    (?P<branch>[│├└─ ]*)(?P<name>[A-Z]\w+) +exit (?P<code>\d+)\b", re.MULTILINE
)


def drawn() -> dict[str, tuple[str | None, int]]:
    """Name -> parent's name and exit code, as the module's docstring draws them."""
    above: dict[int, str] = {}
    found: dict[str, tuple[str | None, int]] = {}
    for match in LINE.finditer(errors.__doc__ or ""):
        depth = len(match["branch"]) // 4
        above[depth] = match["name"]
        found[match["name"]] = (above.get(depth - 1), int(match["code"]))
    return found


def test_the_drawn_tree_is_the_real_one() -> None:
    real = {
        name: (cls.__base__.__name__ if cls is not ConvcostError else None, cls.exit_code)
        for name, cls in CLASSES.items()
    }
    assert drawn() == real
    assert len(real) >= 6


@pytest.mark.parametrize("cls", CLASSES.values(), ids=CLASSES)
def test_every_class_has_an_exit_code(cls: type[ConvcostError]) -> None:
    assert issubclass(cls, ConvcostError)
    assert cls.exit_code in {1, 2, 3, 4}
    assert cls.__doc__


def test_a_hint_is_the_next_step() -> None:
    plain = NetworkError("the size has no value")
    assert str(plain) == "the size has no value"
    assert plain.hint is None
    hinted = MissingFramework("torch is not installed", hint="pip install convcost[torch]")
    assert str(hinted) == "torch is not installed\n  next: pip install convcost[torch]"
    assert hinted.message == "torch is not installed"


def test_errors_survive_a_process_border() -> None:
    error = pickle.loads(pickle.dumps(NetworkError("what", hint="next")))  # noqa: S301
    assert (type(error), error.message, error.hint) == (NetworkError, "what", "next")


def test_unknown_names_suggest_near_ones() -> None:
    error = unknown_name("device", "gtx-1081-ti", ["rtx-3090", "gtx-1080-ti"])
    assert error.exit_code == 2
    assert error.message == "unknown device 'gtx-1081-ti'"
    assert error.hint == "did you mean gtx-1080-ti? Known: gtx-1080-ti, rtx-3090"
    assert unknown_name("device", "zzz", ["a100"]).hint == "Known: a100"
