"""`convcost rewrite`: what would make a network cheaper, and the network made so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from convcost.cli.support import completion, options
from convcost.cli.support.command import FAILED, Command
from convcost.cli.support.measuring import MEASURING, measuring, say, verification

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.cli.support.output import Output
    from convcost.network.network import Network
    from convcost.predict import Basis
    from convcost.rewrite import Rewriting
    from convcost.write.files import Source

#: Layers of a network that it takes a while to judge the rewrites of.
_MANY = 100
#: By the framework of a source: how the name of a file ends that holds such a network.
_SUFFIXES = {"keras": ".keras", "torch": ".py", "onnx": ".onnx"}


@click.command(
    "rewrite",
    cls=Command,
    short_help="What would make a network cheaper, whether it is worth it, and the new network.",
    sources=True,
    examples=(
        "convcost rewrite zoo:seed000 --batch 32",
        "convcost rewrite zoo:seed000 --apply fold-batch-norm-forward",
        "convcost rewrite zoo:seed000 --apply fold-batch-norm-forward,drop-identities -o new.onnx",
        "convcost rewrite zoo:vgg16 --apply spatial-svd --layers 'features.1*' --size 64",
        "convcost rewrite zoo:seed001-cnn --apply global-average-pooling --training --json",
    ),
)
@options.sources
@options.workload(batch=None, training="Judge by training steps, and refuse what is for inference "
                  "only.", many="--training")  # fmt: skip
@options.optimizer
@options.where
@options.basis
@click.option("--apply", "names", metavar="NAMES", multiple=True,
              shell_complete=completion.rewrites,
              help="Rewrite: names from the list, in order, with commas between them.")  # fmt: skip
@click.option("--layers", metavar="PATTERN",
              help="Only at places with a layer whose name fits ('conv*'), worth it or not. "
              "Without it exact rewrites are done everywhere, others where worth it.")  # fmt: skip
@click.option("--size", "--rank", "size", metavar="N", type=click.IntRange(min=1),
              help="The rank or width of what has one; by default the largest that is worth it by "
              "predicted time.")  # fmt: skip
@click.option("--verify", is_flag=True,
              help="With --apply: compare the outputs of both networks, and measure them side by "
              "side on this machine.")  # fmt: skip
@measuring("--verify")
@click.option("--data", metavar="FILE", type=click.Path(dir_okay=False),
              help="With --apply: samples (.npz with x, and y where there are labels): how much "
              "the outputs agree, and the accuracy.")  # fmt: skip
@click.option("--recalibrate", metavar="FILE", type=click.Path(dir_okay=False),
              help="With --apply: estimate BatchNorm statistics anew from samples (.npz with "
              "x).")  # fmt: skip
@click.option("--train", metavar="FILE", type=click.Path(dir_okay=False),
              help="With --apply: train both networks alike on samples (.npz with x and "
              "y).")  # fmt: skip
@click.option("--epochs", metavar="N", type=click.IntRange(min=1), default=10, show_default=True,
              help="With --train: passes over the samples.")  # fmt: skip
@click.option("--seeds", metavar="N", type=click.IntRange(min=1), default=5, show_default=True,
              help="With --train: how often each network is trained.")  # fmt: skip
@options.network_output
@options.verbose("Show all that is undecided or not worth it, and why places are refused.")
def command(
    sources: tuple[str, ...],
    *,
    batch: int | None,
    training: bool,
    dtype: str | None,
    dims: Mapping[str, int],
    optimizer: str | None,
    device: str | None,
    runtime: str | None,
    basis: Basis | None,
    profile: str | None,
    names: tuple[str, ...],
    layers: str | None,
    size: int | None,
    verify: bool,
    threads: int | None,
    time: str | None,
    quick: bool,
    timeout: str | None,
    data: str | None,
    recalibrate: str | None,
    train: str | None,
    epochs: int,
    seeds: int,
    output: Output,
    verbose: bool,
) -> None:
    """Tell what would make a network cheaper, or rewrite it.

    Without --apply each way is judged by its predicted time before anything is done. With --apply
    and -o NEW the new network is written: a .keras or .onnx model, .py for a PyTorch module (its
    values in an .npz file beside it), .json for convcost's own format. The source stays as it is.
    """
    from convcost.cli.support.sources import networks
    from convcost.cli.support.written import save_networks
    from convcost.errors import UsageError
    from convcost.network.dataclass import replace
    from convcost.report.views.rewrite import report
    from convcost.verbs import rewrite

    chosen = [name.strip() for text in names for name in text.split(",") if name.strip()]
    _check(chosen, output.path, size=size, proofs=(verify, data, recalibrate, train))
    proof = verification(verify, time=time, quick=quick, timeout=timeout)
    file = output.path if chosen else None
    if file is not None:
        _check_target(file, sources)
        output = output.beside()
    nets = networks(sources, dims)
    if len(nets) != 1:
        raise UsageError(
            f"one network is rewritten at a time, the sources have {len(nets)}",
            hint="FILE#2 is one of them",
        )
    found = rewrite(
        nets[0], chosen, layers=layers, size=size, device=device, runtime=runtime, batch=batch,
        training=training, optimizer=optimizer, dtype=dtype, basis=basis, profile=profile,
        verify=proof, threads=threads, data=data, recalibrate=recalibrate, train=train,
        epochs=epochs, seeds=seeds,
        say=say if chosen or len(nets[0].layers) > _MANY else lambda _: None,
    )  # fmt: skip
    if file is not None:
        if not found.changed:
            raise UsageError(
                f"{file} is not written: nothing was rewritten: {found.steps[0].reason}",
                hint=_all_the_same(found),
            )
        source = _onnx_source(sources, nets[0])
        save_networks([found.network], file, force=output.force, source=source)
        found = replace(found, output=str(file))
    next_ = _next(sources, nets[0], found)
    output.write(report(found, verbose=verbose, next_=next_))
    if found.proof is not None and found.proof.failed:
        raise click.exceptions.Exit(FAILED)


def _check(
    chosen: Sequence[str], file: Path | None, *, size: int | None, proofs: Sequence[object]
) -> None:
    """Refuse options of what is applied where nothing is.

    Raises:
        UsageError: there is one.
    """
    from convcost.errors import UsageError

    if chosen:
        return
    hint = "add --apply NAME: the list without these options has the names"
    if size is not None or any(proofs):
        text = "--size, --verify, --data, --recalibrate and --train are of what is applied"
        raise UsageError(text, hint=hint)
    if file is not None and file.suffix.lower() in _SUFFIXES.values():
        raise UsageError(f"{file}: nothing is applied, so there is no new network", hint=hint)


def _check_target(file: Path, sources: Sequence[str]) -> None:
    """Refuse to write a network over its own source, or in a format that there is not.

    Raises:
        UsageError: that is asked for.
    """
    from convcost.errors import UsageError
    from convcost.write.files import is_format

    if not is_format(file.suffix):
        raise UsageError(
            f"{file}: networks are not written as '{file.suffix}' files",
            hint="end the name in .keras, .onnx, .py (PyTorch) or .json",
        )
    for source in sources:
        paths = (Path(source), Path(source.rpartition("#")[0] or source))
        if any(path.exists() and file.exists() and path.samefile(file) for path in paths):
            raise UsageError(f"{file} is the source, which stays as it is",
                             hint="give the new network another name")  # fmt: skip


def _onnx_source(sources: Sequence[str], net: Network) -> Source | None:
    """The ONNX file that the network comes from; None where it comes from something else."""
    from convcost.write.files import Source

    path = Path(sources[0])
    return Source(path, net) if net.framework == "onnx" and path.is_file() else None


def _all_the_same(found: Rewriting) -> str | None:
    """What to type for what is not sure to be worth it to be done even so; None elsewhere."""
    if all(step.kind == "exact" or step.pattern is not None for step in found.steps):
        return None
    return "--layers '*' does it wherever it can be done, worth it or not"


def _next(sources: Sequence[str], net: Network, found: Rewriting) -> str:
    """A command to go on with."""
    from convcost.cli.support.sources import proposal

    more = _more(net, found)
    if not more:
        return proposal("explain", sources, without=MEASURING)
    return proposal("rewrite", sources, without=("names",), more=more)


def _more(net: Network, found: Rewriting) -> list[tuple[str, object]]:
    """What to rewrite next; nothing where there is nothing, or all is done and proved."""
    if found.candidates is None:
        names = ",".join(step.name for step in found.steps if step.sizes)
        return [("--apply", names), ("--verify", True)] if names and found.proof is None else []
    if not found.candidates.worth_it:
        return []
    worth = found.candidates.worth_it
    best = next((each for each in worth if each.kind == "exact"), worth[0])
    new = f"new{_SUFFIXES.get(net.framework or '', '.onnx')}"
    place = best.places[0] if len(best.places) == 1 and best.kind != "exact" else None
    return [("--apply", best.name), ("--layers", place), ("-o", new)]
