"""``module:function``: the user's own code, run because it is named."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

import convcost
from convcost.errors import SourceError, UsageError
from convcost.read.python_function import is_function

if TYPE_CHECKING:
    from pathlib import Path

CODE = """
import functools
import convcost

NETWORK = convcost.read("zoo:seed001-cnn")

class Made:
    @staticmethod
    def network():
        return NETWORK

def make():
    return NETWORK

def parameter(value):
    return NETWORK

cached = functools.cache(make)
partial = functools.partial(parameter, 1)

def fails():
    raise ValueError("on purpose\\nsecond line")

def number():
    return 5
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"models_of_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    return name


@pytest.mark.parametrize("name", ["make", "cached", "partial", "NETWORK", "Made.network"])
def test_what_it_names_is_read(module: str, name: str) -> None:
    path = list(sys.path)
    net = convcost.read(f"{module}:{name}")
    assert convcost.count(net).total.forward.macs == 10_903_680
    assert sys.path == path


@pytest.mark.parametrize(
    ("name", "said", "next_step"),
    [
        ("fails", r"raises ValueError: on purpose \(models_of_.*\.py, line 22\)", "without argum"),
        ("parameter", r"raises TypeError: [^(]+\(\) missing [^(]+$", "without arguments"),
        ("missing", "has no 'missing'", "make"),
    ],
)
def test_what_goes_wrong_is_said(module: str, name: str, said: str, next_step: str) -> None:
    with pytest.raises(SourceError, match=said) as caught:
        convcost.read(f"{module}:{name}")
    assert next_step in str(caught.value.hint)


def test_a_module_that_is_missing_or_broken(module: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no module 'not_there'"):
        convcost.read("not_there:make")
    (tmp_path / "broken_one.py").write_text("1/0")
    with pytest.raises(SourceError, match="importing broken_one raises ZeroDivisionError"):
        convcost.read("broken_one:make")


def test_what_is_no_model(module: str) -> None:
    with pytest.raises(UsageError, match=r"cannot read a builtins\.int"):
        convcost.read(f"{module}:number")


def test_a_file_of_that_name_is_read_and_not_run(module: str, tmp_path: Path) -> None:
    name = f"{module}:make"
    (tmp_path / name).write_text("no table here")
    with pytest.raises(SourceError, match="holds no "):
        convcost.read(name)


@pytest.mark.parametrize(
    "text", ["zoo:vgg16", "C:/nets/a.txt", "a.txt", "http://host/x", "a:b:c", "1a:b", "a:"]
)
def test_other_sources_are_not_run(text: str) -> None:
    assert not is_function(text)
