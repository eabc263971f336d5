"""The process that answers: `python -m convcost.serve.worker`, which is killed when it takes long.

Lines are passed as `convcost.measure.serving` has it.

    {"load": {}}                                 {"ready": {"versions": {...}}}
    {"ask": QUESTION, "folder": PATH}            {"answer": ANSWER} or {"refusal": REFUSAL}
    {"stop": true}                               ends

QUESTION, ANSWER and REFUSAL are JSON texts; the folder has the question's files.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convcost.measure import serving

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Packages that would run what a source says, or take more than the worker's memory.
_FRAMEWORKS = ("torch", "keras", "tensorflow", "jax", "onnxruntime", "onnx")
#: What is asked about before the first question, so that all modules are there: a table ...
_TABLE = """\
Layer (type)                 Output Shape              Param #
conv2d_1 (Conv2D)            (None, 26, 26, 32)        320
batch_normalization_1 (Batch (None, 26, 26, 32)        128
max_pooling2d_1 (MaxPooling2 (None, 13, 13, 32)        0
dropout_1 (Dropout)          (None, 13, 13, 32)        0
flatten_1 (Flatten)          (None, 5408)              0
dense_1 (Dense)              (None, 10)                54090
"""
#: ... and code.
_CODE = """\
model = Sequential()
model.add(Conv2D(32, (3, 3), activation='relu', input_shape=(28, 28, 1)))
model.add(Flatten())
model.add(Dense(10))
"""


def limit() -> None:
    """Bound the memory of this process, and what it writes, where the system can (Linux does)."""
    try:
        import resource
    except ImportError:
        return
    from convcost.serve import limits

    wanted = {
        "RLIMIT_DATA": limits.WORKER_DATA_BYTES,
        "RLIMIT_AS": limits.WORKER_SPACE_BYTES,
        "RLIMIT_FSIZE": limits.WORKER_FILE_BYTES,
        "RLIMIT_CORE": 0,
    }
    for name, most in wanted.items():
        with contextlib.suppress(OSError, ValueError, AttributeError):
            kind = getattr(resource, name)
            _, hard = resource.getrlimit(kind)
            bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (bound, bound))


def _load(order: Mapping[str, Any]) -> tuple[Path, dict[str, str]]:
    """Have everything in memory that answers need; where to go back to after each."""
    from convcost._version import __version__
    from convcost.collector import wait_longer
    from convcost.serve.answer import Answer
    from convcost.serve.answering import answer
    from convcost.serve.question import Question

    del order
    home = Path("/") if os.name == "posix" else Path.cwd()
    made = answer(Question(texts=(_TABLE, _CODE)), home)
    assert isinstance(made, Answer)  # noqa: S101 - it always was
    gc.collect()
    gc.freeze()  # what is there now stays
    wait_longer()
    return home, {"convcost": __version__}


def _done(home: Path, command: Mapping[str, Any]) -> dict[str, str]:
    folder = Path(command["folder"])
    os.chdir(folder)  # messages name files as they were sent, and nothing else lies beside them
    try:
        return _told(command["ask"], folder)
    finally:
        os.chdir(home)


def _told(question: str, folder: Path) -> dict[str, str]:
    """The answer as JSON, whatever happens."""
    import msgspec

    from convcost.serve.answer import Answer, Refusal
    from convcost.serve.answering import answer
    from convcost.serve.question import Question

    try:
        made = answer(msgspec.json.decode(question, type=Question), folder)
        kind = "answer" if isinstance(made, Answer) else "refusal"
        return {kind: _encoded(made)}
    except MemoryError:
        refusal = Refusal(
            kind="memory",
            message="this takes more memory than the server gives to one question",
            hint="ask about fewer or smaller networks at once",
        )
    except Exception as error:  # noqa: BLE001 - the next question finds a worker that lives
        traceback.print_exc()
        refusal = Refusal(
            kind="internal",
            message=f"internal: {type(error).__name__}",
            hint="this is a fault of convcost: please report it with the source that causes it; "
            "the server has printed where it happened",
        )
    return {"refusal": _encoded(refusal)}


def _encoded(value: object) -> str:
    """As JSON, which is UTF-8: names in files may be no text that this can write."""
    import msgspec

    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        return msgspec.json.encode(_writable(value)).decode()


def _writable(value: Any) -> Any:
    """The same without halves of characters."""
    import msgspec

    from convcost.serve.answering import utf8

    if isinstance(value, str):
        return utf8(value)
    if isinstance(value, msgspec.Struct):
        return {name: _writable(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {_writable(key): _writable(part) for key, part in value.items()}
    return [_writable(part) for part in value] if isinstance(value, (list, tuple)) else value


if __name__ == "__main__":
    serving.die_with_parent()  # before anything that takes long
    limit()
    for name in _FRAMEWORKS:
        sys.modules[name] = None  # type: ignore[assignment]  # as if it were not installed
    serving.serve(_load, _done)
