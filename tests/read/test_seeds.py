"""The posts as they are, and our own texts of the same networks: exact figures."""

from __future__ import annotations

from pathlib import Path

import pytest

import convcost

ROOT = Path(__file__).resolve().parents[2]
SEEDS = ROOT.parent / "shared" / "seeds"
#: parameters, statistics, MACs per sample
FIGURES = {
    "000": [(1_410_027, 64, 2_293_760), (1_409_963, 0, 2_293_760)],
    "001": [(669_706, 0, 668_672), (110_986, 0, 10_903_680), (5_958, 0, 113_040)],
}
EXAMPLES = {"000": "batchnorm.txt", "001": "mlp-or-cnn.txt"}


def figures(path):
    totals = [convcost.count(network).total for network in convcost.read_all(str(path))]
    return [(t.parameters, t.statistics, t.forward.macs) for t in totals]


@pytest.mark.parametrize("number", FIGURES)
def test_the_post_as_it_is(number):
    if not SEEDS.is_dir():
        pytest.skip(f"the posts are not part of the repository: {SEEDS} is absent")
    (post,) = SEEDS.glob(f"{number}_*.txt")
    assert figures(post) == FIGURES[number]


@pytest.mark.parametrize("number", FIGURES)
def test_our_own_text_of_it(number):
    assert figures(ROOT / "examples" / EXAMPLES[number]) == FIGURES[number]


def test_layers_of_the_second_example():
    cnn = convcost.count(convcost.read_all(str(ROOT / "examples" / "mlp-or-cnn.txt"))[1])
    macs = {row.name: row.forward.macs for row in cnn.layers}
    assert macs["conv2d_1"] == 194_688
    assert macs["conv2d_2"] == 10_616_832


def test_code_beside_the_table_decides_what_the_table_leaves_open():
    with_code, without = convcost.read_all(str(ROOT / "examples" / "batchnorm.txt"))
    assert not [note for note in with_code.notes if note.kind in ("ambiguous", "assumed")]
    assert [note.layer for note in without.notes if note.kind == "ambiguous"] == ["conv2d_2"]
    op = with_code.layer("conv2d_1").op
    assert (op.activation, [w.padding for w in op.windows]) == ("relu", ["same", "same"])
