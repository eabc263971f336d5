"""Reports as a browser shows them: axe, what is cut or overlaps, requests, errors, sorting.

    python benchmarks/report/browser.py PAGE.html... [--axe axe.min.js] [--pictures FOLDER]

Needs `pip install playwright` and a Chromium (CHROMIUM names it; else the one on the path). Where
--axe names no file, `npm pack axe-core` brings it. Ends with 1 where something is wrong.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

WIDTHS = (400, 1600)
SCHEMES = ("light", "dark")
#: Milliseconds; a busy machine paints slowly.
_PATIENCE = 300_000
#: Texts of a chart that lie on each other, parts that stick out of their box, texts that are cut.
LOOK = """
() => {
  const found = [];
  if (document.documentElement.scrollWidth > innerWidth)
    found.push(`the page is ${document.documentElement.scrollWidth} px wide`);
  for (const svg of document.querySelectorAll("svg.chart")) {
    if (!svg.getClientRects().length) continue;
    const box = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll("text")].map(
      (text) => [text.textContent, text.getBoundingClientRect()]);
    for (const [text, at] of texts)
      if (at.left < box.left - 1 || at.right > box.right + 1
          || at.top < box.top - 1 || at.bottom > box.bottom + 1)
        found.push(`'${text}' is cut by its chart`);
    texts.forEach(([a, x], i) => texts.slice(i + 1).forEach(([b, y]) => {
      if (Math.min(x.right, y.right) - Math.max(x.left, y.left) > 1
          && Math.min(x.bottom, y.bottom) - Math.max(x.top, y.top) > 3)
        found.push(`'${a}' and '${b}' lie on each other`);
    }));
  }
  for (const element of document.querySelectorAll("h1, h2, h3, p, li, code, figcaption, th, td")) {
    const {display} = getComputedStyle(element), {scrollWidth, clientWidth} = element;
    if (clientWidth && scrollWidth > clientWidth + 1 && display !== "inline")
      found.push(`${element.tagName} '${element.textContent.slice(0, 60)}' does not fit its box`);
  }
  return found;
}
"""
#: The first sortable table, clicked: its numbers in order, and in their own order at last.
SORT = """
() => {
  const table = document.querySelector("table.sortable");
  if (!table) return "";
  const heading = [...table.tHead.rows[0].cells].find((cell) => cell.classList.contains("number"));
  if (!heading) return "";
  const place = heading.cellIndex;
  const read = () => [...table.tBodies[0].rows].map((row) => row.cells[place].dataset.v);
  const before = read().join();
  const button = heading.querySelector("button");
  if (!button) return "a heading has no button";
  button.click();
  const numbers = read().filter((x) => x !== undefined).map(Number);
  if (numbers.some((x, i) => i && x > numbers[i - 1])) return "a table is not sorted";
  if (heading.getAttribute("aria-sort") !== "descending") return "a sorted column does not say so";
  button.click(); button.click();
  return read().join() === before ? "" : "a table does not find back to its order";
}
"""


def chromium():
    """The browser; None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def axe(path):
    """The text of axe-core; None where it cannot be had."""
    if path:
        return Path(path).read_text(encoding="utf-8")
    if shutil.which("npm") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(
            ["npm", "pack", "--silent", "axe-core"],  # noqa: S607
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if packed.returncode:
            return None
        with tarfile.open(Path(folder, packed.stdout.split()[-1])) as archive:
            return archive.extractfile("package/axe.min.js").read().decode()


def problems(browser, page, width, scheme, rules, pictures=None):
    """What is wrong with a page at one width, in light or dark."""
    context = browser.new_context(
        viewport={"width": width, "height": 1000}, color_scheme=scheme, offline=True
    )
    context.set_default_timeout(_PATIENCE)
    shown = context.new_page()
    found, asked = [], []
    shown.on("console", lambda message: found.append(f"console: {message.text}"))
    shown.on("pageerror", lambda error: found.append(f"error: {error}"))
    shown.on("request", lambda request: asked.append(request.url))
    shown.goto(page.resolve().as_uri())
    if pictures:
        name = f"{page.stem}-{width}-{scheme}.png"
        shown.screenshot(path=str(pictures / name), full_page=True)
    found += shown.evaluate(LOOK)
    shown.evaluate("() => document.querySelectorAll('details').forEach((x) => { x.open = true; })")
    found += [f"opened: {text}" for text in shown.evaluate(LOOK)]
    wrong = shown.evaluate(SORT)
    found += [wrong] if wrong else []
    if rules:
        shown.evaluate(rules)
        for each in shown.evaluate("() => axe.run(document)")["violations"]:
            node = each["nodes"][0]
            found.append(f"axe {each['id']} ({len(each['nodes'])}): {node['html'][:100]}: "
                         f"{node['failureSummary'][:200]}")  # fmt: skip
    outside = [url for url in asked if not url.startswith(("file:", "data:"))]
    found += [f"asks for {url}" for url in outside]
    if pictures and width == max(WIDTHS) and scheme == "dark":
        shown.reload()
        shown.pdf(path=str(pictures / f"{page.stem}.pdf"), format="A4", print_background=True)
    context.close()
    return found


def main():
    """Check pages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--axe")
    parser.add_argument("--pictures", type=Path)
    given = parser.parse_args()
    if chromium() is None:
        print("skipped: there is no Chromium")
        return 0
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        print("skipped: there is no playwright")
        return 0
    rules = axe(given.axe)
    if rules is None:
        print("axe-core cannot be had: accessibility is not checked")
    if given.pictures:
        given.pictures.mkdir(parents=True, exist_ok=True)
    wrong = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for page in given.pages:
            for width in WIDTHS:
                for scheme in SCHEMES:
                    found = problems(browser, page, width, scheme, rules, given.pictures)
                    wrong += len(found)
                    print(f"{page.name} {width} px {scheme}: {'; '.join(found) or 'good'}")
        browser.close()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
