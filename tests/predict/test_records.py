"""Networks that were run, on disk."""

import pytest

from convcost.cli.calibrate import command
from convcost.errors import ConvcostError, SourceError
from convcost.predict.calibration.design import drawn
from convcost.predict.calibration.records import About, Record, Records
from convcost.predict.calibration.sampling import Part, Sample
from convcost.predict.profile import Machine, Setting
from convcost.write.exchange import to_text

ABOUT = About(
    setting=Setting(runtime="torch", training=True, threads=2),
    machine=Machine("by hand", 2, ("avx2",)),
    versions={"torch": "2.13.0"},
)


def record(seed):
    chosen = drawn(seed)
    names = [layer.name for layer in chosen.network.layers if layer.inputs]
    sample = Sample(
        network=chosen.network, batch=chosen.batch, optimizer="adam", seconds=0.25, probe=0.001,
        parts=tuple(Part((name,), "forward", 0.1 + seed) for name in names),
    )  # fmt: skip
    return Record(seed, chosen.blocks, sample)


def plain(found):
    return [(x.seed, x.blocks, to_text(x.sample.network), x.sample.parts) for x in found]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "torch.samples"


def test_what_was_appended_is_there_again(path):
    given = [record(seed) for seed in range(3)]
    with Records(path, ABOUT) as records:
        for each in given[:2]:
            records.append(each)
    with Records(path, ABOUT) as records:
        assert plain(records.found) == plain(given[:2])
        records.append(given[2])
        assert plain(records.found) == plain(given)
    with Records(path, ABOUT) as records:
        assert plain(records.found) == plain(given)
        assert records.found[0].sample.optimizer == "adam"


@pytest.mark.parametrize("cut", [1, 40, 400])
def test_a_line_that_was_not_finished_is_cut_off(path, cut):
    given = [record(seed) for seed in range(2)]
    with Records(path, ABOUT) as records:
        for each in given:
            records.append(each)
    path.write_bytes(path.read_bytes()[:-cut])
    with Records(path, ABOUT) as records:
        assert plain(records.found) == plain(given[:1])
        records.append(given[1])
    with Records(path, ABOUT) as records:
        assert plain(records.found) == plain(given)


def test_cut_within_the_first_line(path):
    with Records(path, ABOUT):
        pass
    path.write_bytes(path.read_bytes()[:20])
    with Records(path, ABOUT) as records:
        assert records.found == ()
        records.append(record(0))
    with Records(path, ABOUT) as records:
        assert len(records.found) == 1


def test_other_circumstances_are_not_mixed(path):
    with Records(path, ABOUT):
        pass
    other = About(setting=ABOUT.setting, machine=ABOUT.machine, versions={"torch": "9"})
    with pytest.raises(SourceError) as caught, Records(path, other):
        pass
    assert caught.value.message.endswith(
        "were run under other circumstances: torch 2.13.0 then, 9 now"
    )
    hint = "convcost calibrate --runtime torch --training --fresh begins anew"
    assert caught.value.hint == hint
    used = hint.partition(" calibrate ")[2].partition(" begins")[0].split()
    assert {each for each in used if each.startswith("--")} <= {
        option for parameter in command.params for option in parameter.opts
    }


def test_a_folder_that_cannot_be_used_is_no_traceback(tmp_path):
    (tmp_path / "folder").write_text("a file")
    with pytest.raises(ConvcostError, match="folder: ") as caught:
        Records(tmp_path / "folder" / "torch.samples", ABOUT)
    assert "CONVCOST_PROFILES=FOLDER" in caught.value.hint


def test_damage_is_told_with_its_line(path):
    with Records(path, ABOUT) as records:
        records.append(record(0))
    head, line = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(head + line.replace(b'"seed"', b'"seat"') + line)
    with pytest.raises(SourceError, match="line 2 is damaged"), Records(path, ABOUT):
        pass
