"""Fit a model to networks that were run."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

from convcost.count import Workload
from convcost.errors import MissingFramework
from convcost.network.builder import BATCH
from convcost.predict import columns as c
from convcost.predict.groups import grouped
from convcost.predict.model import Model, family, key
from convcost.predict.trees import Trees, from_lightgbm
from convcost.predict.work import Works, as_it_runs
from convcost.runtime import load as runtime
from convcost.runtime import lower_step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.predict.calibration.sampling import Sample
    from convcost.predict.profile import Setting

#: Parts that the networks are divided into; each is predicted by the others.
_FOLDS = 5
#: Works that a network needs to be divided into two halves.
_DIVISIBLE = 4
#: Seconds that no part falls below: the clock's own steps.
_LEAST = 1e-8
#: Works of a kind that factors of its own need.
_ENOUGH = 12
#: Networks on either side whose reference work tells the machine's speed as well, and the share of
#: a change of that speed that networks show: the one that held-out networks fit best with.
_NEIGHBOURS, _SHARE_OF_SPEED = 2, 0.5
_TREES = 160
#: Absolute errors of logarithms: a network that met a slow moment of the machine is an outlier.
_SETTINGS = {
    "objective": "l1", "num_leaves": 24, "max_depth": 6, "learning_rate": 0.08,
    "min_data_in_leaf": 8, "lambda_l2": 1.0, "feature_fraction": 0.7, "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "num_threads": 1, "seed": 0, "deterministic": True, "verbose": -1,
}  # fmt: skip


class Run:
    """A network that was run, as the fit sees it.

    Args:
        sample: what was measured.
        setting: in what.
        speed: of the machine at that moment, against its usual one.

    Attributes:
        works: of its parts.
        seconds: array: of each part.
        whole: seconds of a run.
    """

    def __init__(self, sample: Sample, setting: Setting, speed: float = 1.0) -> None:
        import numpy as np

        network = sample.network.bind({str(BATCH): sample.batch})
        workload = Workload(
            batch=sample.batch, training=setting.training, optimizer=sample.optimizer
        )
        works = Works(network, workload)
        by = runtime(setting.runtime)
        kernels = grouped(lower_step(network, as_it_runs(workload), by, "cpu"))
        self.works = [
            works.of(part.layers, part.phase, kernels.get((part.layers, part.phase), ()))
            for part in sample.parts
        ]
        seconds = np.maximum([part.seconds for part in sample.parts], _LEAST)
        self.whole = sample.seconds * speed
        self.seconds = seconds * (self.whole / seconds.sum())


def runs_of(samples: Sequence[Sample], setting: Setting) -> list[Run]:
    """Networks that were run, in the order in which they were, at the machine's usual speed.

    The clock of a processor, and what others take of it, changes within minutes. The reference
    work beside a network tells by how much: its logarithm, smoothed over networks that were run
    one after the other, explains about half as much of theirs.
    """
    import numpy as np

    probes = np.log([sample.probe for sample in samples])
    smooth = [
        np.median(probes[max(0, place - _NEIGHBOURS) : place + _NEIGHBOURS + 1])
        for place in range(len(probes))
    ]
    speeds = np.exp(-_SHARE_OF_SPEED * (np.array(smooth) - np.median(smooth)))
    return [
        Run(sample, setting, float(speed)) for sample, speed in zip(samples, speeds, strict=True)
    ]


def fitted(runs: Sequence[Run]) -> Model:
    """The model of networks that were run: a work counts by its share in its network's time."""
    import numpy as np

    works = [work for run in runs for work in run.works]
    seconds = np.concatenate([run.seconds for run in runs])
    shares = np.concatenate([run.seconds / run.seconds.sum() for run in runs])
    rows = c.sizes(works)
    terms = c.terms(rows)
    by_key, by_family = defaultdict(list), defaultdict(list)
    for place, work in enumerate(works):
        by_key[key(work)].append(place)
        by_family[family(work)].append(place)
    model = Model(
        factors={k: _factors(terms, seconds, places) for k, places in by_key.items()
                 if len(places) >= _ENOUGH},
        fallback={k: _factors(terms, seconds, places) for k, places in by_family.items()},
        trees=Trees((), (), (), (), (), ()),
    )  # fmt: skip
    time = model.mechanistic(works, rows)
    found = c.columns(rows, time, model.numbers(works, rows))
    return replace(model, trees=_boosted(found, np.log(seconds / time), shares))


class Residuals(NamedTuple):
    """Logarithms of measured over predicted time, by models that did not see the network.

    Attributes:
        whole: of each network, in order.
        kinds: of works, by their key.
        halves: of every other work of a network, and of the rest.
    """

    whole: list[float]
    kinds: Mapping[str, list[float]]
    halves: list[tuple[float, float]]


def held_out(runs: Sequence[Run]) -> Residuals:
    """What networks took beside what the others predict."""
    import numpy as np

    whole = [0.0] * len(runs)
    kinds: dict[str, list[float]] = defaultdict(list)
    halves = []
    for fold in range(_FOLDS):
        model = fitted([run for place, run in enumerate(runs) if place % _FOLDS != fold])
        for place in range(fold, len(runs), _FOLDS):
            run = runs[place]
            times = model.seconds(run.works)
            whole[place] = float(np.log(run.whole / times.sum()))
            if len(run.works) >= _DIVISIBLE:
                one, other = (
                    float(np.log(run.seconds[half::2].sum() / times[half::2].sum()))
                    for half in (0, 1)
                )
                halves.append((one, other))
            for work, ratio in zip(run.works, np.log(run.seconds / times), strict=True):
                kinds[key(work)].append(float(ratio))
    return Residuals(whole, kinds, halves)


def _factors(terms: Any, seconds: Any, places: Sequence[int]) -> tuple[float, ...]:
    """Least squares of relative errors, no factor below zero."""
    import numpy as np
    from scipy.optimize import nnls

    relative = terms[places] / seconds[places, None]
    scale = np.maximum(np.abs(relative).max(axis=0), 1e-300)
    found, _ = nnls(relative / scale, np.ones(len(places)))
    return tuple((found / scale).tolist())


def check() -> None:
    """Refuse to begin what could not be fitted in the end.

    Raises:
        MissingFramework: LightGBM is not installed.
    """
    if find_spec("lightgbm") is None:
        raise MissingFramework(
            "calibration needs LightGBM", hint="pip install 'convcost[calibrate]'"
        )


def _boosted(found: Any, logarithms: Any, weights: Any) -> Trees:
    import lightgbm

    data = lightgbm.Dataset(found, label=logarithms, weight=weights, params={"verbose": -1})
    booster = lightgbm.train(dict(_SETTINGS), data, num_boost_round=_TREES)
    return from_lightgbm(booster.dump_model())
