"""Answers: the same as by the verbs, with what was read beside the lines it stands on."""

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

import convcost
from convcost.serve.answer import NOTHING, Answer, Reading, Refusal
from convcost.serve.answering import answer
from convcost.serve.question import File, Question
from convcost.serve.reading import placed_names
from support.served import AMBIGUOUS, DEVICE, OPEN, TABLE, archive, keras_file, report, rewrites

Ask = Callable[..., Answer | Refusal]
DIGEST = "0" * 64


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Answer a question in this process, its files in the working directory as a worker has it."""
    monkeypatch.chdir(tmp_path)

    def asked(*, content: tuple[tuple[str, bytes], ...] = (), **terms: object) -> Answer | Refusal:
        files = tuple(File(name=name, digest=DIGEST) for name, _ in content)
        for placed, (_, data) in zip(placed_names(files), content, strict=True):
            (tmp_path / placed).write_bytes(data)
        terms = {"device": DEVICE, **terms}
        return answer(Question(files=files, **terms), tmp_path)

    return asked


def overview(found: Answer | Refusal) -> object:
    assert isinstance(found, Answer), found
    return msgspec.json.decode(found.overview)


def test_a_pasted_table(ask: Ask) -> None:
    found = ask(texts=(TABLE,))
    network = convcost.read(TABLE)
    assert overview(found) == report(network)
    assert [msgspec.json.decode(each) for each in found.rewrites] == [rewrites(network)]
    assert found.sweep == found.plan == found.counts == NOTHING
    explanation = convcost.explain(network, device=DEVICE)
    assert found.verdict == (explanation.answer, *explanation.checks)
    assert found.verdict[0] in found.page
    assert found.verdict[0] not in found.body
    assert "what would make it cheaper" in found.body
    assert found.commands["report"] in found.page.replace("&#39;", "'")
    assert found.csv.splitlines()[0].startswith("network,device,runtime,batch,layer,")
    assert found.question == Question(texts=(TABLE,), device=DEVICE).id


def test_several_sources_in_order(ask: Ask) -> None:
    found = ask(
        texts=(f"{TABLE}\n{OPEN.replace('None, None, None', 'None, 9, 9')}",),
        content=(("a net.keras", keras_file()),),
        zoo=("seed001-mlp",),
        training=True,
        batch=8,
        runtime="torch",
    )
    two = convcost.read_all(f"{TABLE}\n{OPEN.replace('None, None, None', 'None, 9, 9')}")
    file = convcost.read("a net.keras")
    networks = (*two, file, convcost.read("zoo:seed001-mlp"))
    assert overview(found) == report(*networks, training=True, batch=8, runtime="torch")
    assert [each.name for each in found.networks] == [each.name for each in networks]
    assert [each.source for each in found.networks] == [
        "the text", "the text", "a net.keras", "zoo:seed001-mlp",
    ]  # fmt: skip
    assert len(found.rewrites) == 4
    assert "rewrite" not in found.commands


def test_advice_for_one_pair_stands_behind_all_pairs(ask: Ask) -> None:
    found = ask(zoo=("seed000?batch_norm=no", "seed000", "seed001-mlp"))
    assert isinstance(found, Answer)
    of_a, of_b, advice = found.verdict
    assert of_a.startswith("BatchNorm makes seed000 take ")
    assert of_b.startswith("seed001-mlp takes ")
    assert advice.startswith("What to do for seed000: ")
    nets = [convcost.read(f"zoo:{name}") for name in ("seed000?batch_norm=no", "seed000")]
    whole = convcost.explain(*nets, convcost.read("zoo:seed001-mlp"), device=DEVICE).answer
    assert whole == f"{of_a}; {of_b}. {advice}"


def test_networks_of_one_name_are_told_apart(ask: Ask) -> None:
    found = ask(texts=(TABLE, TABLE), zoo=("seed001-mlp", "seed001-mlp"))
    assert isinstance(found, Answer)
    names = [each.name for each in found.networks]
    assert names == ["text 1", "text 2", "seed001-mlp", "seed001-mlp (2)"]


def test_own_measured_times(ask: Ask) -> None:
    network = convcost.read("zoo:seed000")
    found = ask(zoo=("seed000",), measured=("4.6s",), samples=12_630)
    assert overview(found) == report(network, measured=(4.6,), samples=12_630)
    plan = convcost.predict(network, device=DEVICE, batch=32, samples=12_630)
    assert msgspec.json.decode(found.plan)["networks"] == [json.loads(json.dumps(plan.to_dict()))]


def test_samples_alone_are_a_plan(ask: Ask) -> None:
    found = ask(texts=(TABLE,), samples=1_000)
    assert overview(found) == report(convcost.read(TABLE))
    assert "all samples" in found.body
    assert set(found.commands) == {"report", "predict", "rewrite"}


def test_a_sweep(ask: Ask) -> None:
    found = ask(zoo=("seed003",), vary="conv*.kernel=1,3", runtime="torch")
    assert isinstance(found, Answer), found
    network = convcost.read("zoo:seed003")
    swept = convcost.sweep(network, ["conv*.kernel=1,3"], device=DEVICE, batch=32, runtime="torch")
    assert msgspec.json.decode(found.sweep) == json.loads(json.dumps(swept.to_dict()))
    assert "sweep of conv*.kernel" in found.body


def test_open_sizes_are_asked_for_and_then_known(ask: Ask) -> None:
    found = ask(texts=(OPEN,))
    assert isinstance(found, Answer)
    assert found.overview == NOTHING
    assert found.rewrites == ()
    (network,) = found.networks
    assert {size.name: size.usual for size in network.open} == {"height": 224, "width": 224}
    assert network.open[0].what == "height of conv2d_1_input"
    counted = msgspec.json.decode(found.counts)
    assert counted["schema"] == "convcost/count/1"
    assert found.commands == {"count": "convcost count - --symbolic --batch 32"}
    closed = ask(texts=(OPEN,), dims={"height": 8, "width": 9})
    assert overview(closed) == report(convcost.read(OPEN, dims={"height": 8, "width": 9}))
    assert closed.networks[0].open == ()


def test_what_was_inferred_stands_beside_its_line(ask: Ask) -> None:
    text = f"somebody wrote\n\n{AMBIGUOUS}\nthanks"
    found = ask(texts=(text,))
    assert isinstance(found, Answer)
    (read,) = found.networks
    lines = text.split("\n")
    assert [line.text for line in read.lines] == lines[read.lines[0].number - 1 :][
        : len(read.lines)
    ]
    assert {layer for line in read.lines for layer in line.layers} >= {"conv2d_1", "dense_1"}
    for line in read.lines:
        for layer in line.layers:
            assert layer in line.text
    network = convcost.read(text)
    beside = [(line.number, x.text) for line in read.lines for x in line.remarks]
    alone = [(None, remark.text) for remark in read.remarks]
    stated = [(note.line, note.text) for note in network.notes]
    assert sorted(beside + alone, key=str) == sorted(stated, key=str)


def test_a_reading_is_chosen_and_taken_back(ask: Ask) -> None:
    first = ask(texts=(AMBIGUOUS,))
    assert isinstance(first, Answer)
    layer, number = _choosable(first.networks[0])
    chosen = ask(texts=(AMBIGUOUS,), choices={layer: number})
    network = convcost.read(AMBIGUOUS, choices={layer: number})
    assert overview(chosen) == report(network)
    assert overview(chosen) != overview(first)
    kinds = {x.layer: x.kind for line in chosen.networks[0].lines for x in line.remarks}
    assert kinds[layer] == "chosen"
    numbers = {x.number for line in chosen.networks[0].lines for remark in line.remarks
               if remark.layer == layer for x in remark.alternatives if x.choosable}  # fmt: skip
    assert 0 in numbers


def _choosable(reading: Reading) -> tuple[str, int]:
    return next(
        (str(remark.layer), other.number)
        for line in reading.lines
        for remark in line.remarks
        for other in remark.alternatives
        if other.choosable
    )


@pytest.mark.parametrize(
    ("terms", "kind", "what"),
    [
        ({}, "usage", "nothing to answer"),
        ({"texts": ("hello",)}, "source", "holds no model.summary"),
        ({"zoo": ("alexnett",)}, "usage", "unknown network of the zoo"),
        ({"texts": (TABLE * 25,)}, "usage", "25 networks at once; at most"),
        ({"texts": (TABLE,), "device": "warp-drive"}, "usage", "unknown device"),
        ({"texts": (TABLE,), "device": "/etc/passwd.toml"}, "usage", "unknown device"),
        ({"texts": (TABLE,), "runtime": "abacus"}, "usage", "unknown runtime"),
        ({"texts": (TABLE,), "training": True, "optimizer": "magic"}, "usage", "magic"),
        ({"texts": (TABLE,), "dims": {"height": 3}}, "usage", "no open size"),
        ({"texts": (TABLE,), "choices": {"conv9": 1}}, "usage", "'conv9'"),
        ({"texts": (TABLE,), "measured": ("1s", "2s")}, "usage", "2 measured times for 1"),
        ({"texts": (TABLE,), "measured": ("1.2.3s",)}, "usage", "not a duration"),
        ({"texts": (TABLE,), "inputs": ((3, 8, 8),)}, "usage", "there is none"),
        ({"texts": (TABLE,), "vary": "nothing"}, "usage", "varies nothing"),
        ({"texts": (TABLE,), "vary": "batch=1..100000:1"}, "usage", "at most 1,000"),
        ({"zoo": ("seed000", "alexnet"), "vary": "batch=1,2"}, "usage", "of one network"),
        ({"content": (("a.keras", b"PK\x03\x04junk"),)}, "source", "a.keras"),
        ({"content": (("a.onnx", b""),)}, "source", "is empty"),
        ({"content": (("a.pt", b"\x80\x02junk"),)}, "source", "runs code"),
        ({"content": (("a.keras", archive({"config.json": b" " * (32 << 20)})),)}, "limit",
         "would unpack to 33,554,432 bytes"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered(ask: Ask, terms: dict[str, object], kind: str, what: str) -> None:
    found = ask(**terms)
    assert isinstance(found, Refusal)
    assert (found.kind, what in found.message) == (kind, True), found
    assert str(Path.cwd()) not in found.message


@pytest.mark.parametrize(
    "text", ["{path}", "{path}#1", "os:getcwd", "-", "zoo:vgg16", "file://{path}"]
)
def test_a_text_is_never_a_path_nor_a_function(ask: Ask, tmp_path: Path, text: str) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(TABLE)
    found = ask(texts=(text.format(path=secret),))
    assert isinstance(found, Refusal)


def test_a_file_reads_no_other_file(ask: Ask, tmp_path: Path) -> None:
    """Names of files are only names, whatever they lead to."""
    secret = tmp_path.parent / "secret.txt"
    secret.write_text(TABLE)
    for name in (str(secret), "../secret.txt", "zoo:vgg16", "os:getcwd", "-"):
        found = ask(content=((name, b"no table"),))
        assert isinstance(found, Refusal)
        assert "216,650" not in str(found)


def test_names_are_text_in_the_page(ask: Ask) -> None:
    script = "<script>alert(1)</script>"
    found = ask(content=((f"{script}.keras", keras_file(script)),))
    assert isinstance(found, Answer), found
    for markup in (found.body, found.page):
        assert script not in markup
        assert "&lt;script&gt;" in markup


def test_a_network_that_is_not_wholly_known(ask: Ask) -> None:
    text = TABLE.replace("conv2d_36 (Conv2D) ", "mystery (Strange) ")
    found = ask(texts=(text,))
    assert overview(found) == report(convcost.read(text))


def test_names_that_are_no_text(ask: Ask) -> None:
    """Half of a surrogate pair is a name in JSON; UTF-8 has none."""
    from convcost.serve.worker import _encoded

    config = json.loads('["\\ud800"]')[0]
    found = ask(content=(("net.keras", keras_file(config)),))
    assert isinstance(found, Answer), found
    again = msgspec.json.decode(_encoded(found), type=Answer)
    assert again.page == found.page


def test_a_network_that_takes_too_long_to_rewrite(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All else is answered."""
    from convcost.serve import answering

    monkeypatch.setattr(answering, "REWRITE_SECONDS", 0.02)
    found = ask(texts=(TABLE,), zoo=("vgg16",))
    assert isinstance(found, Answer)
    assert overview(found)["networks"][1]["source"] == "vgg16"
    assert len(found.rewrites) < 2
    assert "what would make vgg16 cheaper" in found.body
    assert "too large for the server" in found.body
    monkeypatch.setattr(answering, "REWRITE_SECONDS", 60.0)
    again = ask(texts=(TABLE,), zoo=("seed001-mlp",))
    assert isinstance(again, Answer)
    assert len(again.rewrites) == 2


def test_the_page_is_a_file_of_its_own(ask: Ask) -> None:
    found = ask(texts=(TABLE,))
    assert isinstance(found, Answer)
    assert found.page.startswith("<!doctype html>")
    assert found.body in found.page
    assert found.page.count("<main") == found.page.count("<h1") == 1
    assert "http" not in found.page.replace("http-equiv", "").replace("http://www.w3.org", "")
