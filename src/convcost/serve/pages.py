"""The pages of the server: the form, an answer below what was asked, an error.

They are made of values alone and know nothing of requests. Texts are never markup: they are made
visible and escaped where they enter a template. Everything works without JavaScript; with it, an
answer takes the place of ``<main>``, and an error that of what is in ``#answer``.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from convcost._version import __version__
from convcost.network.dataclass import dataclass
from convcost.report.figures import plural
from convcost.report.renderers import html
from convcost.report.text import visible
from convcost.serve import shown
from convcost.serve.assets import address
from convcost.serve.fields import CHOICE, DIM, YES, of_question
from convcost.serve.offers import mentioned, offers
from convcost.serve.question import Question

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from jinja2 import Environment

    from convcost.serve.answer import Answer, Reading, Refusal
    from convcost.serve.fields import Fields

#: What a form was filled with: a question, or the fields as they were typed.
Given: TypeAlias = "Question | Fields | None"

#: The template of a page; all others are parts.
_WHOLE: Final = "page.html"
_TITLE: Final = "What does your network cost, and why?"
#: No style and no script of htmx's own, nothing kept in the browser, errors shown in place.
_HTMX: Final = (
    '{"includeIndicatorStyles":false,"allowEval":false,"allowScriptTags":false,'
    '"historyCacheSize":0,"refreshOnHistoryMiss":true,"responseHandling":['
    '{"code":"[23]..","swap":true},'
    '{"code":"[45]..","swap":true,"error":true,"target":"#answer","swapOverride":'
    '"innerHTML show:#verdict:top"}]}'
)
#: What a table of layers looks like, for those who have not seen one.
_EXAMPLE: Final = """\
Layer (type)                 Output Shape              Param #
conv2d_1 (Conv2D)            (None, 26, 26, 32)        320
flatten_1 (Flatten)          (None, 21632)             0
dense_1 (Dense)              (None, 10)                216330"""
_ENDINGS: Final = ".keras,.h5,.hdf5,.json,.onnx,.py,.ipynb,.txt"
#: Networks by name -> what the button says.
_EXAMPLES: Final = (
    ("seed000 seed000?batch_norm=no", "with and without BatchNorm"),
    ("seed001-mlp seed001-cnn", "a perceptron and a CNN"),
    ("googlenet", "GoogLeNet"),
)
#: Fields that are folded away as long as nothing stands in them.
_FOLDED: Final = ("measured", "samples", "vary", "zoo", "optimizer", "input")
#: Kind of an error -> what the page says first.
_HEADINGS: Final = {
    "usage": "This cannot be asked",
    "source": "This cannot be read",
    "limit": "This is more than the server takes",
    "network": "The layers do not fit together",
    "framework": "The server lacks what this needs",
    "time": "This took too long",
    "memory": "This took too much memory",
    "ended": "The answer was lost on the way",
    "busy": "Too many are asking right now",
    "absent": "There is no such page",
    "forbidden": "This is refused",
    "internal": "A fault of convcost",
}


def form_page(question: Given = None) -> str:
    """The page to paste into."""
    return _page(_WHOLE, _TITLE, question)


def answer_page(question: Question, answer: Answer) -> str:
    """The permanent page of a question: what was asked, and the answer."""
    return _answered(_WHOLE, question, answer)


def answer_part(question: Question, answer: Answer) -> str:
    """The same in place of the ``<main>`` of a page that is shown already."""
    return _answered("part.html", question, answer)


def error_page(refusal: Refusal, status: int, given: Given = None) -> str:
    """Why there is no answer, with the form as it was filled.

    Args:
        refusal: what is wrong, and what to do.
        status: of HTTP.
        given: what was asked.
    """
    return _refused(_WHOLE, refusal, status, given)


def error_part(refusal: Refusal, status: int, given: Given = None) -> str:
    """The same in place of what is in the ``#answer`` of a page that is shown already."""
    return _refused("refusal.html", refusal, status, given)


def _answered(template: str, question: Question, answer: Answer) -> str:
    verdict = answer.verdict or (answer.question,)
    return _page(template, verdict[0], question, answer.networks, answer=answer, verdict=verdict)


def _refused(template: str, refusal: Refusal, status: int, given: Given) -> str:
    heading = _HEADINGS[refusal.kind]
    return _page(
        template, heading, given, refusal.networks, refusal=refusal, status=status,
        heading=heading, wrong=refusal.fields,
        mentioned=mentioned(_Form.of(given).all("text")) if refusal.kind == "source" else (),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Form:
    """What stands in the form."""

    fields: Fields

    @staticmethod
    def of(given: Given) -> _Form:
        fields = of_question(given) if isinstance(given, Question) else given
        found = {name: values for name, values in (fields or {}).items() if any(values)}
        return _Form(found or {"batch": (str(Question().batch),)})

    def text(self, name: str) -> str:
        """The text of a field as it was typed; empty for none."""
        return " ".join(self.all(name))

    def all(self, name: str) -> list[str]:
        """All texts of a field that are not empty."""
        return [value for value in self.fields.get(name, ()) if value]

    @property
    def asked(self) -> str:
        """What is asked, in short; empty for nothing."""
        texts, names = len(self.all("text")), [name for _, name in self.kept]
        sources = [*([plural(texts, "text")] if texts else []), *names, *self.all("zoo")]
        if not sources:
            return ""
        where = [self.text("device")] if self.text("device") else []
        step = "training" if self.text("training") == YES else "inference"
        batch = self.text("batch") or Question().batch
        return ", ".join([*sources, *where, f"batch {batch}", step])

    def starting(self, prefix: str, but: Collection[str]) -> list[str]:
        """The fields that have a name of the source's in their own, without some."""
        return [name for name in self.fields if name.startswith(prefix) and name not in but]

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Files that were sent before: the field's value, and the name."""
        return [(value, value.partition(" ")[2]) for value in self.all("kept")]


def _page(
    template: str,
    title: str,
    given: Given,
    networks: Sequence[Reading] = (),
    *,
    wrong: Mapping[str, str] | None = None,
    **names: Any,
) -> str:
    """A page, or a part of one.

    Args:
        template: its file.
        title: what the page is about.
        given: what was asked.
        networks: what was read.
        wrong: field -> what is wrong with it.
        names: what else the template speaks of.
    """
    form, wrong = _Form.of(given), wrong or {}
    read = shown.readings(networks, _chosen(form))
    missing = {size.name: size for network in networks for size in network.open}
    # fields that stand beside what was read and belong to the form all the same
    beside = {*shown.fields_of(read), *(f"{DIM}{name}" for name in missing)}
    sizes, choices = form.starting(DIM, beside), form.starting(CHOICE, beside)
    unfolded = any(name in wrong or name in form.fields for name in (*_FOLDED, *sizes, *choices))
    offered = offers(form.text("device"), form.text("runtime"), form.text("optimizer"))
    usual: dict[str, Any] = {"answer": None, "refusal": None}
    return _environment().get_template(template).render({
        **usual, **names, **offered, "title": f"{html.titled(title)} - convcost", "given": form,
        "asked": form.asked, "networks": read, "missing": list(missing.values()), "sizes": sizes,
        "choices": choices, "wrong": wrong, "unfolded": unfolded, "part": template != _WHOLE,
    })  # fmt: skip


def _chosen(form: _Form) -> dict[str, str]:
    """Layer -> the number of the reading that was asked for."""
    return {name.removeprefix(CHOICE): form.text(name) for name in form.starting(CHOICE, ())}


@cache
def _environment() -> Environment:
    found = html.environment("convcost.serve")
    found.globals |= {
        "address": address, "dim": DIM, "endings": _ENDINGS, "example": _verbatim(_EXAMPLE),
        "examples": _EXAMPLES, "htmx": _HTMX, "version": __version__, "yes": YES,
    }  # fmt: skip
    found.filters |= {"verbatim": _verbatim, "short": _short, "lines": _lines, "markup": _markup}
    return found


def _verbatim(text: str) -> Any:
    """A text that comes back as it was typed, lines and all."""
    from markupsafe import escape

    return escape(text)


def _lines(text: str) -> Any:
    """A text of several lines, made visible line by line."""
    return _verbatim("\n".join(map(visible, text.splitlines())))


def _short(name: str) -> str:
    """A field's name without what stands before a name of the source's."""
    return name.removeprefix(DIM).removeprefix(CHOICE)


def _markup(text: str) -> Any:
    """The report, which made its texts harmless itself."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 - made by convcost.report.renderers.html
