"""What goes out: pages, JSON, files, and errors in the form that whoever asked expects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from starlette.responses import HTMLResponse, Response

from convcost.serve import pages
from convcost.serve.wire import told, wrong

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from convcost.serve.answer import Answer, Kind, Refusal
    from convcost.serve.assets import Asset
    from convcost.serve.pages import Given
    from convcost.serve.question import Question

#: Status of an answer that is none.
STATUS: Final[Mapping[Kind, int]] = {
    "usage": 400,
    "source": 422,
    "limit": 413,
    "network": 422,
    "framework": 422,
    "time": 422,
    "memory": 422,
    "ended": 503,
    "busy": 503,
    "absent": 404,
    "forbidden": 403,
    "internal": 500,
}
#: Seconds after which it may be worth asking again.
_RETRY: Final = "10"
#: An answer changes with convcost and with what the machine was calibrated for: ask whether it did.
_CHECKED: Final = {"cache-control": "private, no-cache"}
_FOR_GOOD: Final = {"cache-control": "public, max-age=31536000, immutable"}
#: A file is for the disk; a browser that shows it nevertheless runs nothing of it here.
_SANDBOX: Final = "sandbox; default-src 'none'"


def json(value: msgspec.Struct, status: int = 200) -> Response:
    """A value of the contract."""
    return Response(
        msgspec.json.encode(value), status, media_type="application/json", headers=_CHECKED
    )


def page(text: str, status: int = 200) -> Response:
    """A page, or a part of one."""
    return HTMLResponse(text, status, headers={**_CHECKED, "vary": "HX-Request, Accept"})


def answer(request: Request, question: Question, found: Answer) -> Response:
    """The answer to a form: in place where htmx asks, else by its permanent link."""
    place = f"/a/{question.id}"
    if is_part(request):
        response = page(pages.answer_part(question, found))
        response.headers["HX-Push-Url"] = place
        return response
    return Response(status_code=303, headers={"location": place, "cache-control": "no-store"})


def file(question: Question, found: Answer, kind: str) -> Response:
    """An answer as a file: ``html``, ``json`` or ``csv``."""
    content: str | bytes = found.page if kind == "html" else found.csv
    if kind == "json":
        content = msgspec.json.encode(told(question, found))
    return Response(
        content,
        media_type="application/json" if kind == "json" else f"text/{kind}",
        headers={
            **_CHECKED,
            "content-disposition": f'attachment; filename="convcost-{question.id}.{kind}"',
            "content-security-policy": _SANDBOX,
        },
    )


def asset(found: Asset) -> Response:
    """A file that pages ask for; another content has another name."""
    return Response(found.content, media_type=found.media, headers=_FOR_GOOD)


def error(
    request: Request,
    refusal: Refusal,
    *,
    status: int | None = None,
    given: Given = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Why there is no answer.

    Args:
        request: what came.
        refusal: why.
        status: of HTTP; default: that of the kind.
        given: what the form holds.
        headers: to send along.
    """
    status = STATUS[refusal.kind] if status is None else status
    if wants_json(request):
        response = json(wrong(refusal), status)
    elif is_part(request):
        response = page(pages.error_part(refusal, status, given), status)
    else:
        response = page(pages.error_page(refusal, status, given), status)
    more: dict[str, Any] = {**(headers or {}), **({"retry-after": _RETRY} if status == 503 else {})}
    response.headers.update(more)
    return response


def is_part(request: Request) -> bool:
    """Whether htmx asks, which puts what it gets into the page that is shown."""
    return request.headers.get("hx-request") == "true"


def wants_json(request: Request) -> bool:
    """Whether a program asks."""
    accepted = request.headers.get("accept", "")
    of_api = str(request.scope["path"]).startswith("/api/")
    return of_api or ("application/json" in accepted and "text/html" not in accepted)
