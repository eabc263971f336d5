"""A small, fixed part of what benchmarks/fuzz does with thousands of damaged files."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import onnx
import pytest

from support.files import loaded

FUZZ = Path(__file__).parents[2] / "benchmarks" / "fuzz"
LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
#: Damaged files of each kind.
RUNS = 60

TABLE = """Model: "sequential"
_________________________________________________________________
 Layer (type)                Output Shape              Param #
=================================================================
 conv2d (Conv2D)             (None, 26, 26, 32)        320
 max_pooling2d (MaxPooling2D (None, 13, 13, 32)        0
 flatten (Flatten)           (None, 5408)              0
 dense (Dense)               (None, 10)                54090
=================================================================
Total params: 54,410
"""
CONFIG = {
    "class_name": "Sequential",
    "config": {
        "name": "net",
        "layers": [
            {"class_name": "InputLayer", "config": {"batch_shape": [None, 8, 8, 3]}},
            {"class_name": "Conv2D", "config": {"filters": 4, "kernel_size": [3, 3]}},
            {"class_name": "Flatten", "config": {}},
            {"class_name": "Dense", "config": {"units": 10}},
        ],
    },
}


@pytest.fixture(scope="module")
def damage() -> SimpleNamespace:
    return SimpleNamespace(**loaded(FUZZ / "damage.py"))


@pytest.mark.parametrize("suffix", [".onnx", ".txt", ".json"])
def test_damage_is_the_same_for_the_same_seed(damage: SimpleNamespace, suffix: str) -> None:
    data = {
        ".onnx": (LIGHT / "light_bvlc_alexnet.onnx").read_bytes(),
        ".txt": TABLE.encode(),
        ".json": json.dumps(CONFIG).encode(),
    }[suffix]
    made = [damage.mutation(data, suffix, seed) for seed in range(50)]
    assert made == [damage.mutation(data, suffix, seed) for seed in range(50)]
    assert len(set(made)) > 40


def test_a_message_is_taken_apart_and_put_together(damage: SimpleNamespace) -> None:
    data = (LIGHT / "light_squeezenet.onnx").read_bytes()
    assert damage.joined(damage.split(data)) == data
    graph = next(value for key, value in damage.split(data) if key == 58)
    assert damage.joined(damage.split(graph)) == graph


def test_damaged_files_end_well(tmp_path: Path) -> None:
    files = [tmp_path / "table.txt", tmp_path / "model.json", LIGHT / "light_squeezenet.onnx"]
    files[0].write_text(TABLE)
    files[1].write_text(json.dumps(CONFIG))
    command = [sys.executable, str(FUZZ / "fuzz.py"), "--runs", str(RUNS), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == [path.name for path in files]
    for line in lines:
        # most of what is damaged is refused, and some of it does not matter
        assert "'clear error'" in line
        assert "'read'" in line


def test_a_finding_is_reported(tmp_path: Path) -> None:
    """Reading a link means opening a file outside of the folder: the watch has to see it."""
    code = f"""
import sys
sys.path.insert(0, {str(FUZZ)!r})
from fuzz import Watch
watch = Watch({str(tmp_path)!r})
watch.active = True
for path in ({str(tmp_path / "inside")!r}, {str(Path(__file__))!r}):
    try:
        open(path).close()
    except OSError:
        pass
watch.active = False
print(*watch.opened)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().rstrip("/") == str(Path(__file__).resolve())
