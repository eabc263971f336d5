"""A table that says which file has a rule says what the files say, and nothing else."""

from __future__ import annotations

import sys
from importlib import import_module

import pytest

from convcost import folder

#: Packages whose rules are imported when they are needed, and a name that has none.
PACKAGES = {
    "convcost.read.onnx.rules": "com.microsoft:NoSuchOperator",
    "convcost.read.keras.layers": "CapsuleLayer",
    "convcost.read.keras.solve.rules": "Lambda",
}
each_package = pytest.mark.parametrize("package", PACKAGES)


@each_package
def test_every_rule_has_its_row_and_every_row_its_rule(package: str) -> None:
    defined = {
        key: name
        for name, module in folder.modules(package).items()
        for key in getattr(module, "RULES", {})
    }
    table = import_module(package).rules()
    assert isinstance(table, folder.NameTable)
    rows = table.files
    without = {key: name for key, name in defined.items() if key not in rows}
    assert not without, f"add to _FILES of {package}: {without}"
    stale = {key: name for key, name in rows.items() if key not in defined}
    assert not stale, f"remove from _FILES of {package}, or write the rule: {stale}"
    assert rows == defined


@each_package
def test_the_table_gives_the_rules_of_the_files(package: str) -> None:
    table = import_module(package).rules()
    assert dict(table) == folder.table(package)
    assert len(table) == len(set(table))


@pytest.mark.parametrize(
    "package", ["convcost.read.torch.module.aten", "convcost.read.torch.tables.rules"]
)
def test_packages_that_are_imported_whole_have_the_rules_of_their_files(package: str) -> None:
    module, files = import_module(package), folder.modules(package).values()
    tables = [getattr(x, name, {}) for x in files for name in ("RULES", "MODULES")]
    assert all(getattr(x, "RULES", None) for x in files)
    assert sum(map(len, tables)) == len(module.rules())


@each_package
def test_names_without_a_rule_have_none(package: str) -> None:
    table, name = import_module(package).rules(), PACKAGES[package]
    assert name not in table
    assert table.get(name) is None
    with pytest.raises(KeyError):
        table[name]


def test_a_file_is_imported_when_something_that_it_has_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = "convcost.read.onnx.rules.recurrence"
    table = folder.NameTable("convcost.read.onnx.rules", {"recurrence": "LSTM GRU RNN"})
    monkeypatch.delitem(sys.modules, name, raising=False)
    assert "LSTM" in table
    assert list(table) == ["LSTM", "GRU", "RNN"]
    assert name not in sys.modules
    assert callable(table["LSTM"])
    assert name in sys.modules


def test_two_files_cannot_have_the_same() -> None:
    with pytest.raises(ValueError, match="two rows for Conv"):
        folder.NameTable("convcost.read.onnx.rules", {"convolution": "Conv", "pooling": "Conv"})
