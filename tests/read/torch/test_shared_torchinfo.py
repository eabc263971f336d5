"""The reference outputs of torchinfo's own tests, where the shared data lies beside the repository.

Every file gives networks or a precise refusal; what is read has the printed parameters.
"""

from pathlib import Path

import pytest

import convcost
from convcost.errors import SourceError
from convcost.read.torch.tables.find import find_torch_tables

PRINTOUTS = Path(__file__).resolve().parents[3] / "../shared/data/torchinfo_printouts"
FILES = sorted(file.name for file in PRINTOUTS.glob("*.txt")) if PRINTOUTS.is_dir() else []

pytestmark = pytest.mark.skipif(not FILES, reason=f"torchinfo's printouts are not at {PRINTOUTS}")

#: They show no module at all.
REFUSED = {"empty_module_list.txt"}
#: The column of parameters was left out.
WITHOUT_PARAMETERS = {"trainable_column.txt"}


@pytest.mark.parametrize("file", FILES)
def test_parameters_are_the_printed_ones(file):
    text = (PRINTOUTS / file).read_text()
    tables = find_torch_tables(text)
    assert len(tables) == text.count("Layer (type")
    if file in REFUSED:
        with pytest.raises(SourceError, match="shows no layer"):
            convcost.read_all(str(PRINTOUTS / file))
        return
    networks = convcost.read_all(str(PRINTOUTS / file))
    assert len(networks) == len(tables)
    for network, table in zip(networks, tables, strict=True):
        counted = convcost.count(network)
        assert not table.cut
        if file in WITHOUT_PARAMETERS:
            assert any("are in no row" in u.why or "no row shows" in u.why for u in counted.unknown)
        else:
            assert counted.total.parameters == table.totals.total
        assert network.framework == "torch"


# file: which of its networks -> MACs per sample, complete
MACS = {
    "eval_order_doesnt_matter.txt": {0: (1_794_805_760, False)},
    "google.txt": {1: (392_439_552, True)},
    "groups.txt": {0: (32 * 26 * 26 * 9 * 4, True)},
    "lstm.txt": {0: (4 * 512 * (300 + 512 + 512 + 512) * 100 + 100 * 512 * 20, True)},
    "recursive.txt": {0: (6 * 28 * 28 * 9 * 64 * 64, True)},
    "siamese_net.txt": {0: (1_054_294_528, True)},
    "single_input_all_cols.txt": {0: (144_000 + 320_000 + 16_000 + 500, True)},
    "container.txt": {0: (11 * 25, True)},
}


@pytest.mark.parametrize("file", MACS)
def test_multiply_adds(file):
    networks = convcost.read_all(str(PRINTOUTS / file))
    for index, (macs, complete) in MACS[file].items():
        counted = convcost.count(networks[index])
        assert (counted.total.forward.macs, counted.complete) == (macs, complete)
