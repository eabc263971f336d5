"""A browser that looks at a server."""

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]
REPORT = runpy.run_path(str(ROOT / "benchmarks" / "report" / "browser.py"))
#: Milliseconds; a busy machine answers slowly.
_PATIENCE = 300_000
#: How the browser and htmx say that the status of an answer is an error.
_ERRORS = ("Failed to load resource", "Response Status Error Code")
#: What the policy says of a style without a word, such as a screenshot adds to a page.
_EMPTY = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#: Parts of the form that lie on each other, or stick out of the page.
LOOK = """
() => {
  const found = [];
  const parts = [...document.querySelectorAll(
    "label, legend, summary, button, select, textarea, input:not([type=hidden]), .site a, "
    + ".verdict > *")]
    .filter((x) => x.checkVisibility() && getComputedStyle(x).position !== "absolute"
      && !x.closest(".scroll"));
  const name = (x) => `${x.tagName} '${(x.textContent || x.name || "").trim().slice(0, 30)}'`;
  const stays = (x) => {
    const row = x.closest(".send-row");
    return row && getComputedStyle(row).position === "sticky";
  };
  const boxes = parts.map((x) => [x, x.getBoundingClientRect()]);
  boxes.forEach(([a, x], i) => {
    if (x.left < -1 || x.right > innerWidth + 1) found.push(`${name(a)} sticks out of the page`);
    for (const [b, y] of boxes.slice(i + 1)) {
      if (a.contains(b) || b.contains(a)) continue;
      // one of two parts that scroll, or what stays at the end of one
      const scrolled = a.closest(".ask") !== b.closest(".ask") || stays(a) || stays(b);
      if (!scrolled && Math.min(x.right, y.right) - Math.max(x.left, y.left) > 1
          && Math.min(x.bottom, y.bottom) - Math.max(x.top, y.top) > 2)
        found.push(`${name(a)} and ${name(b)} lie on each other`);
    }
    if (a.tagName !== "TEXTAREA" && a.clientWidth && a.scrollWidth > a.clientWidth + 1
        && getComputedStyle(a).display !== "inline")
      found.push(`${name(a)} is cut`);
  });
  return found;
}
"""


class Visit:
    """A browser at one width, in light or dark.

    Args:
        browser: of Playwright.
        server: whose pages are looked at.
        width: in pixels.
        scheme: light or dark.
        rules: text of axe-core, or None.
        pictures: a folder, or None.
        script: whether JavaScript runs.

    Attributes:
        page: of Playwright.
        found: what is wrong.
        mistaken: whether an error is what is asked for.
    """

    def __init__(self, browser, server, width, scheme, rules=None, pictures=None, script=True):
        self._context = browser.new_context(
            viewport={"width": width, "height": 1000},
            color_scheme=scheme,
            java_script_enabled=script,
        )
        self._context.set_default_timeout(_PATIENCE)
        self.server, self.width, self.scheme = server, width, scheme
        self._rules, self._pictures = rules, pictures
        self.found, self.mistaken = [], False
        self.page = self._context.new_page()
        self.page.on("console", lambda message: self._said(message.text))
        self.page.on("pageerror", lambda error: self.found.append(f"error: {error}"))
        self.page.on("request", self._asked)

    def _said(self, text):
        """What the browser prints: the status of an answer that is meant to be an error, too."""
        if not (self.mistaken and text.startswith(_ERRORS)) and _EMPTY not in text:
            self.found.append(f"console: {text}")

    def _asked(self, request):
        if not request.url.startswith((self.server.address, "data:")):
            self.found.append(f"asks for {request.url}")

    def close(self):
        self._context.close()

    def require(self, holds, text):
        """Note what does not hold."""
        if not holds:
            self.found.append(text)

    def open(self, path="/"):
        self.page.goto(f"{self.server.address}{path}")

    def ask(self, text="", *, button="#ask .send[type=submit] >> nth=0", wrong=False, **fields):
        """Fill the form, send it, and wait for the answer; the first line of it."""
        self.mistaken = wrong
        if text:
            self.page.fill("#field-text", text)
        for name, value in fields.items():
            field = self.page.locator(f"#field-{name}")
            if not field.is_visible():
                self.page.locator("details.more > summary").click()
            if field.evaluate("x => x.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)
        return self.send(button)

    def send(self, button):
        """Press a button, and wait for what comes in place of the answer that is there."""
        self.page.evaluate("() => document.getElementById('verdict')?.setAttribute('data-old', '')")
        self.page.locator(button).click()
        verdict = self.page.locator("#verdict:not([data-old]) h1")
        verdict.first.wait_for()
        self.page.wait_for_function("() => document.activeElement.matches('#verdict h1')")
        return verdict.first.inner_text()

    def look(self, name):
        """What is wrong with the page as it stands."""
        if self._pictures:
            file = f"{name}-{self.width}-{self.scheme}.png"
            self.page.screenshot(path=str(self._pictures / file), full_page=True)
        self._judge(name)
        self.page.evaluate("() => document.querySelectorAll('details').forEach(x => x.open = true)")
        self._judge(f"{name}, opened")
        if self._rules:
            self.page.evaluate(self._rules)
            for each in self.page.evaluate("() => axe.run(document)")["violations"]:
                node = each["nodes"][0]
                self.found.append(
                    f"{name}: axe {each['id']} ({len(each['nodes'])}): {node['html'][:100]}: "
                    f"{node['failureSummary'][:200]}"
                )

    def _judge(self, name):
        for text in (*self.page.evaluate(REPORT["LOOK"]), *self.page.evaluate(LOOK)):
            self.found.append(f"{name}: {text}")
