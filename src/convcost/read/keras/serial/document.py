"""JSON of a model, parsed within limits."""

from __future__ import annotations

import json

from convcost.errors import LimitError, SourceError
from convcost.read.limits import MAX_CONFIG_BYTES, MAX_CONFIG_VALUES

_HINT = "check that the file is complete; Keras writes it with model.save() or model.to_json()"


def parse(data: bytes) -> object:
    """The value of a JSON text.

    A JSON text within a JSON string is unpacked: that is what ``json.dump(model.to_json(), file)``
    writes.

    Raises:
        SourceError: it is no JSON.
        LimitError: it is too large, or nested too deeply.
    """
    if len(data) > MAX_CONFIG_BYTES:
        raise LimitError(
            f"the configuration is larger than {MAX_CONFIG_BYTES // 2**20} MiB, the limit",
            hint="no real model needs as much: check where the file comes from",
        )
    if sum(data.count(mark) for mark in (b",", b"[", b"{")) > MAX_CONFIG_VALUES:
        raise LimitError(
            f"the configuration has more than {MAX_CONFIG_VALUES:,} values, the limit",
            hint="no real model needs as many: check where the file comes from",
        )
    value = _load(data)
    return _load(value.encode("utf-8", "surrogatepass")) if isinstance(value, str) else value


def _load(data: bytes) -> object:
    try:
        return json.loads(data)
    except RecursionError:
        raise LimitError("the configuration is nested too deeply", hint=_HINT) from None
    except ValueError as error:
        raise SourceError(f"the configuration is not valid JSON: {error}", hint=_HINT) from None
