"""What the verbs take by name or in several forms, as the objects that it stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import UsageError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from convcost.count import Workload
    from convcost.device import Device
    from convcost.network.network import Network
    from convcost.predict.profile import Profile
    from convcost.runtime import Runtime

#: The batch where many samples pass through: Keras's own default of evaluate and fit.
BATCH_OF_MANY = 32


def usual_batch(batch: int | None, *, many: bool) -> int:
    """The batch that is asked for; by default 1, or 32 where many samples pass through."""
    return batch or (BATCH_OF_MANY if many else 1)


def patterns(texts: str | Sequence[str]) -> tuple[str, ...]:
    """One text, or several."""
    return (texts,) if isinstance(texts, str) else tuple(texts)


def network_of(net: Network) -> Network:
    """A network as it is; anything else has to be read first.

    Raises:
        UsageError: it is something else, such as a path.
    """
    from convcost.network.network import Network

    if not isinstance(net, Network):
        raise UsageError(
            f"expected a network, got {type(net).__module__}.{type(net).__qualname__}",
            hint="read it first: net = convcost.read(...)",
        )
    return net


def store_path(given: bool | str | os.PathLike[str] | None) -> Path | None:
    """The path of a store; None for the user's own."""
    from pathlib import Path

    return None if given is None or isinstance(given, bool) else Path(given)


def profile_for(
    net: Network,
    runtime: Runtime | None,
    workload: Workload,
    *,
    device: str | None,
    basis: str | None,
    path: str | os.PathLike[str] | None,
) -> Profile | None:
    """The profile to predict with; None for the data sheet."""
    from pathlib import Path

    from convcost.predict import profiles

    return profiles.chosen(
        net.framework if runtime is None else runtime,
        training=workload.training,
        device=device,
        basis=basis,
        path=None if path is None else Path(path),
    )


def refined(
    net: Network,
    runtime: Runtime | None,
    workload: Workload,
    profile: Profile | None,
    *,
    path: str | os.PathLike[str] | None,
    seconds: float,
    say: Callable[[str], None],
) -> Profile:
    """The profile after the network's least certain parts were measured.

    Raises:
        UsageError: there is no profile.
    """
    from pathlib import Path

    from convcost.predict.calibration.refine import refine
    from convcost.predict.profile_file import file_name, folder
    from convcost.runtime import default_for

    by = runtime or default_for(net.framework, training=workload.training)
    if profile is None:
        mode = " --training" if workload.training else ""
        raise UsageError(
            "there is no profile of this machine to refine",
            hint=f"convcost calibrate --runtime {by.name}{mode}",
        )
    place = folder() / file_name(profile.setting) if path is None else Path(path)
    return refine(net, workload, runtime=by, profile=profile, path=place, seconds=seconds, say=say)


def device_named(name: str | None) -> Device:
    """The device of that name; this machine for None."""
    from convcost.device import THIS_MACHINE, load

    return load(name or THIS_MACHINE)


def runtime_named(name: str | None) -> Runtime | None:
    """The runtime of that name; None for None."""
    from convcost.runtime import load

    return None if name is None else load(name)
