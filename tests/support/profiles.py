"""Profiles made by hand: times that follow from known factors, without any fit."""

from convcost.predict.columns import TERMS
from convcost.predict.model import Model, key
from convcost.predict.profile import Band, Profile, Setting
from convcost.predict.profiles import this_machine
from convcost.predict.step import step_of
from convcost.predict.trees import Trees
from convcost.runtime import load

NO_TREES = Trees((), (), (), (), (), ())
#: Seconds: of each launch, of each MAC, of each byte within the near cache.
LAUNCH, MAC, BYTE = 2e-6, 1e-10, 1e-10


def factors(**named):
    """Factors of terms, by their names with underscores; the others are zero."""
    return tuple(named.get(name.replace(" ", "_"), 0.0) for name in TERMS)


def works_of(network, workload, runtime="torch"):
    """The works of a batch on a CPU, then what belongs to no layer."""
    _, parts = step_of(network, workload, load(runtime), "cpu", whole=True)
    return parts.works


def knowing(*networks, workload, runtime="torch", **changes):
    """A profile that has seen every kind of some networks; changes as of `profile`."""
    seen = [work for network in networks for work in works_of(network, workload, runtime)]
    return profile(seen, runtime=runtime, training=workload.training, **changes)


def profile(works, *, runtime="torch", training=False, whole=(-0.2, 0.1, 0.4), **changes):
    """A profile that knows the kinds of some works.

    Args:
        works: whose kinds it knows.
        runtime: that it is of.
        training: training steps.
        whole: the band of networks.
        changes: other fields.
    """
    same = factors(launch=LAUNCH, macs=MAC, bytes_in_the_near_cache=BYTE)
    fallback = {f"{what}, {phase}": same for what in ("products", "streams")
                for phase in ("forward", "backward", "loss", "update", "loop")}  # fmt: skip
    machine = this_machine()
    fields = {
        "setting": Setting(runtime=runtime, training=training, threads=machine.cores),
        "machine": machine,
        "versions": {},
        "date": "2026-11-22",
        "networks": 100,
        "model": Model({key(work): same for work in works}, fallback, NO_TREES),
        "whole": Band(*whole, 100),
        "kinds": {},
    }
    return Profile(**(fields | changes))
