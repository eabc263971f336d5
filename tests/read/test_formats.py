"""The registry of formats: what a new file in `convcost.read.formats` has to keep to."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

from convcost.read import formats
from convcost.read.reader import LiveReader, Reader, live_readers, readers

MODULES = [module.name for module in iter_modules(formats.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_every_module_registers_a_reader(name: str) -> None:
    module = import_module(f"{formats.__name__}.{name}")
    reader, live = getattr(module, "READER", None), getattr(module, "LIVE", None)
    assert isinstance(reader, Reader) or isinstance(live, LiveReader)


def test_names_are_unique() -> None:
    names = [reader.name for reader in (*readers(), *live_readers())]
    assert len(names) == len(set(names))


def test_recognising_an_object_imports_nothing() -> None:
    code = """
import json, sys
from convcost.read.reader import live_readers, readers
readers()
found = [reader.recognises(object()) for reader in live_readers()]
heavy = {"keras", "torch", "tensorflow", "h5py", "numpy", "onnx", "zipfile"} & set(sys.modules)
print(json.dumps([found, sorted(heavy)]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found, heavy = json.loads(done.stdout)
    assert not any(found)
    assert not heavy


def test_a_pathlike_is_a_path(tmp_path: Path) -> None:
    import convcost

    path = tmp_path / "model.json"
    layers = [
        {"class_name": "InputLayer", "config": {"batch_shape": [None, 6]}},
        {"class_name": "Dense", "config": {"units": 2}},
    ]
    path.write_text(json.dumps({"class_name": "Sequential", "config": {"layers": layers}}))
    assert convcost.read(path) == convcost.read(str(path))
