"""Files are there whole or not at all, and nothing is overwritten unasked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from convcost.errors import ConvcostError, UsageError
from convcost.write.save import save_bytes, save_text, write_whole


def test_a_file_is_written_and_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    save_text(path, "one")
    with pytest.raises(UsageError, match="exists"):
        save_text(path, "two")
    assert path.read_text(encoding="utf-8") == "one"
    save_text(path, "zwei", force=True)
    assert path.read_text(encoding="utf-8") == "zwei"
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("ends", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("there", [True, False])
def test_what_is_interrupted_leaves_things_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: BaseException, *, there: bool
) -> None:
    path = tmp_path / "a.bin"
    if there:
        path.write_bytes(b"before")

    def half(self: Path, data: bytes) -> None:
        with self.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise ends

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises((ConvcostError, KeyboardInterrupt)):
        save_bytes(path, b"after" * 100, force=there)
    assert [each.name for each in tmp_path.iterdir()] == (["a.bin"] if there else [])
    assert not there or path.read_bytes() == b"before"


def test_a_link_and_the_rights_of_a_file_stay(tmp_path: Path) -> None:
    path, link = tmp_path / "a.bin", tmp_path / "link"
    path.write_bytes(b"before")
    path.chmod(0o640)
    link.symlink_to(path)
    write_whole(link, b"after")
    assert link.is_symlink()
    assert path.read_bytes() == b"after"
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_new_file_has_the_usual_rights(tmp_path: Path) -> None:
    usual, path = tmp_path / "usual", tmp_path / "a.bin"
    usual.write_bytes(b"")
    write_whole(path, b"x")
    assert path.stat().st_mode == usual.stat().st_mode


def test_a_device_is_written_straight() -> None:
    save_bytes(Path(os.devnull), b"x", force=True)
    assert not Path(os.devnull).is_file()


def test_what_cannot_be_written_says_why(tmp_path: Path) -> None:
    for force in (True, False):
        with pytest.raises(ConvcostError, match="cannot be written: No such file"):
            save_bytes(tmp_path / "no" / "a.bin", b"x", force=force)
    with pytest.raises(ConvcostError, match="cannot be written: Is a directory"):
        save_bytes(tmp_path, b"x", force=True)
