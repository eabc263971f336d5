"""What a request asks: a form, or JSON, within limits, its files in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException

from convcost.errors import LimitError
from convcost.serve import limits
from convcost.serve.answer import Refusal
from convcost.serve.forms import FormError, kept, question_of, wrong_field
from convcost.serve.question import File
from convcost.serve.reading import shown_name
from convcost.serve.receiving import BoundedRequest, Refused
from convcost.serve.refusals import refusal_of
from convcost.serve.wire import Asked, plain_question

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.datastructures import FormData, UploadFile
    from starlette.requests import Request

    from convcost.serve.question import Question
    from convcost.serve.receiving import Receiving
    from convcost.serve.settings import Settings
    from convcost.serve.store import Store
    from convcost.serve.wire import Sent

FORM: Final = "multipart/form-data"
JSON: Final = "application/json"


class Incoming:
    """Reads requests.

    Args:
        settings: the limits.
        store: takes files.
        receiving: of all requests.
    """

    def __init__(self, settings: Settings, store: Store, receiving: Receiving) -> None:
        self._settings = settings
        self._store = store
        self._receiving = receiving

    async def form(self, request: Request) -> Question:
        """What a form asks.

        Raises:
            Refused: it is no form, or not within the limits. It has the fields, as far as they
                could be read.
        """
        async with self._bounded(request, self._settings.request_bytes) as bounded:
            _require(request, FORM)
            form = await _parsed(bounded)
            try:
                return await self._question(form)
            finally:
                await form.close()

    async def json(self, request: Request) -> Question:
        """What a JSON document asks.

        Raises:
            Refused: it is none, or not within the limits.
        """
        async with self._bounded(request, self._settings.json_bytes) as bounded:
            _require(request, JSON)
            data = await bounded.body()
            try:
                asked = msgspec.json.decode(data, type=Asked)
            except msgspec.ValidationError as error:
                raise _refused(FormError(wrong_field(error)).refusal) from None
            except (msgspec.DecodeError, RecursionError) as error:
                text = f"the request is no JSON: {error}"
                hint = "/api/v1/openapi.json says what is expected"
                raise _refused(Refusal(kind="usage", message=text, hint=hint)) from None
            files = tuple([await self._sent(sent) for sent in asked.files])
        return plain_question(asked, files)

    async def either(self, request: Request) -> Question:
        """The one that it says it is; errors as theirs."""
        return await (self.form(request) if _media(request) == FORM else self.json(request))

    def _bounded(self, request: Request, most: int) -> BoundedRequest:
        seconds = self._settings.body_seconds
        return BoundedRequest(request, most=most, seconds=seconds, receiving=self._receiving)

    async def _question(self, form: FormData) -> Question:
        fields: dict[str, list[str]] = {}
        uploads: list[UploadFile] = []
        for field, value in form.multi_items():
            if isinstance(value, str):
                fields.setdefault(field, []).append(value)
            elif value.filename or value.size:  # a browser sends an empty one for no file
                uploads.append(value)
        try:
            files = await self._earlier(kept(fields.get("kept", ())))
            for upload in uploads:
                files.append(await self._keep(upload.filename or "", upload.file))
            # what was sent need not be sent again, whatever is wrong with the rest
            fields["kept"] = [f"{file.digest} {file.name}" for file in files]
            return question_of(fields, tuple(dict.fromkeys(files)))
        except FormError as error:
            raise Refused(400, error.refusal, fields) from None
        except LimitError as error:
            raise Refused(413, refusal_of(error), fields) from None

    async def _earlier(self, found: Iterable[tuple[str, str]]) -> list[File]:
        """Files that were sent before.

        Raises:
            FormError: one is not in the store any more.
        """
        files = []
        for digest, sent in found:
            name = shown_name(sent)
            if not await run_in_threadpool(self._store.has_file, digest):
                raise FormError({"files": f"{name} is not kept any more: send it again"})
            files.append(File(name=name, digest=digest))
        return files

    async def _keep(self, name: str, content: Any) -> File:
        return await run_in_threadpool(
            self._store.keep_file, name, content, most=limits.MAX_FILE_BYTES
        )

    async def _sent(self, sent: Sent) -> File:
        """A file of a JSON document.

        Raises:
            Refused: it is too large, or neither there nor in the store.
        """
        import io

        if (sent.content is None) == (sent.digest is None):
            text = f"{shown_name(sent.name)}: a file has either a content or a digest"
            raise _refused(Refusal(kind="usage", message=text, fields={"files": text}))
        try:
            if sent.content is not None:
                return await self._keep(sent.name, io.BytesIO(sent.content))
            (file,) = await self._earlier([(str(sent.digest), sent.name)])
        except FormError as error:
            raise _refused(error.refusal) from None
        except LimitError as error:
            raise Refused(413, refusal_of(error)) from None
        return file


async def _parsed(request: BoundedRequest) -> FormData:
    """The form of a request.

    Raises:
        Refused: it is damaged, or has too many parts.
    """
    why = "it ends in the middle"
    try:
        form = await request.form(max_files=limits.MAX_SOURCES, max_fields=limits.MAX_FIELDS)
        if request.ends_with(_last_mark(request)):
            return form
        await form.close()
    except (MultiPartException, HTTPException) as error:
        why = error.message if isinstance(error, MultiPartException) else error.detail
    except (FormParserError, ValueError, LookupError) as error:
        why = str(error)
    text = f"the form cannot be read: {why or 'it is damaged'}"
    hint = f"at most {limits.MAX_SOURCES} files and {limits.MAX_FIELDS:,} fields; a text of more "
    hint += "than a megabyte is sent as a file"
    raise _refused(Refusal(kind="usage", message=text, hint=hint))


def _last_mark(request: Request) -> bytes:
    """What ends a form: without it, fields are missing."""
    _, options = parse_options_header(request.headers.get("content-type"))
    return b"--" + options.get(b"boundary", b"") + b"--"


def _media(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _require(request: Request, media: str) -> None:
    """Refuse what is in another format.

    Raises:
        Refused: it is.
    """
    if _media(request) != media:
        text = f"the request is '{_media(request)[:100]}', expected {media}"
        raise Refused(415, Refusal(kind="usage", message=text))


def _refused(why: Refusal) -> Refused:
    return Refused(400, why)
