"use strict";
/* Sorting is all that needs a script: a click on a heading, largest first for numbers, then smallest, then as it was. */
const sortable = (root) => {
  const value = (row, place) => {
    const cell = row.cells[place];
    return cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v);
  };
  for (const table of root.querySelectorAll(".convcost table.sortable")) {
    const body = table.tBodies[0], rows = [...body.rows];
    const headings = [...table.tHead.rows[0].cells];
    headings.forEach((heading, place) => {
      if (heading.querySelector(".unseen, button")) return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      const order = heading.classList.contains("number") ? ["descending", "ascending"] : ["ascending", "descending"];
      button.addEventListener("click", () => {
        const next = order[order.indexOf(heading.getAttribute("aria-sort")) + 1];
        headings.forEach((other) => other.removeAttribute("aria-sort"));
        if (next) heading.setAttribute("aria-sort", next);
        const sign = next === "descending" ? -1 : 1;
        const compare = (a, b) => {
          const x = value(a, place), y = value(b, place);
          if (typeof x === typeof y) return sign * (typeof x === "number" ? x - y : x.localeCompare(y, "en", {numeric: true}));
          return typeof x === "number" ? -1 : 1; // what is not known comes last
        };
        body.append(...(next ? [...rows].sort(compare) : rows));
      });
    });
  }
};
sortable(document);
