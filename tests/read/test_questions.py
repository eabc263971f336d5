"""The 40 texts that people really pasted, where the shared data lies beside the repository.

The numbers below are facts about those texts, computed by hand from their rows; the texts
themselves stay where they are.
"""

from pathlib import Path

import pytest

import convcost
from convcost.errors import SourceError

QUESTIONS = Path(__file__).resolve().parents[2] / "../shared/data/questions"

pytestmark = pytest.mark.skipif(
    not QUESTIONS.is_dir(), reason=f"the shared questions are not at {QUESTIONS}"
)

CUT = "is cut off"
# number: (layers read, parameters, statistics, MACs or their lower bound, complete, a remark)
EXPECTED: dict[str, tuple[int, int, int, int, bool, str]] = {
    "01": (4, 1_410_027, 64, 2_293_760, True, "1x1 stride 1 valid, on 32x32x27"),
    "02": (3, 1_409_963, 0, 2_293_760, True, "fit channels first and channels last alike"),
    "03": (5, 669_706, 0, 668_672, True, "the input has 784 features"),
    "04": (6, 110_986, 0, 10_903_680, True, "1x1 stride 1 valid, on 26x26x9"),
    "05": (6, 5_958, 0, 113_040, True, "on 28x28x1"),
    "06": (12, 65_568, 0, 31_015_296, False, "its parameter count is cut off"),
    "07": (6, 164, 0, 35_316, False, "there is no rule for CapsuleLayer"),
    "08": (6, 400, 0, 5_898_240, False, "2x5 stride 1 same, no bias"),
    "09": (18, 484_608, 1_280, 0, False, "leaky_re_lu_5 is not in the text"),
    "10": (14, 10_491_904, 6_144, 0, False, "30,122,592 of 40,620,640 parameters are not in it"),
    "11": (7, 214_272, 1_280, 0, False, "128 by a kernel of 3"),
    "12": (2, 0, 0, 0, False, "are not all in the text"),
    "13": (18, 16_117_733, 0, 15_792_941_056, True, "2x2x2 stride 2 same"),
    "14": (9, 14_640, 336, 433_520_640, False, "normalises over the width, not over the 16"),
    "15": (6, 132_736, 1_024, 102_760_448, False, "add_5 other input is not in the text"),
    "16": (6, 39_424, 0, 0, False, "the cut size 24... is 240"),
    "17": (3, 2, 0, 0, False, "the layers inside sequential_1 are not printed"),
    "18": (3, 23_950, 0, 86_189_400, False, CUT),
    "19": (5, 260_160, 0, 8_449_920_000, False, "the wrapped shape of 'conv1_1' was joined"),
    "20": (7, 138_528, 0, 113_246_208, False, "1x9 stride 1 same"),
    "21": (9, 260_544, 384, 4_386_159_360, False, "on 222x222x3"),
    "22": (7, 66_048, 1_024, 16_777_216, False, "768 = 3*256: scale or shift is off"),
    "23": (6, 41_344, 256, 22_649_241_600, False, "the cut size 204... is 2048"),
    "24": (5, 2_819_200, 0, 0, False, "the size of its rows is not printed"),
    "25": (2, 264_192, 0, 5_526_528, False, CUT),
    "26": (3, 320, 0, 75_497_472, False, "2x5 stride 1 same, no bias"),
    "27": (9, 9_494_048, 0, 64_127_744, False, CUT),
    "28": (2, 21_386, 0, 1_280, False, "the source does not give time"),
    "29": (2, 12, 0, 8, True, ""),
    "30": (2, 72, 0, 240, True, ""),
    "31": (3, 289_006, 0, 777_600, False, "add up to 289,006 parameters, the table prints 288,006"),
    "32": (3, 289_006, 0, 777_600, False, "add up to 289,006 parameters, the table prints 288,006"),
    "33": (8, 28_640, 0, 778_199_040, False, "5x5 stride 3 valid"),
    "34": (3, 33_400, 0, 33_348, True, ""),
    "35": (1, 13, 0, 12, True, ""),
    "36": (7, 4_848, 96, 1_327_104, False, "the first size, 2, is taken to be the batch"),
    "37": (7, 15_692, 48, 8_128_512, False, "what Sequential holds is not printed"),
    "38": (15, 1_775_616, 4_096, 321_126_400, False, "3x3 stride 2 padding 1: 589,824"),
    "39": (1, 16_640, 0, 369_098_752, False, "leaves out the positions of a Linear"),
}


def path(number: str) -> str:
    (found,) = QUESTIONS.glob(f"{number}_*.txt")
    return str(found)


@pytest.mark.parametrize("number", EXPECTED)
def test_what_is_read(number):
    layers, parameters, statistics, macs, complete, remark = EXPECTED[number]
    (network,) = convcost.read_all(path(number))
    counted = convcost.count(network)
    assert sum(layer.line is not None for layer in network.layers) == layers
    assert counted.total.parameters == parameters
    assert counted.total.statistics == statistics
    assert counted.total.forward.macs == macs
    assert counted.complete is complete
    said = [each.text for note in counted.notes for each in (note, *note.alternatives)]
    said += [unknown.why for unknown in counted.unknown]
    assert any(remark in text for text in said), "\n".join(said)


def test_only_what_contradicts_itself_is_called_so():
    contradicting = set()
    for number in EXPECTED:
        notes = convcost.read(path(number)).notes
        if any(note.kind == "contradiction" for note in notes):
            contradicting.add(number)
    assert contradicting == {"14", "31", "32"}


def test_totals_without_rows_are_refused():
    with pytest.raises(SourceError, match=r"totals of a torchinfo summary \(86,567,656 param"):
        convcost.read_all(path("40"))


def test_both_calls_of_a_shared_layer_are_there():
    network = convcost.read(path("24"))
    first, second = (layer for layer in network.layers if layer.name.startswith("embedding"))
    assert second.shared_with == first.name
    assert [ref.layer for ref in (*first.inputs, *second.inputs)] == ["text_left", "text_right"]
    assert [ref.layer for ref in network.layer("dot_1").inputs] == ["embedding", "embedding (2)"]


def test_sizes_that_different_lost_layers_leave_open_are_different():
    network = convcost.read(path("12"))
    assert network.symbols == {"N", "time", "time_2"}
