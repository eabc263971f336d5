"""The server: which request is answered by what."""

from __future__ import annotations

import sys
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import wraps
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route

from convcost.errors import ConvcostError
from convcost.serve import limits, pages, responses
from convcost.serve.answer import Answer, Refusal
from convcost.serve.assets import assets
from convcost.serve.desk import Desk
from convcost.serve.incoming import Incoming
from convcost.serve.openapi import openapi
from convcost.serve.receiving import Receiving, Refused
from convcost.serve.security import HEADERS, SecurityHeaders, check_host, check_origin
from convcost.serve.store import Store
from convcost.serve.wire import about, told
from convcost.serve.workers import Workers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.requests import Request

    from convcost.serve.question import Question
    from convcost.serve.settings import Settings

    Endpoint = Callable[[Request], Awaitable[Response]]

#: What an answer can be had as, besides its page.
_FILES = ("html", "json", "csv")
_GONE = "ask again: the page at / has the form"


def application(settings: Settings) -> Starlette:
    """The server as an ASGI application; its workers live from its startup to its shutdown.

    Raises:
        ConvcostError: the store cannot be used.
    """
    store = Store(
        settings.store,
        most_bytes=settings.store_bytes,
        most_answer_bytes=settings.store_answer_bytes,
    )
    workers = Workers(
        settings.workers,
        seconds=settings.answer_seconds,
        waiting=settings.waiting,
        say=_say,
    )
    site = _Site(settings, Desk(store, workers), Incoming(settings, store, Receiving()))

    @asynccontextmanager
    async def living(_: Starlette) -> AsyncIterator[None]:
        workers.start()
        try:
            yield
        finally:
            await workers.stop()
            store.close()

    routes: tuple[tuple[str, str, Endpoint], ...] = (
        ("GET", "/", site.form),
        ("POST", "/ask", site.ask),
        ("GET", "/a/{name}", site.link),
        ("GET", "/static/{name}", site.static),
        ("GET", "/api/v1", site.about),
        ("POST", "/api/v1/ask", site.api_ask),
        ("GET", "/api/v1/answers/{id}", site.api_answer),
        ("GET", "/api/v1/openapi.json", site.openapi),
    )
    app = Starlette(
        routes=[Route(path, site.guarded(each), methods=[how]) for how, path, each in routes],
        lifespan=living,
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers={
            Refused: _refused,
            HTTPException: _by_status,
            ConvcostError: _store_failed,
            ClientDisconnect: _gone,
            Exception: _fault,
        },
    )
    app.router.redirect_slashes = False
    app.state.workers, app.state.store = workers, store
    return app


class _Site:
    """The endpoints.

    Args:
        settings: of the server.
        desk: answers.
        incoming: reads what is asked.
    """

    def __init__(self, settings: Settings, desk: Desk, incoming: Incoming) -> None:
        self._settings = settings
        self._desk = desk
        self._incoming = incoming

    def guarded(self, endpoint: Endpoint) -> Endpoint:
        """An endpoint that is not reached from other sites."""

        @wraps(endpoint)
        async def checked(request: Request) -> Response:
            check_host(request.headers, self._settings)
            if request.method == "POST":
                check_origin(request)
            return await endpoint(request)

        return checked

    async def form(self, request: Request) -> Response:
        """The page to paste into."""
        del request
        return responses.page(await run_in_threadpool(pages.form_page))

    async def ask(self, request: Request) -> Response:
        """What the form of the page asks."""
        question = await self._incoming.form(request)
        found = await self._desk.answer(question)
        if isinstance(found, Answer):
            return responses.answer(request, question, found)
        return responses.error(request, found, given=question)

    async def link(self, request: Request) -> Response:
        """A permanent page, or a file of it."""
        id_, _, kind = str(request.path_params["name"]).partition(".")
        question = None if kind and kind not in _FILES else await self._desk.question(id_)
        if question is None:
            raise HTTPException(404)
        found = await self._desk.answer(question)
        if not isinstance(found, Answer):
            return responses.error(request, found, given=question)
        if kind:
            return responses.file(question, found, kind)
        return responses.page(pages.answer_page(question, found))

    async def static(self, request: Request) -> Response:
        """A file that pages ask for: one of those that are known, by its name in a table."""
        found = assets().get(request.path_params["name"])
        if found is None:
            raise HTTPException(404)
        return responses.asset(found)

    async def about(self, request: Request) -> Response:
        """What may be asked of this server."""
        del request
        return responses.json(await run_in_threadpool(about, self._bounds()))

    async def api_ask(self, request: Request) -> Response:
        """What a program asks."""
        question = await self._incoming.either(request)
        return self._told(request, question, await self._desk.answer(question))

    async def api_answer(self, request: Request) -> Response:
        """The answer to what was asked before."""
        question = await self._desk.question(request.path_params["id"])
        if question is None:
            raise HTTPException(404)
        return self._told(request, question, await self._desk.answer(question))

    async def openapi(self, request: Request) -> Response:
        """The description of the API."""
        del request
        return Response(openapi(), media_type="application/json")

    def _told(self, request: Request, question: Question, found: Answer | Refusal) -> Response:
        if isinstance(found, Answer):
            return responses.json(told(question, found))
        return responses.error(request, found)

    def _bounds(self) -> dict[str, float]:
        """The limits, by name."""
        ours = asdict(self._settings)
        named = ("answer_seconds", "body_seconds", "request_bytes", "json_bytes", "waiting")
        fixed = {
            "text_characters": limits.MAX_TEXT,
            "file_bytes": limits.MAX_FILE_BYTES,
            "sources": limits.MAX_SOURCES,
            "networks": limits.MAX_NETWORKS,
            "points": limits.MAX_POINTS,
        }
        return {**{name: ours[name] for name in named}, **fixed}


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)  # noqa: S101 - for types
    return responses.error(request, error.refusal, status=error.status, given=error.fields)


async def _by_status(request: Request, error: Exception) -> Response:
    """What the router says: there is no such page, or not by this method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - for types
    if error.status_code == 404:
        refusal = Refusal(
            kind="absent", message="there is no such page, or it is not kept any more", hint=_GONE
        )
    elif error.status_code == 405:
        refusal = Refusal(kind="usage", message=f"{request.method} is not for this address")
    else:
        refusal = Refusal(kind="usage", message=str(error.detail))
    return responses.error(
        request, refusal, status=error.status_code, headers=dict(error.headers or {})
    )


async def _store_failed(request: Request, error: Exception) -> Response:
    """The store is full, locked or gone."""
    assert isinstance(error, ConvcostError)  # noqa: S101 - for types
    _say(str(error))  # whoever asked need not know where it lies
    text = "the server cannot keep or find this at the moment"
    return responses.error(request, Refusal(kind="busy", message=text, hint=_GONE))


async def _gone(request: Request, error: Exception) -> Response:
    """Nobody is there to read this."""
    del request, error
    return Response(status_code=400)


async def _fault(request: Request, error: Exception) -> Response:
    """A fault of ours: what it is stays with who runs the server, who finds it printed."""
    refusal = Refusal(
        kind="internal",
        message=f"internal: {type(error).__name__}",
        hint="this is a fault of convcost: please report it",
    )
    return responses.error(request, refusal, headers=HEADERS)


def _say(text: str) -> None:
    """Tell whoever runs the server."""
    sys.stderr.write(f"{text}\n")
