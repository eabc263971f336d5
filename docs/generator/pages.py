# ruff: noqa: INP001 - no package: MkDocs loads this file by its path
"""Pages of the site that stand elsewhere in the repository, links to them, nothing from outside.

MkDocs calls the `on_...` functions (``hooks`` in mkdocs.yml). On a code host the links are right as
they are; on the site they have to lead to where the page stands there.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

_ROOT = Path(__file__).parents[2]
_DOCS = "docs/"
#: Files of the repository -> where they stand in the site.
_ELSEWHERE = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    **{(name := f"examples/{path.name}"): name for path in _ROOT.glob("examples/*.*")},
}
_ORIGINS = {there: here for here, there in _ELSEWHERE.items()}
#: What a browser fetches when it shows a page, from another host.
_OUTSIDE = re.compile(
    r"<(?:iframe|img|link|script|source)\b[^>]*\b(?:href|src)=[\"']?(?:https?:)?//[^>]*>"
)
_LINK = re.compile(r"(?<=\]\()(?P<path>[^)#:\s]+)")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the files from elsewhere."""
    for here, there in _ELSEWHERE.items():
        files.append(File.generated(config, there, abs_src_path=str(_ROOT / here)))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: object) -> str:
    """Let links lead to where a file stands in the site."""
    uri = page.file.src_uri
    folder = posixpath.dirname(_ORIGINS.get(uri, _DOCS + uri))

    def there(link: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(folder, link["path"]))
        if path not in _ELSEWHERE and uri not in _ORIGINS:
            return link["path"]
        place = _ELSEWHERE.get(path, path.removeprefix(_DOCS))
        return posixpath.relpath(place, posixpath.dirname(uri) or ".")

    return _LINK.sub(there, markdown)


def on_post_page(output: str, *, page: Page, **_: object) -> None:
    """Refuse a page that asks for something from outside.

    Raises:
        PluginError: it does.
    """
    if found := _OUTSIDE.search(output):
        raise PluginError(f"{page.file.src_uri} asks for something from elsewhere: {found[0]}")
