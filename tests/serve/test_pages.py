"""Pages: what was asked comes back in the form, every name stays text, nothing is asked for."""

import hashlib
import json
import re
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import convcost
from convcost.report.renderers import html
from convcost.report.results import report_of
from convcost.serve import assets, pages
from convcost.serve.answer import (
    Alternative,
    Answer,
    Kind,
    Line,
    OpenSize,
    Reading,
    Refusal,
    Remark,
)
from convcost.serve.fields import of_question
from convcost.serve.forms import kept, question_of
from convcost.serve.question import File, Question
from support.files import ROOT
from support.submitting import Page

STATIC = ROOT / "src" / "convcost" / "serve" / "static"
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% for %}",
    "</textarea></style></svg>]]>--><!--",
    "' onmouseover='alert(1)",
    "&lt;b&gt;\x1b[31m\u202e\u2028卷积\U0001f600",
)
DIGEST = "0123456789abcdef" * 4


def remark(layer, *, kind="ambiguous", text="read as 3x3", numbers=(1, 2), choosable=True):
    others = (Alternative(number=n, text=f"reading {n} of it", choosable=choosable)
              for n in numbers)  # fmt: skip
    return Remark(kind=kind, text=text, layer=layer, alternatives=tuple(others))


def reading(*layers, name="net", open_=(), remarks=(), **options):
    lines = [Line(number=7, text="_____"), Line(number=8, text="Layer (type)   Output Shape")]
    lines += [
        Line(number=9 + n, text=f"{layer} (Conv2D)", layers=(layer,),
             remarks=(remark(layer, **options),))
        for n, layer in enumerate(layers)
    ]  # fmt: skip
    sizes = tuple(OpenSize(name=size, what=f"{size} of input_1", usual=224) for size in open_)
    return Reading(name=name, source="the text", lines=tuple(lines), open=sizes, remarks=remarks)


def answer(*networks, question="0" * 20, verdict=("It takes 4 ms", "and 1 MB"), body="<p>b</p>",
           commands=None):  # fmt: skip
    return Answer(
        question=question, made_by="", verdict=verdict, networks=networks, overview=None,
        counts=None, rewrites=(), sweep=None, commands=commands or {}, body=body, page="", csv="",
    )  # fmt: skip


def refusal(**values):
    return Refusal(**{"kind": "usage", "message": "it is wrong", **values})


def asked_again(text):
    """The question that the form of a page asks when it is sent as it is."""
    sent = Page(text).sent()
    files = [File(name=name, digest=digest) for digest, name in kept(sent.get("kept", ()))]
    return question_of(sent, files)


def shown(question):
    """Every page that shows a question."""
    net = reading(*question.choices)
    yield pages.form_page(question)
    yield pages.error_page(refusal(), 422, question)
    yield pages.error_page(refusal(networks=(net,)), 422, question)
    yield pages.answer_page(question, answer(net, net))
    yield pages.answer_part(question, answer())


words = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12
)
sizes = st.integers(1, 10**6)
QUESTIONS = st.builds(
    Question,
    texts=st.lists(
        st.one_of(st.sampled_from([*HOSTILE, "\n\na\tb\n", " x", "x\n"]), words), max_size=3
    ).map(lambda x: tuple(dict.fromkeys(x))),
    files=st.lists(st.builds(File, name=words, digest=st.just(DIGEST)), max_size=2).map(tuple),
    zoo=st.lists(words.filter(lambda x: not x.startswith("zoo:")), max_size=3).map(tuple),
    device=st.none() | st.sampled_from(["a100", "no-such", *HOSTILE[:5]]),
    runtime=st.none() | st.sampled_from(["torch", "no-such", *HOSTILE[:5]]),
    batch=st.integers(1, 1_000_000),
    training=st.booleans(),
    optimizer=st.none() | st.sampled_from(["adam", "no-such"]),
    samples=st.none() | sizes,
    measured=st.lists(st.sampled_from(["4.6s", "3 ms", "1.5 min"]), max_size=3).map(tuple),
    dims=st.dictionaries(words | st.sampled_from(HOSTILE[:5]), sizes, max_size=3),
    inputs=st.lists(st.lists(sizes, min_size=1, max_size=3).map(tuple), max_size=2).map(tuple),
    choices=st.dictionaries(words | st.sampled_from(HOSTILE[:5]), st.integers(1, 9), max_size=3),
    vary=st.none() | words,
)


@settings(max_examples=25)
@given(QUESTIONS)
def test_every_field_of_a_question_comes_back_in_the_form(question):
    assert question_of(of_question(question), question.files) == question
    for text in shown(question):
        assert asked_again(text) == question


def test_an_empty_form_asks_nothing():
    assert asked_again(pages.form_page()) == Question()
    page = Page(pages.form_page())
    assert page.text("h1") == ["What does your network cost, and why?"]
    assert page.of("main") == [{"id": "page", "class": "asking"}]
    (form,) = page.of("form")
    assert (form["action"], form["method"], form["enctype"]) == (
        *("/ask", "post"),
        "multipart/form-data",
    )


def test_a_choice_is_made_by_one_field():
    net, later = reading("conv_1", "conv_2"), reading("conv_1", "conv_3", name="other")
    question = Question(texts=("a",))
    page = Page(pages.answer_page(question, answer(net, later)))
    radios = [x for x in page.of("input") if x["type"] == "radio" and x["name"] != "training"]
    assert [(x["name"], x["value"], "checked" in x) for x in radios] == [
        (f"choice.{layer}", value, value == "")
        for layer in ("conv_1", "conv_2", "conv_3")
        for value in ("", "1", "2")
    ]
    assert all(x["form"] == "ask" for x in radios)
    assert page.text("li").count("or reading 1 of it") == 1
    # what is chosen is the one that is taken, and the first reading is number 0
    chosen = reading("conv_1", kind="chosen", text="as you chose", numbers=(0, 2))
    question = Question(texts=("a",), choices={"conv_1": 1})
    page = Page(pages.answer_page(question, answer(chosen)))
    radios = [x for x in page.of("input") if x["name"] == "choice.conv_1"]
    assert [(x["value"], "checked" in x) for x in radios] == [
        ("0", False),
        ("1", True),
        ("2", False),
    ]
    assert page.text("span").count("as you chose") == 1
    assert page.sent()["choice.conv_1"] == ["1"]


def test_readings_that_cannot_be_chosen_are_told():
    page = Page(pages.answer_page(Question(), answer(reading("conv_1", choosable=False))))
    assert not [x for x in page.of("input") if x["name"].startswith("choice.")]
    assert {"or reading 1 of it", "or reading 2 of it"} <= set(page.text("li"))


def test_lines_stand_beside_what_was_read_from_them():
    net = reading("conv_1", remarks=(remark("dense_9", kind="assumed", numbers=()),))
    text = pages.answer_page(Question(texts=("a",)), answer(net))
    page = Page(text)
    assert [x for x in page.text("code") if x.strip()] == [
        "Layer (type)   Output Shape",
        "conv_1 (Conv2D)",
    ]
    summary = " ".join(page.text("summary"))
    assert "1 ambiguous, 1 assumed" in summary
    assert "dense_9: read as 3x3" in " ".join(page.text("p"))
    at = text.index("conv_1 (Conv2D)")
    assert at < text.index("read as 3x3", at) < text.index("</li>", at)


def test_sizes_that_are_missing_are_asked_for_once():
    nets = reading("a", open_=("height", "width")), reading("b", open_=("height",))
    question = Question(texts=("a",), dims={"depth": 3, "height": 5})
    sent = Page(pages.answer_page(question, answer(*nets))).sent()
    assert {name: x for name, x in sent.items() if name.startswith("dim.")} == {
        "dim.depth": ["3"],
        "dim.height": ["224"],
        "dim.width": ["224"],
    }


def test_the_verdict_comes_first_and_the_rest_below():
    commands = {"report": "convcost report - --batch 8", "sweep": ""}
    found = answer(reading("conv_1"), commands=commands, question="ab" * 10)
    text = pages.answer_page(Question(texts=("a",)), found)
    page = Page(text)
    assert page.text("h1") == ["It takes 4 ms"]
    assert page.text("title") == ["It takes 4 ms - convcost"]
    places = [text.index(x) for x in ("It takes 4 ms</h1>", "and 1 MB", "How <b>net", "<p>b</p>")]
    assert places == sorted(places)
    addresses = {x.get("href") for x in page.of("a")}
    assert {f"/a/{found.question}{end}" for end in ("", ".html", ".json", ".csv")} <= addresses
    assert "convcost report - --batch 8" in page.text("code")
    assert page.of("main") == [{"id": "page", "class": "answered"}]


def main_of(text):
    return text[text.index("<main") : text.index("</main>")]


def test_a_part_is_the_main_part_of_the_page():
    question, found = Question(texts=("a",)), answer(reading("conv_1"))
    part = pages.answer_part(question, found)
    assert main_of(part) == main_of(pages.answer_page(question, found))
    assert Page(part).text("title") == Page(pages.answer_page(question, found)).text("title")
    assert part.count("<main") == 1
    wrong = pages.error_part(refusal(), 422, question)
    assert "<main" not in wrong
    assert Page(wrong).elements[0][0] == "div"
    # what is chosen already is not lost with the answer that offered it
    question = Question(texts=("a",), choices={"conv_1": 2})
    assert Page(pages.error_part(refusal(), 422, question)).sent() == {"choice.conv_1": ["2"]}


def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays():
    typed = {"text": ["a\r\nb"], "batch": ["many"], "dim.height": ["tall"], "vary": ["x=1"]}
    wrong = {"batch": "'many' is not a whole number", "dim.height": "'tall' is none either"}
    text = pages.error_page(refusal(fields=wrong, hint="mend it"), 422, typed)
    page = Page(text)
    sent = page.sent()
    assert sent["batch"] == ["many"]
    assert sent["dim.height"] == ["tall"]
    assert sent["vary"] == ["x=1"]
    assert sent["text"] == ["a\r\nb"]
    for name, what in wrong.items():
        (field,) = [x for tag, x in page.elements if x.get("name") == name]
        assert field["aria-invalid"] == "true"
        told = re.search(rf'id="{re.escape(field["aria-describedby"])}">([^<]*)<', text)
        assert told is not None
        assert told[1].replace("&#39;", "'") == what
    assert "details" in [tag for tag, x in page.elements if "open" in x]
    assert {"#field-batch", "#field-dim.height"} <= {x.get("href") for x in page.of("a")}
    assert {"mend it", "HTTP status 422"} <= set(page.text("p"))


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_kind_of_error_has_a_page(kind):
    text = pages.error_page(refusal(kind=kind, message="line one\nline two\u202e"), 422)
    page = Page(text)
    assert len(page.text("h1")) == 1
    assert "line one\nline two\\u202e" in page.text("p")


def hostile_pages():
    nets = [reading(*HOSTILE, name=name, open_=(name,)) for name in HOSTILE]
    nets += [
        Reading(
            name=name, source=name, framework=name, open=(OpenSize(name=f"{name}2", what=name),),
            lines=(Line(number=1, text=name, layers=(name,),
                        remarks=(Remark(kind="inferred", text=name, layer=name),)),),
        )
        for name in HOSTILE
    ]  # fmt: skip
    question = Question(
        texts=HOSTILE, files=tuple(File(name=x, digest=DIGEST) for x in HOSTILE), zoo=HOSTILE,
        device=HOSTILE[0], runtime=HOSTILE[1], optimizer=HOSTILE[2], measured=HOSTILE,
        dims=dict.fromkeys(HOSTILE, 5), choices=dict.fromkeys(HOSTILE, 1), vary=HOSTILE[4],
    )  # fmt: skip
    found = answer(*nets, verdict=HOSTILE, commands={"report": HOSTILE[1]})
    fault = refusal(message=HOSTILE[0], hint=HOSTILE[1], fields={x: x for x in HOSTILE},
                    networks=tuple(nets))  # fmt: skip
    yield pages.form_page(question)
    yield pages.answer_page(question, found)
    yield pages.answer_part(question, found)
    yield pages.error_page(fault, 422, question)
    yield pages.error_part(fault, 422, question)
    yield pages.form_page({"device": [HOSTILE[1]], **{x: [x] for x in HOSTILE}})


def test_names_stay_text():
    plain = pages.form_page(), pages.answer_page(Question(), answer(reading("a", open_=("b",))))
    known = {tag for text in plain for tag, _ in Page(text).elements} | {"ul"}
    for text in hostile_pages():
        page = Page(text)
        assert {tag for tag, _ in page.elements} <= known
        for tag, attributes in page.elements:
            assert not [name for name in attributes if name.startswith("on")], tag
            assert "style" not in attributes
            assert not (attributes.get("href") or "").startswith("javascript")
        told = " ".join(part for tag, part in page.texts if tag != "textarea")
        assert not {"\u202e", "\x1b", "\u2028"} & set(told)
        assert HOSTILE[1] in told


def test_a_page_asks_for_its_own_files_only():
    paths = {f"/static/{name}" for name in assets.assets()}
    for text in hostile_pages():
        page = Page(text)
        for _, attributes in page.elements:
            for name in ("src", "href", "action", "hx-post", "hx-get", "data", "srcset", "poster"):
                address = attributes.get(name) or "#"
                assert address.startswith(("#", "/")), address
                assert not address.startswith("//"), address
        scripts, styles = page.of("script"), page.of("link")
        assert {x["src"] for x in scripts} | {x["href"] for x in styles} <= paths
        # the policy refuses what stands in the page itself
        assert not [part for part in page.text("script") if part.strip()]
        assert page.of("style") == []
        assert len(scripts) == (2 if "<!doctype" in text else 0)


def test_the_policy_allows_nothing_but_the_server():
    rules = dict(part.split(" ", 1) for part in assets.POLICY.split("; "))
    assert rules.pop("default-src") == "'none'"
    assert {name: rules.pop(name) for name in ("base-uri", "frame-ancestors")} == {
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert set(rules.values()) == {"'self'"}
    assert set(rules) == {"script-src", "style-src", "img-src", "connect-src", "form-action"}


def test_files_have_their_hash_in_their_name():
    for name, asset in assets.assets().items():
        assert name == asset.name
        stem, digest, ending = name.split(".")
        assert hashlib.sha256(asset.content).hexdigest().startswith(digest)
        assert len(digest) == 16
        assert assets.address(f"{stem}.{ending}") == f"/static/{name}"
    style, script = (
        next(x.content.decode() for name, x in assets.assets().items() if name.startswith(stem)
             and name.endswith(end))
        for stem, end in (("page", ".css"), ("page", ".js"))
    )  # fmt: skip
    assert "url(" not in style
    assert "@import" not in style
    assert not re.search(r"https?:|fetch|eval|innerHTML|Function", script)
    assert script.startswith(html.sorting())


def test_htmx_is_the_published_file_with_its_licence():
    found = (STATIC / "htmx.min.js").read_bytes()
    assert hashlib.sha256(found).hexdigest() == assets.HTMX_DIGEST
    assert f'version:"{assets.HTMX_VERSION}"'.encode() in found
    assert (STATIC / "htmx.LICENSE.txt").read_text().startswith("Zero-Clause BSD")


def test_htmx_adds_no_style_runs_no_text_and_keeps_nothing():
    page = Page(pages.form_page())
    (meta,) = [x for x in page.of("meta") if x.get("name") == "htmx-config"]
    config = json.loads(meta["content"])
    assert (config["includeIndicatorStyles"], config["allowEval"]) == (False, False)
    assert config["allowScriptTags"] is False
    assert config["historyCacheSize"] == 0
    ids = {x["id"] for _, x in page.elements if "id" in x}
    targets = {x["target"] for x in config["responseHandling"] if "target" in x}
    assert {target.removeprefix("#") for target in targets} <= ids
    for code in (200, 422, 503):
        assert any(re.search(x["code"], str(code)) for x in config["responseHandling"])
    (form,) = page.of("form")
    assert form["hx-target"].removeprefix("#") in ids
    assert form["hx-indicator"].removeprefix("#") in ids


def all_pages():
    question = Question(
        texts=("a", "b"), files=(File(name="a.onnx", digest=DIGEST),), dims={"depth": 2},
        choices={"gone": 1},
    )  # fmt: skip
    found = answer(reading("conv_1", open_=("height",)), reading("conv_2", name="other"))
    yield pages.form_page()
    yield pages.answer_page(question, found)
    yield pages.error_page(refusal(fields={"batch": "is none"}), 422, question)


def test_every_field_has_a_label_and_ids_are_unique():
    for text in all_pages():
        page = Page(text)
        ids = [x["id"] for _, x in page.elements if "id" in x]
        assert len(ids) == len(set(ids))
        labels = {x["for"] for x in page.of("label") if "for" in x}
        assert labels <= set(ids)
        for tag, attributes in page.elements:
            if tag in ("textarea", "select") or attributes.get("type") in ("text", "file"):
                assert attributes["id"] in labels, attributes
        wrapped = re.findall(r"<label><input type=\"(?:radio|checkbox)\"", text)
        assert len(wrapped) == sum(x.get("type") in ("radio", "checkbox") for x in page.of("input"))


def test_a_whole_report_is_a_part_of_the_page():
    found = convcost.explain(convcost.read("zoo:seed001-mlp"), device="laptop-cpu")
    shown_report = report_of(found)
    body = html.contents(shown_report)
    text = pages.answer_page(Question(), answer(verdict=shown_report.document.answers, body=body))
    page = Page(text)
    assert page.text("h1") == [found.answer]
    assert len(page.of("main")) == len(page.of("header")) == len(page.of("footer")) == 1
    assert page.of("style") == []
    assert len(page.of("script")) == 2
    anchors = {x["href"] for x in page.of("a") if x["href"].startswith("#")}
    ids = [x["id"] for _, x in page.elements if "id" in x]
    assert {anchor.removeprefix("#") for anchor in anchors} <= set(ids)
    assert len(ids) == len(set(ids))
    assert found.answer not in " ".join(Page(body).text("p"))


def test_a_text_without_a_network_is_asked_about_by_the_names_in_it():
    question = Question(texts=("Is AlexNet slower than VGG? A random seed, <resnet>",))
    for text in (
        pages.error_page(refusal(kind="source"), 422, question),
        pages.error_part(refusal(kind="source"), 422, question),
    ):
        buttons = [x["value"] for x in Page(text).of("button") if x.get("name") == "zoo"]
        assert buttons == ["alexnet", "resnet18", "resnet50", "vgg16"]
        assert Page(text).of("form")[-1]["action"] == "/ask"
    assert "alexnet" not in pages.error_part(refusal(), 400, question)


def test_a_verdict_has_a_line_for_each_thing_that_is_said():
    said = ("a takes 2x", "c takes 3x", "What to do for a: fold it; or leave it out", "off by 2 %")
    page = Page(pages.answer_page(Question(), answer(verdict=said)))
    assert page.text("h1") == [said[0]]
    told = [line for line in page.text("p") if line.strip()]
    assert tuple(told[told.index(said[1]) :][:3]) == said[1:]


def test_one_network_is_unfolded_of_several_those_that_are_urgent():
    def unfolded(*networks):
        page = Page(pages.answer_page(Question(), answer(*networks)))
        return ["open" in x for x in page.of("details") if x["class"] == "read"]

    assert unfolded(reading("a")) == [True]
    assert unfolded(reading("a"), reading("b", kind="contradiction")) == [False, True]
    assert unfolded(reading(*(f"conv_{n}" for n in range(40)))) == [False]
