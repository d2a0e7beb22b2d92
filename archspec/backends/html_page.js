"use strict";
// What shows a layer names it in `data-layers`: boxes, titles of blocks, rows of the
// table, lines of the spec. To point at one lights all that share a layer with it.
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
  const { top, bottom } = element.getBoundingClientRect();
  const first = panel.getBoundingClientRect().top + 40; // below the head of the table
  const last = first - 80 + panel.clientHeight;
  if (top < first) panel.scrollTop += top - first;
  else if (bottom > last) panel.scrollTop += Math.min(bottom - last, top - first);
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
