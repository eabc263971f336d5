"""Shell completion of sources, devices, runtimes and formats."""

import subprocess
from collections.abc import Callable

import pytest
from click.testing import CliRunner

from convcost.cli.main import group

Start = Callable[..., subprocess.CompletedProcess[str]]


def completed(line: str, position: int) -> list[str]:
    """What bash is offered at a word of a line."""
    asked = {
        "_CONVCOST_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(position),
    }  # fmt: skip
    result = CliRunner(env=asked).invoke(group, [], prog_name="convcost")
    assert result.exit_code == 0, result.stderr
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
        ("convcost memory x --format sv", 4, "plain,svg"),
        ("convcost count x --dtype bf", 4, "plain,bfloat16"),
        ("convcost rewrite x --apply two-3x3,spat", 4, "plain,two-3x3,spatial-svd"),
    ],
)
def test_names_are_completed(line: str, position: int, expected: str) -> None:
    assert expected in completed(line, position)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(start: Start, shell: str) -> None:
    result = start(_CONVCOST_COMPLETE=f"{shell}_source")
    assert "_convcost_completion" in result.stdout
