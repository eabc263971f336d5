"""What is asked, in plain values, and the name that it has for good."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta

from convcost.report.command import command_line
from convcost.serve import limits

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The version of the JSON contract: of what an answer to a question holds.
SCHEMA: Final = "convcost/answer/1"
#: Characters of a question's name, each of four bits.
ID_LENGTH: Final = 20
#: Options that no count takes.
_WHERE: Final = ("--device", "--runtime")

Short = Annotated[str, Meta(min_length=1, max_length=limits.MAX_SHORT)]
Name = Annotated[str, Meta(min_length=1, max_length=limits.MAX_NAME)]
Zoo = Annotated[str, Meta(pattern=r"^\S+$", max_length=limits.MAX_SHORT)]
Duration = Annotated[str, Meta(pattern=r"^[0-9.]+ *[a-z\u00b5\u03bc]*$", max_length=40)]
Text = Annotated[str, Meta(min_length=1, max_length=limits.MAX_TEXT)]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="SHA-256 of the content")]
Number = Annotated[int, Meta(ge=1, le=limits.MAX_NUMBER)]
Layer = Annotated[str, Meta(min_length=1, max_length=limits.MAX_LAYER)]
Choice = Annotated[int, Meta(ge=1, le=limits.MAX_CHOICE)]
Shape = Annotated[tuple[Number, ...], Meta(min_length=1, max_length=limits.MAX_AXES)]


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A file that somebody sent.

    Attributes:
        name: for people, with the ending that tells the format; never a path.
        digest: SHA-256 of its content, by which the store has it.
    """

    name: Name
    digest: Digest


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is asked, but for the files.

    Attributes:
        texts: pasted; a text with three tables is three networks.
        zoo: names as in ``zoo:NAME``.
        device: a name of `convcost devices`; None for this machine.
        runtime: a name of `convcost runtimes`; None for that of the first source's framework.
        batch: samples per batch.
        training: a training step.
        optimizer: of a training step.
        samples: how many samples the measured times are for; None for one batch.
        measured: own times, one per network: ``4.6s``.
        dims: values for sizes that the sources leave open.
        inputs: shapes of the inputs without the batch, where a file does not tell them.
        choices: layer -> which of its other readings, by the number that a remark gives it.
        vary: what to sweep, as in ``convcost sweep --vary``: ``conv*.kernel=1,3,5``.
    """

    texts: Annotated[tuple[Text, ...], Meta(max_length=limits.MAX_SOURCES)] = ()
    zoo: Annotated[tuple[Zoo, ...], Meta(max_length=limits.MAX_SOURCES)] = ()
    device: Short | None = None
    runtime: Short | None = None
    batch: Annotated[int, Meta(ge=1, le=limits.MAX_BATCH)] = 32
    training: bool = False
    optimizer: Short | None = None
    samples: Number | None = None
    measured: Annotated[tuple[Duration, ...], Meta(max_length=limits.MAX_NETWORKS)] = ()
    dims: Annotated[dict[Short, Number], Meta(max_length=limits.MAX_GIVEN)] = {}
    inputs: Annotated[tuple[Shape, ...], Meta(max_length=limits.MAX_GIVEN)] = ()
    choices: Annotated[dict[Layer, Choice], Meta(max_length=limits.MAX_GIVEN)] = {}
    vary: Short | None = None


class Question(Terms, frozen=True, forbid_unknown_fields=True, kw_only=True, dict=True):
    """Networks, and what is asked about them.

    Attributes:
        files: content by its digest.
    """

    files: Annotated[tuple[File, ...], Meta(max_length=limits.MAX_SOURCES)] = ()

    @cached_property
    def id(self) -> str:
        """Its name in links: two equal questions have one.

        >>> Question(zoo=("vgg16",)).id == Question(zoo=("vgg16",), batch=32).id
        True
        """
        plain = msgspec.json.encode(self, order="sorted")
        return hashlib.sha256(SCHEMA.encode() + b"\n" + plain).hexdigest()[:ID_LENGTH]

    @property
    def asks_something(self) -> bool:
        """Whether there is a source."""
        return bool(self.texts or self.files or self.zoo)

    def commands(self, *, networks: int, known: bool, timed: bool) -> dict[str, str]:
        """Verb -> the command line that gives a part of the answer; texts are its standard input.

        >>> asked = Question(zoo=("vgg16",), device="a100", batch=8)
        >>> asked.commands(networks=2, known=True, timed=False)
        {'report': 'convcost report zoo:vgg16 --device a100 --batch 8'}

        Args:
            networks: of all sources; some verbs take one at a time.
            known: whether all sizes are; else there are formulas only.
            timed: whether there are measured times, the question's or a source's.
        """
        where = tuple(self._where())
        workload = [option for option in where if option[0] not in _WHERE]
        if not known:
            return {"count": self._line("count", ("--symbolic", True), *workload)}
        samples = ("--samples", self.samples)
        times = ("--measured", ",".join(self.measured) or None)
        found = {"report": self._line("report", *where, *([samples, times] if timed else []))}
        if self.samples is not None:
            found["predict"] = self._line("predict", *where, samples)
        if networks == 1:
            found["rewrite"] = self._line("rewrite", *where)
            if self.vary is not None:
                found["sweep"] = self._line("sweep", ("--vary", self.vary), *where)
        return found

    def _line(self, verb: str, *options: tuple[str, object]) -> str:
        return command_line(verb, self._sources(), options)

    def _sources(self) -> list[str]:
        files = (f"./{x.name}" if x.name.startswith("-") else x.name for x in self.files)
        named = [*files, *(f"zoo:{name}" for name in self.zoo)]
        return ["-", *named] if self.texts else named

    def _where(self) -> Iterator[tuple[str, object]]:
        yield "--device", self.device
        yield "--runtime", self.runtime
        yield "--batch", self.batch
        yield "--training", self.training
        yield "--optimizer", self.optimizer
        yield from (("--dim", f"{name}={size}") for name, size in self.dims.items())
        yield from (("--input", ",".join(map(str, shape))) for shape in self.inputs)
        yield from (("--choose", f"{layer}={number}") for layer, number in self.choices.items())
