"""What a browser makes of a page: elements, texts, and the fields that its form would send."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "link", "img", "input"}


class Page(HTMLParser):
    """Elements with attributes in order, and texts under the element that they stand in.

    Attributes:
        elements: tag and attributes.
        texts: tag and text.
        fields: what is sent when the form is: name and value, as HTML has it.
    """

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.fields: list[tuple[str, str]] = []
        self.open: list[str] = []
        self._forms = 0
        self._area: tuple[str, list[str]] | None = None
        self._options: list[tuple[str, bool]] | None = None
        self._select = ""
        # as HTML has it
        self.feed(text.replace("\r\n", "\n").replace("\r", "\n"))
        self.close()
        assert self.open == [], "not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.elements.append((tag, given))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "form":
            self._forms += 1
        ours = given.get("form") == "ask" or "form" in self.open
        name = given.get("name")
        if tag == "option" and self._options is not None:
            self._options.append((given.get("value") or "", "selected" in given))
        if name is None or not ours or "disabled" in given:
            return
        if tag == "input" and given.get("type") not in ("file", "submit"):
            kind = given.get("type", "text")
            if kind not in ("checkbox", "radio") or "checked" in given:
                self.fields.append((name, given.get("value") or ""))
        elif tag == "select":
            self._select, self._options = name, []
        elif tag == "textarea":
            self._area = (name, [])

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag == "textarea" and self._area is not None:
            name, parts = self._area
            # HTML drops the first line end; a browser sends both characters for each
            text = "".join(parts).removeprefix("\n")
            self.fields.append((name, text.replace("\n", "\r\n")))
            self._area = None
        if tag == "select" and self._options is not None:
            chosen = [value for value, is_chosen in self._options if is_chosen]
            self.fields.append((self._select, (chosen or [self._options[0][0]])[0]))
            self._options = None

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))
        if self._area is not None:
            self._area[1].append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of all elements of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]

    def text(self, tag: str) -> list[str]:
        """The texts directly in the elements of a kind."""
        return [text for name, text in self.texts if name == tag]

    def sent(self) -> dict[str, list[str]]:
        """The form's fields, by name."""
        found: dict[str, list[str]] = {}
        for name, value in self.fields:
            found.setdefault(name, []).append(value)
        return found
