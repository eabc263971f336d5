"""The front door: find out what a source is, and have it read.

Sources are untrusted: sizes are bounded, nothing is evaluated or unpickled. What the formats are is
not known here: see `convcost.read.formats`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from convcost.collector import without_collecting
from convcost.errors import SourceError, UsageError, unknown_name
from convcost.network.dataclass import replace
from convcost.read.opening import (
    HINT,
    exists,
    refuse_blank,
    source_at,
    split_number,
    standard_input,
)
from convcost.read.python_function import is_function, made_by
from convcost.read.reader import HEAD_BYTES, Options, Rank, Source, live_readers, readers

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from convcost.network.network import Network
    from convcost.read.reader import Reader


def read_source(
    source: str | os.PathLike[str] | object,
    *,
    inputs: Any = None,
    batch_axis: int | tuple[int, ...] | None = 0,
    dims: Mapping[str, int] | None = None,
    choices: Mapping[str, int] | None = None,
) -> tuple[Network, ...]:
    """Every network of a source, in order.

    Args:
        source: a path, ``PATH#2`` for the second network of a text, ``-`` for standard input,
            ``zoo:NAME?parameter=value``, ``zoo:resnet*`` for several, the text of a summary itself
            (anything with a line break), JSON (anything that begins with a brace),
            ``module:function`` (which runs that code), or a model of a framework.
        inputs: example arrays or shapes of a model's inputs, the batch axis included.
        batch_axis: the batch axis of the inputs, one per input, or None: the whole is one sample.
        dims: values for sizes that the source leaves open (``{"height": 416}``).
        choices: for layers that can be read in several ways, the number of the reading that their
            note lists (``{"conv2d_2": 1}``).

    Raises:
        UsageError: a layer is none of the source's, or has no such reading.
        NetworkError: a reading that was chosen contradicts the source.
        SourceError: it cannot be read, or holds no network.
        LimitError: it is above one of the limits of `convcost.read.limits`.
        MissingFramework: something has to be installed to read it.
    """
    options = Options(inputs, batch_axis)
    if isinstance(source, str) and not source:
        raise SourceError("the source is empty", hint=HINT)
    if isinstance(source, str) and source.startswith("zoo:"):
        from convcost import zoo

        hint = "a network of the zoo takes parameters: 'zoo:vgg16?image=128'"
        _refuse_inputs(source, options, hint)
        names = zoo.matching(source.removeprefix("zoo:"))
        networks: tuple[Network, ...] = tuple(zoo.load(name) for name in names)
    elif source == "-":
        networks = _of_data(standard_input(), "standard input", options)
    elif isinstance(source, str) and ("\n" in source or source.lstrip().startswith("{")):
        networks = _of_data(source.encode("utf-8", "surrogatepass"), "the text", options)
    elif isinstance(source, str) and is_function(source) and not exists(Path(source)):
        networks = (_of_function(source, options),)
    elif isinstance(source, str | Path) or hasattr(source, "__fspath__"):
        networks = _of_path(str(source), options)
    else:
        networks = (_of_object(source, options),)
    return with_sizes(with_choices(networks, choices or {}), dims or {})


def with_choices(networks: Sequence[Network], choices: Mapping[str, int]) -> tuple[Network, ...]:
    """The networks with other readings of some layers, each as far as it has them.

    Args:
        networks: as they were read.
        choices: layer -> number of a reading that its note lists; 0 is the one that was read first.

    Raises:
        UsageError: a layer is in none of them, or has no such reading.
        NetworkError: a reading contradicts what the source prints.
    """
    if not choices:
        return tuple(networks)
    from convcost.read.choices import chosen

    return chosen(networks, choices)


def with_sizes(networks: Sequence[Network], dims: Mapping[str, int]) -> tuple[Network, ...]:
    """The networks with sizes that they leave open set, each as far as it has them.

    Raises:
        UsageError: a size is open in none of them.
    """
    if not dims:
        return tuple(networks)
    from convcost.network.builder import BATCH

    left_open = {name for network in networks for name in network.symbols} - {str(BATCH)}
    for name in dims:
        if not left_open:
            raise UsageError(f"there is no open size '{name}': every size is known already")
        if name not in left_open:
            raise unknown_name("open size", name, left_open)
    return tuple(network.bind(dict(dims)) for network in networks)


def _of_path(text: str, options: Options) -> tuple[Network, ...]:
    path, number = split_number(text)
    networks = _dispatch(source_at(path), options)
    if number is None:
        return networks
    if not 1 <= number <= len(networks):
        raise SourceError(
            f"{path}: there is no network {number}; it holds {len(networks)}",
            hint=f"write {path}#1" + (f" to {path}#{len(networks)}" if len(networks) > 1 else ""),
        )
    return (networks[number - 1],)


def _refuse_inputs(
    where: str,
    options: Options,
    hint: str = "give open sizes by name: dims={'height': 416, 'width': 416}",
) -> None:
    """Refuse what the user says about inputs where the source has its sizes.

    Raises:
        UsageError: there is something.
    """
    if options.inputs is not None or options.batch_axis != 0:
        raise UsageError(f"{where}: 'inputs' and 'batch_axis' are for models and their files",
                         hint=hint)  # fmt: skip


def _of_data(data: bytes, where: str, options: Options) -> tuple[Network, ...]:
    return _dispatch(Source(where, "", data[:HEAD_BYTES], data=data), options)


def _dispatch(source: Source, options: Options) -> tuple[Network, ...]:
    """Have the first reader that recognises a source read it.

    Raises:
        SourceError: none does.
    """
    if not source.folder and not source.head.strip():
        refuse_blank(source)
    with without_collecting():
        reader = _reader_of(source)
        if reader is not None:
            if not reader.takes_inputs:
                _refuse_inputs(source.where, options)
            return reader.read(source, options)
    if source.folder:
        raise SourceError(f"{source.where}: is a directory, not a file", hint=HINT)
    known = ", ".join(r.name for r in readers() if r.rank in (Rank.OWN, Rank.FORMAT))
    raise SourceError(
        f"{source.where}: is a binary file, not text, and of no format that is known here",
        hint=f"known are: {known}; or paste what model.summary() prints into a text file",
    )


def _reader_of(source: Source) -> Reader | None:
    """The first reader that recognises a source.

    Raises:
        SourceError: it may not be looked into.
    """
    try:
        return next((reader for reader in readers() if reader.recognises(source)), None)
    except OSError as error:
        reason = error.strerror or str(error)
        raise SourceError(f"{source.where}: cannot be read: {reason}", hint=HINT) from None


def _of_function(source: str, options: Options) -> Network:
    """The network of what the user's own function returns: a model, perhaps with its inputs."""
    from convcost.network.network import Network

    made = made_by(source)
    if isinstance(made, tuple) and len(made) == 2:
        made, given = made
        options = replace(options, inputs=given) if options.inputs is None else options
    return made if isinstance(made, Network) else _of_object(made, options)


def _of_object(source: object, options: Options) -> Network:
    """The network of a framework's object.

    Raises:
        UsageError: it is none.
    """
    for reader in live_readers():
        if reader.recognises(source):
            return reader.read(source, options)
    known = ", ".join(reader.name for reader in live_readers())
    raise UsageError(
        f"cannot read a {type(source).__module__}.{type(source).__qualname__}",
        hint=f"expected a path, a text, or one of: {known}",
    )
