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

// Lines between places that only the browser knows: dashed ones to a `ref` or an output
// from what it reads, and those above branches of which some begin with a `ref`.
const diagram = document.getElementById("diagram");
const chain = diagram.querySelector(":scope > .chain");
const SVG = "http://www.w3.org/2000/svg";
const LANE = 7; // between dashed lines side by side
const drawn = diagram.appendChild(document.createElementNS(SVG, "svg"));
drawn.classList.add("lines");

const shown = (selector) => [...chain.querySelectorAll(selector)].filter(isShown);

// All places are read before a line is drawn: to read one after that is slow.
function drawLines() {
  const forks = shown(".branches:has(> .apart)").map((join) => line("fork", fork(join)));
  const ends = shown(".jump[data-layers], .outputs [data-layers]");
  const references = ends.map((to) => ({ from: shownSource(to), to })).filter(({ from }) => from);
  const boxes = references.length ? shown(".box, .end, .sign, .jump, .branch, .arrow, .way, details, span") : [];
  const obstacles = boxes.map((element) => ({ element, ...rectangle(element) }));
  const dashed = references.sort((a, b) => length(a) - length(b)).map((reference) => {
    const { path, lane } = route(reference, obstacles);
    obstacles.push(lane); // the next one goes around it
    return line("reference", path);
  });
  drawn.replaceChildren(...forks, ...dashed);
}

function line(kind, path) {
  const element = document.createElementNS(SVG, "path");
  element.setAttribute("class", kind);
  element.setAttribute("d", path);
  return element;
}

// From where the line arrives, the middle, to the branches that read it.
function fork(join) {
  const reading = [...join.children].filter((branch) => !branch.matches(".apart"));
  const places = [join, ...reading].map((element) => middle(rectangle(element)));
  return reading.length ? `M ${Math.min(...places)} ${rectangle(join).top} H ${Math.max(...places)}` : "";
}

const length = ({ from, to }) => rectangle(to).top - rectangle(from).bottom;

// From an end to the line across. Those of the ends in one row differ.
function distance(end) {
  const place = end.closest(".branch, .ends > .end");
  const index = place ? [...place.parentElement.children].indexOf(place) : 0;
  return 6 + 4 * Math.min(4, index);
}

// From the side of a box to the top of the end, down beside all that is between.
function route({ from, to }, obstacles) {
  const source = rectangle(from), end = rectangle(to);
  const isRight = middle(end) >= middle(rectangle(to.closest(".branches, .outputs, .side") ?? from));
  const isInput = from.matches(".end");
  const top = isInput ? source.bottom + distance(from) : (source.top + source.bottom) / 2;
  const bottom = end.top - distance(to);
  const start = isInput ? `${middle(source)} ${source.bottom} V` : `${isRight ? source.right : source.left}`;
  const between = obstacles.filter(
    (o) => o.top < bottom && o.bottom > top && !(o.element?.contains(from) && o.element.contains(to)),
  );
  let x = middle(end);
  if (between.some((o) => o.left < x && x < o.right && !o.element?.contains(to))) {
    x = isRight ? Math.max(...between.map((o) => o.right)) + LANE : Math.min(...between.map((o) => o.left)) - LANE;
  }
  return {
    path: `M ${start} ${top} H ${x} V ${bottom} H ${middle(end)} V ${end.top}`,
    lane: { left: x, right: x, top, bottom },
  };
}

// The layer or input that a jump or output reads, or the folded block that hides it.
function shownSource(end) {
  const last = layers.get(end).at(-1);
  const ends = [...diagram.querySelectorAll(".layer, .sign, .ends:not(.outputs *) > .end, summary")];
  const makes = (element) => layers.get(element)?.at(-1) === last;
  const folded = (element) => isShown(element) && !element.parentElement.open;
  return (
    ends.find((e) => !e.matches("summary") && isShown(e) && layers.get(e)?.includes(last)) ??
    ends.find((e) => e.matches("summary") && folded(e) && makes(e)) ??
    ends.find((e) => e.matches("summary") && folded(e) && layers.get(e)?.includes(last))
  );
}

// A place in the diagram, wherever it is scrolled to.
function rectangle(element) {
  const { left, right, top, bottom } = element.getBoundingClientRect();
  const frame = diagram.getBoundingClientRect();
  const x = frame.left - diagram.scrollLeft, y = frame.top - diagram.scrollTop;
  return { left: left - x, right: right - x, top: top - y, bottom: bottom - y };
}

const middle = ({ left, right }) => (left + right) / 2;

// A wide diagram is reduced as long as it can be read, and starts at the input.
const room = diagram.clientWidth - 2 * chain.offsetLeft;
chain.style.fontSize = `${Math.min(1, Math.max(0.75, room / chain.scrollWidth))}em`;
diagram.scrollLeft = middle(rectangle(chain.firstElementChild)) - diagram.clientWidth / 2;

// Blocks may open all at once: the lines are drawn once for them.
let isDue = false;
function redraw() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    drawLines();
  });
}

for (const block of diagram.querySelectorAll("details")) block.addEventListener("toggle", redraw);
new ResizeObserver(redraw).observe(chain);
