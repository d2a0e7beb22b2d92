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

// A dashed line from what a `ref` reads to where it is read.
const diagram = document.getElementById("diagram");
const chain = diagram.querySelector(":scope > .chain");
const SVG = "http://www.w3.org/2000/svg";
const drawn = chain.appendChild(document.createElementNS(SVG, "svg"));
drawn.classList.add("refs");

function drawRefs() {
  const origin = chain.getBoundingClientRect();
  drawn.setAttribute("width", chain.scrollWidth);
  drawn.setAttribute("height", chain.scrollHeight);
  drawn.replaceChildren();
  for (const jump of diagram.querySelectorAll(".jump[data-layers]")) {
    const source = shownSource(jump);
    if (!source || !isShown(jump)) continue;
    const path = drawn.appendChild(document.createElementNS(SVG, "path"));
    path.setAttribute("d", curve(rectangle(source, origin), rectangle(jump, origin)));
  }
}

// The layer that a jump reads, or the folded block that hides it.
function shownSource(jump) {
  const last = layers.get(jump).at(-1);
  const ends = [...diagram.querySelectorAll(".layer, summary")];
  const makes = (element) => layers.get(element)?.at(-1) === last;
  const folded = (element) => isShown(element) && !element.parentElement.open;
  return (
    ends.find((e) => e.matches(".layer") && isShown(e) && layers.get(e).includes(last)) ??
    ends.find((e) => e.matches("summary") && folded(e) && makes(e)) ??
    ends.find((e) => e.matches("summary") && folded(e) && layers.get(e)?.includes(last))
  );
}

function rectangle(element, origin) {
  const { left, right, top, bottom } = element.getBoundingClientRect();
  const x = origin.left, y = origin.top;
  return { left: left - x, right: right - x, top: top - y, bottom: bottom - y };
}

// From the side of a box to the top of a jump, with horizontal and vertical ends.
function curve(from, to) {
  const x = (to.left + to.right) / 2, y = (from.top + from.bottom) / 2;
  const isRight = x > (from.left + from.right) / 2;
  const start = isRight ? from.right : from.left;
  const bend = start + (isRight ? 40 : -40);
  return `M ${start} ${y} C ${bend} ${y}, ${x} ${to.top - 60}, ${x} ${to.top}`;
}

for (const block of diagram.querySelectorAll("details")) block.addEventListener("toggle", drawRefs);
new ResizeObserver(drawRefs).observe(chain);

// A diagram wider than its panel shows its start: the middle.
const start = chain.querySelector(".end").getBoundingClientRect();
const frame = diagram.getBoundingClientRect();
diagram.scrollLeft += (start.left + start.right) / 2 - (frame.left + diagram.clientWidth / 2);
