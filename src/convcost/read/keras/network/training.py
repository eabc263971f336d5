"""What the source of a model tells about its training, as a note."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.network import Note

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHOWN = (
    *("optimizer", "learning_rate", "loss", "batch_size", "epochs"),
    *("steps_per_epoch", "samples_per_epoch"),
)
_LONGEST = 300


def training_notes(training: Mapping[str, object]) -> list[Note]:
    """What a model is trained with, where the source tells.

    >>> [note.text for note in training_notes({"optimizer": "sgd", "batch_size": 128})]
    ['the code trains with optimizer sgd, batch_size 128']
    """
    facts = [f"{key} {training[key]}" for key in _SHOWN
             if isinstance(training.get(key), (str, int, float))]  # fmt: skip
    if not facts:
        return []
    return [Note("inferred", f"the code trains with {', '.join(facts):.{_LONGEST}}")]
