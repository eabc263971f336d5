"""Progress lines below a table are measured times of it."""

from __future__ import annotations

import time

import pytest

import convcost
from convcost.read.progress import find_progress, typical

TABLE = """
Layer (type) Output Shape Param #
dense_1 (Dense) (None, 512) 401920
dense_2 (Dense) (None, 10) 5130
Total params: 407,050
"""


@pytest.mark.parametrize(
    ("line", "seconds", "steps", "samples", "training"),
    [
        ("44/44 [==============================] - 19s 425ms/step", 18.7, 44, None, None),
        ("Epoch 1/12 60000/60000 [====] - 24s - loss: 0.26", 24.0, None, 60_000, True),
        ("24s - loss: 0.2634 - acc: 0.9", 24.0, None, None, True),
        (" - 24s - loss: 0.2634", 24.0, None, None, True),
        ("60000/60000 [====] - 3s 52us/sample - loss: 1.0", 3.12, None, 60_000, None),
        ("469/469 ━━━━━━━━━━━━━━━━━━━━ 5s 10ms/step - loss: 0.2", 4.69, 469, None, None),
        ("469/469 - 3s - loss: 0.2 - 3s/epoch - 7ms/step", 3.0, 469, None, None),
        ("313/313 - 1s - loss: 0.07 - 570ms/epoch - 2ms/step", 0.57, 313, None, None),
        ("1875/1875 [====] - 1s 700us/step - val_loss: 0.1", 1.3125, 1875, None, True),
        ("> 10000/10000 [====] - 1s 120us/step", 1.2, None, 10_000, None),
    ],
)
def test_one_line(line, seconds, steps, samples, training):
    (progress,) = find_progress(line)
    assert progress.seconds == pytest.approx(seconds)
    assert (progress.steps, progress.samples, progress.training) == (steps, samples, training)


@pytest.mark.parametrize(
    "text",
    [
        "100/60000 [>...........] - ETA: 3:00",
        "32/100 [==>.......] - 12s 400ms/step",
        "It evaluates in ~4.6 s with and 2.3 s without.",
        "CNN 340s/epoch, MLP 16 s",
        "layer 3/3 takes 5s of it",
        "0/0 [==] - 0s",
    ],
)
def test_what_is_not_read(text):
    assert find_progress(text) == ()


def epochs(*seconds):
    return "".join(
        f"Epoch {n}/{len(seconds)}\n60000/60000 [====] - {s}s - loss: 0.2 - val_loss: 0.3\n"
        for n, s in enumerate(seconds, 1)
    )


def test_the_first_epoch_is_not_typical():
    (measured,) = typical(find_progress(epochs(180, 19, 20, 24)))
    assert measured.seconds == 20
    assert measured.what == "median of 3 epochs, the first one left out"
    assert measured.training


def test_samples_are_told_above_the_epochs():
    text = "Train on 800 samples, validate on 200 samples\nEpoch 1/1\n800/800 [===] - 2s 3ms/step\n"
    (progress,) = find_progress(text + "200/200 [===] - 1s 3ms/step")[:1]
    assert (progress.samples, progress.steps) == (800, None)


def test_times_belong_to_the_table_before_them():
    one, two = convcost.read_all(TABLE + epochs(30, 20) + TABLE + "44/44 [==] - 19s 425ms/step\n")
    assert [m.seconds for m in one.measured] == [20]
    assert [(m.seconds, m.steps) for m in two.measured] == [(18.7, 44)]
    assert not convcost.read(epochs(3, 2) + TABLE).measured


def test_they_are_used_where_every_network_has_one():
    networks = convcost.read_all(TABLE + epochs(30, 20) + TABLE + epochs(15, 10))
    explanation = convcost.explain(*networks, device="i9-10940x")
    assert [a.seconds for a in explanation.achieved] == [20, 10]
    assert all("count the forward pass only" in a.verdict for a in explanation.achieved)
    assert explanation.achieved[0].samples == 60_000
    assert explanation.ratios[0].measured.value == 0.5
    assert "read from line" in " ".join(explanation.assumptions)
    without = convcost.explain(networks[0], *convcost.read_all(TABLE), device="i9-10940x")
    assert not without.achieved


def test_the_user_is_right():
    networks = convcost.read_all(TABLE + epochs(30, 20))
    explanation = convcost.explain(*networks, device="i9-10940x", measured=[1.0])
    assert [a.seconds for a in explanation.achieved] == [1.0]
    assert "read from line" not in " ".join(explanation.assumptions)


def test_steps_are_taken_to_be_batches():
    (network,) = convcost.read_all(TABLE + "44/44 [==] - 19s 425ms/step\n")
    explanation = convcost.explain(network, device="i9-10940x", batch=16)
    assert explanation.achieved[0].samples == 44 * 16
    assert "forward pass only" not in explanation.achieved[0].verdict


@pytest.mark.parametrize(
    "text", ["1/1 " * 200_000, "1/1 [" + "=" * 500_000, "9" * 500_000 + "s - "]
)
def test_hostile_texts_are_read_in_time(text):
    begin = time.process_time()
    find_progress(f"1ms/step\n{text}")
    assert time.process_time() - begin < 10
