"""Python in the documentation: blocks run, calls fit the verbs, the reference has every name."""

from __future__ import annotations

import ast
import doctest
import inspect
import re
from typing import TYPE_CHECKING

import pytest

import convcost
from support.docs import PAGES, README, Block, blocks, calls, name_of
from support.examples import lay_out, run
from support.files import ROOT

if TYPE_CHECKING:
    from pathlib import Path

CALLS = [
    pytest.param(verb, text, id=f"{name_of(page)} {' '.join(text.split())[:60]}")
    for page in PAGES
    for verb, text in calls(page.read_text(encoding="utf-8"))
]
BLOCKS = [
    pytest.param(block, id=f"{name_of(page)}:{block.line}")
    for page in PAGES
    if page != README  # see tests/test_public_api.py
    for block in blocks(page)
    if block.language in {"python", "pycon"}
]


@pytest.mark.parametrize(("verb", "text"), CALLS)
def test_calls_fit_the_verbs(verb: str, text: str) -> None:
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    names = {word.arg: None for word in call.keywords if word.arg is not None}
    inspect.signature(getattr(convcost, verb)).bind(*call.args, **names)


@pytest.mark.parametrize("block", BLOCKS)
def test_blocks_run(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a page has a Keras file, an ONNX file does: that needs no framework."""
    lay_out(tmp_path)
    (tmp_path / "examples").symlink_to(ROOT / "examples", target_is_directory=True)
    run("read", "zoo:seed000", "-o", str(tmp_path / "model.onnx"))
    monkeypatch.chdir(tmp_path)
    text = "\n".join(block.lines).replace(".keras", ".onnx") + "\n"
    known = {"convcost": convcost}
    if block.language == "python":
        exec(compile(text, str(block.page), "exec"), known)  # noqa: S102 - that is the test
        return
    test = doctest.DocTestParser().get_doctest(text, known, str(block.page), None, block.line)
    told: list[str] = []
    doctest.DocTestRunner(verbose=False).run(test, out=told.append)
    assert not told, "".join(told)


def directives(page: str) -> set[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return set(re.findall(r"^::: (\S+)$", text, re.MULTILINE))


def test_the_reference_has_every_verb() -> None:
    verbs = {getattr(convcost, name) for name in set(convcost.__all__) - {"__version__"}}
    assert directives("api.md") == {f"{x.__module__}.{x.__qualname__}" for x in verbs}


def test_the_reference_has_what_every_verb_returns() -> None:
    documented = {name.rsplit(".", 1)[1] for name in directives("results.md")}
    for name in set(convcost.__all__) - {"__version__"}:
        returned = str(inspect.signature(getattr(convcost, name)).return_annotation)
        found = set(re.findall(r"[A-Z]\w+", returned)) - {"None"}
        assert found <= documented, name


def test_what_the_reference_names_is_there() -> None:
    import pkgutil

    for name in directives("api.md") | directives("results.md"):
        assert inspect.getdoc(pkgutil.resolve_name(name)), name
