"""What a batch of a network consists of: kernels, and the works that their times depend on.

A network that is asked about once is bound to its batch. Of one that is asked about again, all is
found once with the batch left open, and kept with the network: the next batch is put in.
"""

from __future__ import annotations

from collections import Counter
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from convcost.count import unknown_costs
from convcost.count.prepare import without_loss
from convcost.errors import NetworkError
from convcost.network.builder import BATCH
from convcost.network.cost import FIGURES, Cost
from convcost.network.dataclass import dataclass, fields, replace
from convcost.network.evaluation import Substitution
from convcost.network.once import once
from convcost.predict.groups import works_of
from convcost.predict.work import Work, Works, as_it_runs
from convcost.runtime import Kernel, lower, lower_step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from convcost.count import Workload
    from convcost.network.dims import Dim
    from convcost.network.network import Network
    from convcost.runtime import DeviceKind, Runtime

#: What may stand in a cost until a batch is put in.
_OPEN = frozenset({str(BATCH)})
#: The fields of a work that are sizes.
_SIZES = tuple(each.name for each in fields(Work) if each.name not in ("layers", "phase", "kind"))

#: Takes some sizes out of many.
_Chosen: TypeAlias = "Callable[[list[Dim]], tuple[Dim, ...]]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a batch consists of.

    Attributes:
        kernels: that run, as far as their costs are known.
        works: of those of the same layers and phase, in order; then of what belongs to no layer.
        input_bytes: of the batch.
    """

    kernels: tuple[Kernel, ...]
    works: tuple[Work, ...]
    input_bytes: Dim

    def beside(self, cost: Cost) -> Parts:
        """The same as a part of a larger run.

        Args:
            cost: of all else that the run consists of.
        """
        works = [
            replace(
                work,
                run_written=work.run_written + cost.write_bytes,
                run_weights=work.run_weights + cost.weight_bytes,
                run_macs=work.run_macs + cost.macs,
            )
            for work in self.works
        ]
        return replace(self, works=tuple(works))


class Step:
    """A batch of a network as a runtime runs it.

    Args:
        network: prepared for the workload; its batch may be open.
        workload: mode, optimizer, loss.
        runtime: whose kernels.
        device_kind: that they run on.
        whole: with the works, and in training with the backward pass and the update.

    Attributes:
        layers: of the network.
        unknown: what no kernel contains.
        dtype: of most tensors.
        parts: with as much open as in the network.
    """

    def __init__(
        self,
        network: Network,
        workload: Workload,
        runtime: Runtime,
        device_kind: DeviceKind,
        *,
        whole: bool,
    ) -> None:
        works = Works(network, workload, symbolic=_OPEN if network.symbols else False)
        if whole:
            asked = as_it_runs(workload)
            kernels = lower_step(network, asked, runtime, device_kind, symbolic=True)
        else:
            kernels = lower(network, runtime, device_kind, workload.mode)
        known = {part.layer.name for part in works.costs if part.cost is not None}
        kernels = tuple([kernel for kernel in kernels if known.issuperset(kernel.layers)])
        self._network, self._runtime = network, runtime
        self.layers = network.layers
        self.unknown = unknown_costs(network, works.costs)
        self.dtype = dtype_of(network)
        self.parts = Parts(
            kernels=kernels,
            works=works_of(works, kernels, workload) if whole else (),
            input_bytes=works.input_bytes,
        )

    def at(self, batch: int) -> Parts:
        """The parts of a batch that was left open: each formula is worked out once for it.

        Raises:
            NetworkError: a size would be smaller than one, or an op's condition does not hold.
        """
        put = Substitution({str(BATCH): batch})
        for size in self._network.at_least_one:
            number = put(size)
            if isinstance(number, int) and number < 1:
                self._network.bind({str(BATCH): batch})
        formulas, of_kernels, of_works = self._formulas
        sizes = [put(formula) for formula in formulas]
        kernels = zip(self.parts.kernels, of_kernels, strict=True)
        works = zip(self.parts.works, of_works, strict=True)
        return Parts(
            kernels=tuple([_kernel(kernel, *chosen(sizes)) for kernel, chosen in kernels]),
            works=tuple([_work(work, chosen(sizes)) for work, chosen in works]),
            input_bytes=put(self.parts.input_bytes),
        )

    @once
    def _formulas(self) -> tuple[tuple[Dim, ...], list[_Chosen], list[_Chosen]]:
        """All sizes, each once; which of them are those of the kernels, and of the works."""
        places: dict[Dim, int] = {}

        def chosen(sizes: Iterable[Dim]) -> _Chosen:
            return itemgetter(*[places.setdefault(size, len(places)) for size in sizes])

        kernels = [chosen([x.channels or 1, *x.cost.sizes]) for x in self.parts.kernels]
        works = [chosen([getattr(work, name) for name in _SIZES]) for work in self.parts.works]
        return tuple(places), kernels, works


def _kernel(kernel: Kernel, channels: Dim, *figures: Dim) -> Kernel:
    """A kernel with other sizes."""
    cost = Cost(**dict(zip(FIGURES, figures, strict=True)))
    return replace(kernel, cost=cost, channels=kernel.channels and channels)


def _work(work: Work, sizes: tuple[Dim, ...]) -> Work:
    """A work with other sizes."""
    named: dict[str, Any] = dict(zip(_SIZES, sizes, strict=True))
    return Work(layers=work.layers, phase=work.phase, kind=work.kind, **named)


def step_of(
    network: Network, workload: Workload, runtime: Runtime, device_kind: DeviceKind, *, whole: bool
) -> tuple[Step, Parts]:
    """The step of a workload, and its parts in numbers.

    Args:
        network: as it was read.
        workload: batch, mode, dtype, frozen layers, optimizer, loss.
        runtime: as in `Step`.
        device_kind: as in `Step`.
        whole: as in `Step`.

    Raises:
        NetworkError: a size would be smaller than one, or an op's condition does not hold.
        UsageError: the runtime does not run such a step.
    """
    if not network.symbols:
        # there is nothing to put another batch into
        ready = without_loss(network, workload)
        step = Step(ready, workload, runtime, device_kind, whole=whole)
        return step, step.parts
    alike = replace(workload, batch=1, samples=None, epochs=1, accumulate=1)
    key = "step", id(runtime), device_kind, whole, alike
    memo = network.memo
    found = memo.get(key)
    if found is None:
        ready = without_loss(network, workload)
        if key in memo:
            found = memo[key] = _open_step(ready, workload, runtime, device_kind, whole=whole)
        memo.setdefault(key)
    if found is not None:
        return found, found.at(workload.batch)
    bound = ready.bind({str(BATCH): workload.batch})
    step = Step(bound, workload, runtime, device_kind, whole=whole)
    return step, step.parts


def _open_step(
    network: Network, workload: Workload, runtime: Runtime, device_kind: DeviceKind, *, whole: bool
) -> Step | None:
    """None where the batch is part of a size that has to be known: kernels depend on it."""
    try:
        return Step(network, workload, runtime, device_kind, whole=whole)
    except NetworkError:
        return None


def dtype_of(network: Network) -> str:
    """The floating-point dtype that most of a network's tensors have."""
    found = Counter([tensor.dtype for layer in network.layers for tensor in layer.outputs])
    floats = sorted(dtype for dtype in found if "float" in dtype)
    return max(floats, key=found.__getitem__, default="float32")
