"""A question as the fields of the form that asks it; `convcost.serve.forms` is the way back.

| field | holds |
|---|---|
| ``text`` | a pasted text; repeatable |
| ``files`` | an upload; repeatable |
| ``kept`` | a file that was sent before: its digest, a blank, its name; repeatable |
| ``zoo`` | names, between blanks |
| ``device``, ``runtime``, ``optimizer``, ``vary`` | empty for nothing |
| ``batch``, ``samples`` | numbers |
| ``training`` | ``yes``, or empty |
| ``measured`` | times, between commas |
| ``input`` | shapes, between blanks: ``3,224,224 10`` |
| ``dim.NAME`` | a size left open |
| ``choice.LAYER`` | the number of a reading; empty for the likeliest |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.serve.question import Question

#: Field -> its values, as a browser sends them.
Fields: TypeAlias = "Mapping[str, Sequence[str]]"

#: What stands before a name in a field of its own.
DIM: Final = "dim."
CHOICE: Final = "choice."
#: What says yes.
YES: Final = "yes"


def of_question(question: Question) -> dict[str, tuple[str, ...]]:
    """The fields that are not empty."""
    measured, shapes = ", ".join(question.measured), question.inputs
    found: dict[str, tuple[str, ...]] = {
        "text": question.texts,
        "kept": tuple(f"{file.digest} {file.name}" for file in question.files),
        "zoo": (" ".join(question.zoo),),
        "device": (question.device or "",),
        "runtime": (question.runtime or "",),
        "batch": (str(question.batch),),
        "training": (YES if question.training else "",),
        "optimizer": (question.optimizer or "",),
        "samples": ("" if question.samples is None else str(question.samples),),
        "measured": (measured,),
        "input": (" ".join(",".join(map(str, shape)) for shape in shapes),),
        "vary": (question.vary or "",),
        **{f"{DIM}{name}": (str(size),) for name, size in question.dims.items()},
        **{f"{CHOICE}{layer}": (str(number),) for layer, number in question.choices.items()},
    }
    return {name: values for name, values in found.items() if any(values)}
