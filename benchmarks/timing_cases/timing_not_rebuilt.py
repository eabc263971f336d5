"""The cases that cannot be rebuilt, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: By the keys of the table of cases.
NOT_REBUILT: Mapping[str, str] = {
    "T05": (
        "filters and image size are in a file that the thread links to, and which is not at hand. "
        "Its factors (7.4 in training, 52 in prediction) are far above any that passes over memory "
        "explain: see T07"
    ),
    "T16": (
        "both times are of the same networks in the same library, before and after its depthwise "
        "kernel was rewritten; convcost has no runtime for it. `depthwise` says why the gain is "
        "more than their share of the MACs"
    ),
    "T18": "one time and no ratio; the capsule layer is a class of its own, without a rule",
    "T21": "one time and no ratio; the layer's units are not told",
    "T22": "the network is not told, and the times are of a first epoch and of different steps",
    "T23": "one time and no ratio, of training, of which the data sheet predicts no whole step",
    "T24": "one time and no ratio, of training, of which the data sheet predicts no whole step",
    "T29": "one network called in two ways: the difference is the call's, not the network's",
    "T31": (
        "one network, which is not told whole, trained twice with different optimizers. Whatever "
        "it is, its passes are the same, and an update is no factor of 6.4 "
        "([belief 15](beliefs.md))"
    ),
}
