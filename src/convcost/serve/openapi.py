"""The API's description, OpenAPI 3.1, made from the types that it takes and gives."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import msgspec

from convcost._version import __version__
from convcost.serve import limits
from convcost.serve.question import ID_LENGTH
from convcost.serve.wire import About, Asked, Told, Wrong

#: Status -> what it says, of every path.
_ANYWHERE: Final = {403: "the request is for another host, or comes from another site"}
#: Of paths that answer.
_ANSWERING: Final = {
    422: "the sources cannot be read, or not be answered within the limits of time and memory",
    503: "too many questions wait, or the worker ended: ask again",
}
_LINKS: Final = {"answer": {"operationId": "answer", "parameters": {"id": "$response.body#/id"}}}
_ASKING: Final = {
    400: "the request is no question",
    408: "the request took too long to arrive",
    413: "the request, or a source, is above a limit",
    415: "the request is neither JSON nor a form",
}


@cache
def openapi() -> bytes:
    """The document as JSON."""
    (_asked, _told, _wrong, _about), schemas = msgspec.json.schema_components(
        [Asked, Told, Wrong, About], ref_template="#/components/schemas/{name}"
    )
    described = {
        "openapi": "3.1.0",
        "info": {
            "title": "convcost",
            "version": __version__,
            "description": "What a convolutional network costs, why, and what would make it "
            "cheaper. The values of an answer are those that the commands print with --json.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {
            "/api/v1": {
                "get": _operation("about", "What may be asked of this server", "About")
            },
            "/api/v1/ask": {
                "post": {
                    **_operation("ask", "Ask", "Told", _ASKING | _ANSWERING, _LINKS),
                    "requestBody": {
                        "required": True,
                        "content": {
                            "application/json": {"schema": _asked, "examples": _examples()},
                            "multipart/form-data": {"schema": _form()},
                        },
                    },
                }
            },
            "/api/v1/answers/{id}": {
                "get": {
                    **_operation(
                        "answer", "The answer to a question that was asked", "Told",
                        {404: "it was never asked, or is not kept any more"} | _ANSWERING,
                    ),
                    "parameters": [_id()],
                }
            },
            "/api/v1/openapi.json": {
                "get": {
                    "operationId": "openapi",
                    "summary": "This document",
                    "responses": {
                        "200": {
                            "description": "OpenAPI 3.1",
                            "content": {"application/json": {"schema": {"type": "object"}}},
                        },
                        **_errors(_ANYWHERE),
                    },
                }
            },
        },
        "components": {"schemas": schemas},
    }  # fmt: skip
    return msgspec.json.encode(described)


def _operation(
    name: str,
    summary: str,
    gives: str,
    errors: dict[int, str] | None = None,
    links: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A path's method: its name, what it is for, what it gives, what may be wrong, what follows."""
    given = {"description": summary, "content": _json(gives), **({"links": links} if links else {})}
    return {
        "operationId": name,
        "summary": summary,
        "responses": {"200": given, **_errors(_ANYWHERE | (errors or {}))},
    }


def _examples() -> dict[str, Any]:
    table = (
        "Layer (type)                 Output Shape              Param #\n"
        "conv2d_1 (Conv2D)            (None, 26, 26, 32)        320\n"
        "flatten_1 (Flatten)          (None, 21632)             0\n"
        "dense_1 (Dense)              (None, 10)                216330\n"
    )
    return {
        "table": {"value": {"texts": [table], "device": "laptop-cpu", "batch": 8}},
        "zoo": {"value": {"zoo": ["alexnet"], "device": "a100", "training": True}},
    }


def _errors(errors: dict[int, str]) -> dict[str, Any]:
    return {
        str(status): {"description": text, "content": _json("Wrong")}
        for status, text in sorted(errors.items())
    }


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def _id() -> dict[str, Any]:
    return {
        "name": "id",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "pattern": f"^[0-9a-f]{{{ID_LENGTH}}}$"},
    }


def _form() -> dict[str, Any]:
    """The fields of the page's form; sizes and choices have their names behind a point."""
    text = {"type": "string", "maxLength": limits.MAX_SHORT}
    number = {"type": "string", "pattern": "^[0-9]*$", "maxLength": 12}
    return {
        "type": "object",
        "properties": {
            "text": {"type": "string", "maxLength": limits.MAX_TEXT},
            "files": {
                "type": "array",
                "items": {"type": "string", "format": "binary"},
                "maxItems": limits.MAX_SOURCES,
            },
            **dict.fromkeys(("zoo", "device", "runtime", "optimizer", "vary"), text),
            **dict.fromkeys(("measured", "input"), text),
            **dict.fromkeys(("batch", "samples"), number),
            "training": {"enum": ["", "yes"]},
        },
        "patternProperties": {"^dim\\..+$": number, "^choice\\..+$": number},
        "additionalProperties": False,
    }
