"""--choose: another reading of a layer, by the number in the notes."""

import json
import shlex
from collections.abc import Callable

import pytest
from click.testing import Result

Run = Callable[..., Result]

LAYER = "conv2d_36"
FAST = ("--device", "laptop-cpu")


def notes(run: Run, summary: str, *words: str) -> list[dict[str, object]]:
    document = json.loads(run("count", summary, "--json", *words).stdout)
    return [note for note in document["networks"][0]["notes"] if note["layer"] == LAYER]


def test_the_report_numbers_what_can_be_chosen(run: Run, summary: str) -> None:
    told = run("count", summary).stdout
    assert "\n     or 1: 3x3 stride 1 same, on 26x26x1: 320 = 32*(3*3*1+1), same MACs" in told
    assert f"another reading is chosen by its number: --choose {LAYER}=1\n" in told


def test_a_reading_is_chosen_and_said(run: Run, summary: str) -> None:
    (before,) = (note for note in notes(run, summary) if note["alternatives"])
    listed = before["alternatives"]
    assert [each["number"] for each in listed] == [1, 2, 3, 4][: len(listed)]
    (after,) = notes(run, summary, "--choose", f"{LAYER}=1")
    assert (after["kind"], after["text"]) == ("chosen", listed[0]["text"])
    assert after["alternatives"] == [{"number": 0, "text": before["text"]}, *listed[1:]]
    assert notes(run, summary, "--choose", f"{LAYER}=0") == notes(run, summary)
    told = run("count", summary, "--choose", f"{LAYER}=1").stdout
    assert f"chosen (line 4, {LAYER}): 3x3 stride 1 same" in told
    assert "\n     or 0: read as 3x3 stride 1 valid, on 28x28x1" in told


@pytest.mark.parametrize("words", [("count",), ("explain", *FAST), ("predict", *FAST)])
def test_the_choice_is_in_what_is_proposed(run: Run, summary: str, words: tuple[str, ...]) -> None:
    told = run(words[0], summary, *words[1:], "--choose", f"{LAYER}=1").stdout
    following = shlex.split(told.splitlines()[-1].removeprefix("next: convcost "))
    place = following.index("--choose")
    assert following[1:2] == [summary]
    assert following[place + 1] == f"{LAYER}=1"


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (LAYER, f"'{LAYER}' is not LAYER=NUMBER with a whole number"),
        ("=1", "'=1' is not LAYER=NUMBER"),
        (f"{LAYER}=first", "is not LAYER=NUMBER"),
        (f"{LAYER}=99", f"layer '{LAYER}' has no reading 99\n  next: it has 1: "),
        ("dense_40=1", "layer 'dense_40' has no other reading\n  next: those that have: conv2d_36"),
        ("conv=1", "unknown layer with other readings 'conv'"),
    ],
)
def test_what_cannot_be_chosen(run: Run, summary: str, choice: str, said: str) -> None:
    result = run("count", summary, "--choose", choice)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not result.stdout


def test_two_readings_of_one_layer_are_refused(run: Run, summary: str) -> None:
    choices = ("--choose", f"{LAYER}=1", "--choose", f"{LAYER}=2")
    assert f"'{LAYER}' is given twice" in run("count", summary, *choices).stderr
    assert run("count", summary, *choices[:2], *choices[:2]).exit_code == 0


def test_a_file_keeps_what_was_chosen(run: Run, summary: str, tmp_path: object) -> None:
    path = f"{tmp_path}/net.json"
    assert run("read", summary, "--choose", f"{LAYER}=1", "-o", path).exit_code == 0
    assert notes(run, path) == notes(run, summary, "--choose", f"{LAYER}=1")
    assert notes(run, path, "--choose", f"{LAYER}=0") == notes(run, summary)
