"""The colours of reports and charts, in light and in dark, and the looks made of them.

Contrast (WCAG 2): text at least 4.5 : 1 against its paper, lines and areas at least 3 : 1. The
series differ for the three common kinds of colour blindness, and in the shape of their marks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Name -> in light, in dark.
COLOURS: Mapping[str, tuple[str, str]] = {
    "paper": ("#ffffff", "#14171c"),
    "panel": ("#f4f6f8", "#1e232a"),
    "ink": ("#1a1f26", "#e6e9ee"),
    "soft": ("#56606c", "#a3adb9"),
    "rule": ("#d5dbe2", "#39414c"),
    "link": ("#1558a8", "#7db8ff"),
    "s0": ("#1d6fb8", "#6bb1f5"),
    "s1": ("#c2570c", "#f2984f"),
    "s2": ("#7a3fb5", "#c39bf2"),
    "s3": ("#12806a", "#4fc7ab"),
    "s4": ("#b3264e", "#f0809f"),
    "s5": ("#6b7480", "#98a3b0"),
}
#: Series that have colours of their own; further ones begin again.
SERIES = 6


def variables(dark: bool) -> str:
    """Declarations of CSS custom properties."""
    return "".join(f"--{name}:{pair[dark]};" for name, pair in COLOURS.items())


def looks(colour: Callable[[str], str], scope: str = "") -> str:
    """The rules of all classes that charts use.

    Args:
        colour: a colour's name as CSS has it: a variable, or the colour itself.
        scope: of the rules.
    """
    chart = f"{scope}.chart"
    font = "12px system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','DejaVu Sans',sans-serif"
    rules = [
        f"{chart} text{{font:{font};fill:{colour('ink')}}}",
        f"{chart} .faint{{fill:{colour('soft')}}}",
        f"{chart} .heading{{font-weight:600}}",
        # a name on top of a line stays readable
        f"{chart} .name{{stroke:{colour('paper')};stroke-width:3;paint-order:stroke}}",
        f"{chart} .grid{{stroke:{colour('rule')};stroke-width:1}}",
        f"{chart} .edge{{stroke:{colour('soft')};stroke-width:1}}",
        f"{chart} .lead{{stroke:{colour('soft')};stroke-width:.75}}",
        f"{chart} .guide{{fill:none;stroke:{colour('ink')};stroke-width:1.5;stroke-dasharray:6 4}}",
        f"{chart} .range{{stroke:{colour('ink')};stroke-width:1.5}}",
    ]
    for number in range(SERIES):
        paint = colour(f"s{number}")
        dashes = f"stroke-dasharray:{('none', '7 3', '2 3')[number % 3]}"
        rules += [
            f"{chart} .fill{number}{{fill:{paint}}}",
            f"{chart} .mark{number}{{fill:{paint};fill-opacity:.6;stroke:{paint}}}",
            f"{chart} .open{number}{{fill:{paint};fill-opacity:.15;stroke:{paint}}}",
            f"{chart} .line{number}{{fill:none;stroke:{paint};stroke-width:2;{dashes}}}",
            f"{chart} .band{number}{{fill:{paint};fill-opacity:.13}}",
        ]
    return "".join(rules)


def of_page(scope: str) -> str:
    """Colours as variables, which follow the reader's choice, and print as light."""
    light, dark = variables(dark=False), variables(dark=True)
    notebooks = ('[data-jp-theme-light="false"]', ".vscode-dark", ".theme-dark")
    other = ('[data-jp-theme-light="true"]', ".vscode-light")
    return (
        f"{scope}{{{light}}}"
        f"@media screen{{@media (prefers-color-scheme:dark){{{scope}{{{dark}}}}}"
        f"{','.join(f'{each} {scope}' for each in notebooks)}{{{dark}}}"
        f"{','.join(f'{each} {scope}' for each in other)}{{{light}}}}}"
        + looks(lambda name: f"var(--{name})", f"{scope} ")
    )


def of_file(*, dark: bool) -> str:
    """The same for an SVG file of its own: plain colours, which every program knows.

    Args:
        dark: also those of a dark paper, where the program that shows the file asks for them.
    """
    light = _plain(dark=False)
    if not dark:
        return light
    return f"{light}@media (prefers-color-scheme:dark){{{_plain(dark=True)}}}"


def _plain(*, dark: bool) -> str:
    def colour(name: str) -> str:
        return COLOURS[name][dark]

    return f".chart .paper{{fill:{colour('paper')}}}{looks(colour)}"
