"""`convcost serve` in a browser: ask, choose, drop files, open links, also without JavaScript.

    python benchmarks/serve/browser.py [TEXT...] [--files FILE...] [--axe axe.min.js]
        [--pictures FOLDER] [--python PYTHON] [--widths 400 1600] [--schemes light dark]

Starts a server with a store of its own, by PYTHON, which has convcost[web]; pastes examples/*.txt
and each TEXT, which may hold no network; drops FILEs (by default a .keras and an .onnx that
`convcost read zoo:seed000 -o` makes, as far as PYTHON has Keras and onnx). Looks at every page at
400 and 1600 pixels, light and dark: axe, what is cut or overlaps, errors, requests to elsewhere.
Needs `pip install playwright` and a Chromium, as benchmarks/report/browser.py does. Ends with 1
where something is wrong.
"""

import argparse
import base64
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from started import Server
from visit import REPORT, ROOT, Visit

_DEVICE = "laptop-cpu"
_MADE = ("zoo:seed000", ("seed000.keras", "seed000.onnx"))
#: A table in which a kernel of 3 fits as well as one of 1.
AMBIGUOUS = """\
Layer (type)                 Output Shape              Param #
=================================================================
conv2d_1 (Conv2D)            (None, 26, 26, 32)        320
_________________________________________________________________
max_pooling2d_1 (MaxPooling2 (None, 5, 5, 32)          0
_________________________________________________________________
flatten_1 (Flatten)          (None, 800)               0
_________________________________________________________________
dense_1 (Dense)              (None, 10)                8010
=================================================================
Total params: 8,330
"""
#: A table without the sizes of its input.
OPEN = """\
Layer (type)                 Output Shape              Param #
=================================================================
conv2d_1 (Conv2D)            (None, None, None, 32)    896
_________________________________________________________________
conv2d_2 (Conv2D)            (None, None, None, 64)    18496
=================================================================
"""
#: Files as a hand drops them.
DROPPED = """
(files) => {
  const all = new DataTransfer();
  for (const [name, content] of files)
    all.items.add(new File([Uint8Array.from(atob(content), (x) => x.charCodeAt(0))], name));
  return all;
}
"""


def pasted(visit, name, text, *, may_fail):
    """Paste a text, read the verdict, come back to it by its link."""
    visit.open()
    verdict = visit.ask(text, wrong=may_fail, device=_DEVICE)
    refused = visit.page.locator("#verdict.refusal").count()
    visit.require(verdict, f"{name}: no verdict")
    visit.look(name)
    if not refused:
        visit.require(visit.page.url.startswith(f"{visit.server.address}/a/"), f"{name}: no link")
        wrong = visit.page.evaluate(REPORT["SORT"])
        visit.require(not wrong, f"{name}: {wrong}")
        visit.open(visit.page.url.removeprefix(visit.server.address))
        same = visit.page.locator("#verdict h1").inner_text() == verdict
        visit.require(same, f"{name}: the link says something else")
        again = visit.page.locator("#field-text").input_value()
        visit.require(again == text, f"{name}: the text did not come back")
    named = visit.page.locator(".refusal .send")
    if named.count():
        name = named.first.inner_text()
        verdict = f"{verdict}; {name}: {visit.send('.refusal .send >> nth=0')}"
        still = visit.page.locator("#verdict.refusal").count()
        visit.require(not still, f"{name}: it cannot be asked about by its name")
    return verdict


def chosen(visit):
    """Choose another reading, and the first one again."""
    visit.open()
    visit.ask(AMBIGUOUS, device=_DEVICE)
    first = visit.page.url
    radios = "input[type=radio][name^='choice.']"
    visit.require(visit.page.locator(radios).count() > 1, "choice: nothing to choose")
    visit.look("choice")
    visit.page.locator(f"{radios}:not(:checked)").first.check()
    visit.send(".readings .send >> nth=0")
    second = visit.page.url
    visit.require(second != first, "choice: the same question")
    visit.require(visit.page.locator(".remark.chosen").count() == 1, "choice: nothing is chosen")
    visit.look("chosen")
    visit.page.locator(f"{radios}:not(:checked)").first.check()
    visit.send(".readings .send >> nth=0")
    visit.require(visit.page.url == first, "choice: the first reading is another question")


def sized(visit):
    """Give the sizes that a text leaves open, where they are asked for."""
    visit.open()
    visit.ask(OPEN, device=_DEVICE)
    asked = visit.page.locator("#answer input[name^='dim.']")
    visit.require(asked.count() == 2, "sizes: they are not asked for")
    visit.look("sizes")
    visit.send("#answer .panel .send")
    visit.require(
        visit.page.locator("#answer input[name^='dim.']").count() == 0, "sizes: not taken"
    )
    visit.require(visit.page.locator("svg.chart").count() > 0, "sizes: no time is told")


def dropped(visit, files):
    """Drop files beside each other."""
    for path in files:
        visit.open()
        content = base64.b64encode(path.read_bytes()).decode()
        handle = visit.page.evaluate_handle(DROPPED, [[path.name, content]])
        visit.page.dispatch_event("#paste", "dragover", {"dataTransfer": handle})
        visit.page.dispatch_event("#paste", "drop", {"dataTransfer": handle})
        visit.require(visit.page.locator("#dropped").inner_text() == path.name,
                      f"{path.name}: its name is not shown")  # fmt: skip
        visit.look(f"dropped{path.suffix}")
        verdict = visit.ask(device=_DEVICE)
        visit.require("refusal" not in (visit.page.get_attribute("#verdict", "class") or ""),
                      f"{path.name}: {verdict}")  # fmt: skip
        visit.look(f"file{path.suffix}")
        # asked again, without sending it again
        visit.ask(batch="8")
        kept = visit.page.locator("input[name=kept]")
        visit.require(kept.count() == 1 and kept.first.is_checked(), f"{path.name}: it is lost")
        visit.require("refusal" not in (visit.page.get_attribute("#verdict", "class") or ""),
                      f"{path.name}: it cannot be asked about again")  # fmt: skip


def mistaken(visit):
    """A number that is none, and a text without a table: in place, and the form stays."""
    visit.open()
    visit.ask(AMBIGUOUS, batch="many", wrong=True)
    visit.require(visit.page.locator("#verdict.refusal").count() == 1, "mistake: nothing is said")
    visit.require(visit.page.input_value("#field-batch") == "many", "mistake: the form is lost")
    marked = visit.page.get_attribute("#field-batch", "aria-invalid")
    visit.require(marked == "true", "mistake: the field is not marked")
    visit.look("mistake")
    visit.ask("no network at all", batch="1", wrong=True)
    visit.look("nothing")


def without_script(visit, text, files):
    """The same job by plain forms and links."""
    visit.open()
    visit.page.fill("#field-text", AMBIGUOUS)
    visit.page.select_option("#field-device", _DEVICE)
    if files:
        visit.page.set_input_files("#field-files", [str(path) for path in files])
    visit.page.locator("#ask .send >> nth=0").click()
    visit.page.wait_for_selector("#verdict h1")
    first = visit.page.url
    visit.require("/a/" in first, "without JavaScript: no permanent page")
    visit.require(visit.page.input_value("#field-text") == AMBIGUOUS,
                  "without JavaScript: the text did not come back")  # fmt: skip
    visit.require(visit.page.locator("input[name=kept]").count() == len(files),
                  "without JavaScript: the files did not come back")  # fmt: skip
    for folded in ("details.read:has(.readings):not([open])", "details.readings:not([open])"):
        if visit.page.locator(folded).count():
            visit.page.locator(f"{folded} > summary >> nth=0").click()
    visit.page.locator("input[type=radio][name^='choice.']:not(:checked)").first.check()
    visit.page.locator(".readings .send >> nth=0").click()
    visit.page.wait_for_selector(".remark.chosen", state="attached")
    visit.require(visit.page.url != first, "without JavaScript: nothing was chosen")
    visit.open()
    visit.page.fill("#field-text", text)
    visit.page.fill("#field-batch", "many")
    visit.mistaken = True
    visit.page.locator("#ask .send >> nth=0").click()
    visit.page.wait_for_selector("#verdict.refusal")
    visit.require(visit.page.input_value("#field-batch") == "many"
                  and visit.page.input_value("#field-text") == text,
                  "without JavaScript: what was typed is lost")  # fmt: skip


def restarted(visit, server):
    """A permanent link after the server was killed."""
    visit.open()
    verdict = visit.ask(AMBIGUOUS, device=_DEVICE)
    link = visit.page.url.removeprefix(server.address)
    server.restart()
    visit.open(link)
    visit.require(visit.page.locator("#verdict h1").inner_text() == verdict, "link: lost by a kill")
    # the way back is another page, not another program
    visit.open()
    visit.ask(AMBIGUOUS, device=_DEVICE, batch="2")
    visit.page.go_back()
    visit.page.wait_for_selector("#page.asking")


def made(python, folder):
    """Files to drop, as far as they can be made."""
    source, names = _MADE
    found = []
    for name in names:
        command = [python, "-m", "convcost", "read", source, "-o", str(folder / name)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            print(f"{name} cannot be made by {python}: it is not dropped")
        else:
            found.append(folder / name)
    return found


def visited(browser, server, given, files, rules):
    """Everything in every width and look; what is wrong."""
    texts = [*sorted((ROOT / "examples").glob("*.txt")), *given.texts]
    wrong = []
    for width in given.widths:
        for scheme in given.schemes:
            visit = Visit(browser, server, width, scheme, rules, given.pictures)
            visit.open()
            visit.look("form")
            for path in texts:
                text = path.read_text(encoding="utf-8")
                verdict = pasted(visit, path.stem, text, may_fail=path in given.texts)
                if (width, scheme) == (given.widths[0], given.schemes[0]):
                    print(f"{path.name}: {verdict}")
            chosen(visit)
            sized(visit)
            dropped(visit, files)
            mistaken(visit)
            visit.close()
            print(f"{width} px {scheme}: {'; '.join(visit.found) or 'good'}", flush=True)
            wrong += visit.found
    for name, act in (
        ("without JavaScript", lambda x: without_script(x, OPEN, files)),
        ("killed and started again", lambda x: restarted(x, server)),
    ):
        visit = Visit(
            browser, server, given.widths[-1], given.schemes[0], script="without" not in name
        )
        act(visit)
        visit.close()
        print(f"{name}: {'; '.join(visit.found) or 'good'}", flush=True)
        wrong += visit.found
    return wrong


def main():
    """Visit the server."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("texts", nargs="*", type=Path, metavar="TEXT")
    parser.add_argument("--files", nargs="*", type=Path)
    parser.add_argument("--axe")
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--widths", type=int, nargs="+", default=REPORT["WIDTHS"])
    parser.add_argument("--schemes", nargs="+", default=REPORT["SCHEMES"])
    given = parser.parse_args()
    if REPORT["chromium"]() is None:
        print("skipped: there is no Chromium")
        return 0
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        print("skipped: there is no playwright")
        return 0
    rules = REPORT["axe"](given.axe)
    if rules is None:
        print("axe-core cannot be had: accessibility is not checked")
    if given.pictures:
        given.pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        files = made(given.python, folder) if given.files is None else given.files
        server = Server(folder / "store", python=given.python)
        path = REPORT["chromium"]()
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            wrong = visited(browser, server, given, files, rules)
        finally:
            browser.close()
            status, said = server.stop(signal.SIGINT), server.said
    if status not in (0, 130):
        wrong.append(f"the server ended with {status}")
    if wrong:
        print(f"{wrong[-1]}; the server said: {said}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
