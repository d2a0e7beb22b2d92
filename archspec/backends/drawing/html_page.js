"use strict";
// What shows a layer names it in `data-layers`: boxes, titles of blocks, jumps, rows
// of the table, lines of the spec. To point at one lights all that share a layer with it.
const all = [...document.querySelectorAll("[data-layers]")];
const layers = new Map(all.map((element) => [element, element.dataset.layers.split(" ")]));
const isShown = (element) => element.checkVisibility();

function light(pointed) {
  const lit = new Set(layers.get(pointed));
  for (const [element, names] of layers) {
    element.classList.toggle("lit", names.some((name) => lit.has(name)));
  }
  for (const panel of document.querySelectorAll(".panel")) {
    const first = [...panel.querySelectorAll(".lit")].find(isShown);
    if (first && !panel.contains(pointed)) reveal(first, panel);
  }
}

function reveal(element, panel) {
  const { top, bottom, left, right } = element.getBoundingClientRect();
  const frame = panel.getBoundingClientRect();
  const below = frame.top + 40; // below the head of the table
  panel.scrollTop += away(top, bottom, below, below - 80 + panel.clientHeight);
  panel.scrollLeft += away(left, right, frame.left + 10, frame.left + panel.clientWidth - 10);
}

// How far something is from the place it shows in; what is longer stays as it is.
function away(start, end, first, last) {
  if (start < first) return end < last ? start - first : 0;
  return end > last ? Math.min(end - last, start - first) : 0;
}

for (const event of ["pointerover", "focusin"]) {
  document.addEventListener(event, ({ target }) => light(target.closest("[data-layers]")));
}

// Tab goes from panel to panel, the arrow keys within one: it has one stop.
function stopAt(element, panel) {
  for (const other of panel.querySelectorAll("[data-layers]")) other.tabIndex = -1;
  if (element) element.tabIndex = 0;
}

const shownIn = (panel) => [...panel.querySelectorAll("[data-layers]")].filter(isShown);

for (const panel of document.querySelectorAll(".panel")) {
  stopAt(shownIn(panel)[0], panel);

  panel.addEventListener("focusin", ({ target }) => {
    if (layers.has(target)) stopAt(target, panel);
  });

  panel.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !layers.has(event.target)) return;
    const shown = shownIn(panel);
    shown[shown.indexOf(event.target) + step]?.focus();
    event.preventDefault();
  });
}

for (const [id, isOpen] of [["fold", false], ["unfold", true]]) {
  document.getElementById(id).addEventListener("click", () => {
    for (const block of document.querySelectorAll("details")) block.open = isOpen;
    const panel = document.getElementById("diagram");
    stopAt(shownIn(panel)[0], panel); // the last one may be folded away
  });
}
