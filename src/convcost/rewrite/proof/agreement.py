"""How much two networks agree that do not compute the same: outputs, classes, accuracy."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.builder import BATCH
from convcost.network.network import naming
from convcost.rewrite.running.forward import running, runtime_to_compare, widened
from convcost.rewrite.samples.data import Data, fixed_batch
from convcost.rewrite.samples.labels import class_labels, classes_of
from convcost.runtime.runners.inputs import random_inputs
from convcost.runtime.runners.learning import class_of
from convcost.write.kept import check_kept

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcost.network.network import Network

#: Samples of random inputs, and of a batch where the network leaves that open.
_RANDOM_SAMPLES = 64
_BATCH = 32
#: The source of inputs where there is no data.
RANDOM = "random inputs"


@dataclass(frozen=True, slots=True)
class Accuracy:
    """The share of samples whose likeliest class is their label.

    Attributes:
        before: of the original.
        after: of the rewritten network.
        lost: samples that only the original has right.
        gained: samples that only the rewritten network has right.
    """

    before: float
    after: float
    lost: int
    gained: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How alike the outputs are; of all results of a sample together.

    Attributes:
        runtime: that ran both networks.
        data: where the samples come from; random inputs say little about real ones.
        samples: how many.
        cosine: of the outputs of a sample, the mean.
        least_cosine: of the sample for which it is least.
        difference: the norm of the outputs' difference over the norm of the original's, of all
            samples together.
        same_class: the share of samples with the same likeliest class; None where the network does
            not return one row of classes per sample.
        accuracy: None without labels that are classes.
        remarks: what was assumed of the data.
    """

    runtime: str
    data: str
    samples: int
    cosine: float
    least_cosine: float
    difference: float
    same_class: float | None
    accuracy: Accuracy | None
    remarks: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            **asdict(self),
            "accuracy": self.accuracy and self.accuracy.to_dict(),
            "remarks": list(self.remarks),
        }


def agreement(
    before: Network,
    after: Network,
    data: Data | None = None,
    *,
    runtime: str | None = None,
    threads: int | None = None,
    timeout: float = 600.0,
    say: Callable[[str], None] = lambda _: None,
) -> Agreement:
    """Run both networks on the same samples, a batch at a time.

    Args:
        before: the original, whose parameters all have values.
        after: the rewritten one, likewise.
        data: samples, perhaps with labels; None: random inputs.
        runtime: its name; default: see `runtime_to_compare`.
        threads: of the framework; default: the physical cores.
        timeout: seconds that one batch may take.
        say: told what is going on.

    Raises:
        NetworkError: values are missing, a layer's results depend on what the network does not
            keep, a result is no finite number, or the runtime cannot run a network.
        SourceError: the labels are no classes of the network.
        MissingFramework: the runtime is not installed.
        ConvcostError: it failed, or took too long.
    """
    for network in (before, after):
        for layer in network.layers:
            with naming(layer.name):
                check_kept(layer)
    chosen = runtime_to_compare(before, runtime)
    batch = fixed_batch(before) or _BATCH
    pair = [widened(network.bind({str(BATCH): batch})) for network in (before, after)]
    data = _random(pair[0], batch) if data is None else data.to_test
    labels, remark = _labels(data, before)
    options: Any = {"runtime": chosen, "batch": batch, "threads": threads, "timeout": timeout}
    sums = _Sums()
    with running(pair[0], **options) as one, running(pair[1], **options) as other:
        for inputs, meant in data.batches(batch):
            found = [[array[:meant] for array in forward(inputs)] for forward in (one, other)]
            sums.add(*found)
            if classes_of(before):
                sums.classes(*(class_of(before, results[0]) for results in found))
            say(f"compared {sums.samples} of {len(data)} samples")
    remarks = (*data.remarks, *remark)
    return sums.finished(labels, runtime=chosen, data=data.source, remarks=remarks)


def _labels(data: Data, network: Network) -> tuple[Any, tuple[str, ...]]:
    """The classes of the samples where there are any, and why not."""
    if data.labels is None:
        return None, ()
    if not classes_of(network):
        return None, (f"'{network.name}' returns no row of classes per sample: no accuracy",)
    return class_labels(data, network), ()


def _random(network: Network, batch: int) -> Data:
    import numpy as np

    number = max(1, _RANDOM_SAMPLES // batch)
    drawn = [random_inputs(network, batch=batch, seed=seed) for seed in range(number)]
    inputs = tuple(np.concatenate(arrays) for arrays in zip(*drawn, strict=True))
    return Data(source=RANDOM, inputs=inputs, dtypes=tuple(str(array.dtype) for array in inputs))


@dataclass(slots=True)
class _Sums:
    """What is known of the samples so far."""

    samples: int = 0
    cosines: list[float] = field(default_factory=list)
    apart: float = 0.0
    whole: float = 0.0
    likeliest: tuple[list[Any], list[Any]] = field(default_factory=lambda: ([], []))

    def add(self, right: list[Any], got: list[Any]) -> None:
        """A batch of results.

        Raises:
            NetworkError: one is no finite number.
        """
        import numpy as np

        a, b = _flat(right, "the original"), _flat(got, "the rewritten network")
        norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
        # two rows of zeros point the same way
        same = (norms == 0) & (a == b).all(1)
        cosines = np.where(norms > 0, (a * b).sum(1) / np.where(norms > 0, norms, 1), same)
        self.cosines += [float(each) for each in cosines]
        self.samples += len(a)
        self.apart += float(((a - b) ** 2).sum())
        self.whole += float((a**2).sum())

    def classes(self, *found: Any) -> None:
        """The likeliest ones of a batch, of the original and of the rewritten network."""
        for known, new in zip(self.likeliest, found, strict=True):
            known.append(new)

    def finished(
        self, labels: Any, *, runtime: str, data: str, remarks: tuple[str, ...]
    ) -> Agreement:
        """All samples together."""
        import numpy as np

        a, b = (np.concatenate(known) if known else None for known in self.likeliest)
        return Agreement(
            runtime=runtime,
            data=data,
            samples=self.samples,
            cosine=sum(self.cosines) / len(self.cosines),
            least_cosine=min(self.cosines),
            difference=(self.apart / self.whole) ** 0.5 if self.whole else 0.0,
            same_class=None if a is None else float((a == b).mean()),
            accuracy=None if labels is None or a is None else _accuracy(a == labels, b == labels),
            remarks=remarks,
        )


def _accuracy(right: Any, still: Any) -> Accuracy:
    """Of which samples the original, and the rewritten network, have right."""
    return Accuracy(
        before=float(right.mean()),
        after=float(still.mean()),
        lost=int((right & ~still).sum()),
        gained=int((still & ~right).sum()),
    )


def _flat(arrays: list[Any], whose: str) -> Any:
    """All results of a sample in a row."""
    import numpy as np

    flat = np.concatenate([x.reshape(len(x), -1) for x in arrays], axis=1).astype("float64")
    if not np.isfinite(flat).all():
        raise NetworkError(f"{whose} returns what is no finite number",
                           hint="check how the data are scaled")  # fmt: skip
    return flat
