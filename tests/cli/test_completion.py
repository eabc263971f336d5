"""Shell completion of sources, devices, runtimes and formats."""

import subprocess
from collections.abc import Callable

import pytest

Start = Callable[..., subprocess.CompletedProcess[str]]


def completed(start: Start, shell: str, line: str, position: int) -> list[str]:
    result = start(
        _CONVCOST_COMPLETE=f"{shell}_complete", COMP_WORDS=line, COMP_CWORD=str(position)
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


@pytest.mark.parametrize(
    ("line", "position", "expected"),
    [
        ("convcost co", 1, "plain,count"),
        ("convcost count zoo:al", 2, "plain,zoo:alexnet"),
        # bash hands over the parts around a colon as words of their own
        ("convcost count zoo : al", 4, "plain,alexnet"),
        ("convcost count zoo :", 3, "plain,alexnet"),
        ("convcost count summary", 2, "file,summary"),
        ("convcost predict x --device gtx", 4, "plain,gtx-1080-ti"),
        ("convcost predict x --runtime keras", 4, "plain,keras-tensorflow"),
        ("convcost devices a", 2, "plain,a100"),
        ("convcost runtimes tor", 2, "plain,torch"),
        ("convcost count x --format ma", 4, "plain,markdown"),
        ("convcost predict x --format tr", 4, "plain,trace"),
        ("convcost count x --dtype bf", 4, "plain,bfloat16"),
    ],
)
def test_names_are_completed(start: Start, line: str, position: int, expected: str) -> None:
    assert expected in completed(start, "bash", line, position)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(start: Start, shell: str) -> None:
    result = start(_CONVCOST_COMPLETE=f"{shell}_source")
    assert "_convcost_completion" in result.stdout
