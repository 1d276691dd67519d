// What the site adds with JavaScript; without it folds open and links lead.

// -- two letters that nobody sees stand in formulas for what was not written: that no
// line ends after a sign, and that the bar of p(x | z) is no relation (tools/site_equations.py).
// Runs before formulas are set.
globalThis.katex?.__defineMacro("\u2060", "\\nobreak");
globalThis.katex?.__defineMacro("\u2062", "{\\;#1\\;}");

const main = document.querySelector("main.content") ?? document.body;
const folds = [...main.querySelectorAll("details.code-fold")];

// -- what the reader chose, kept in the browser where that is allowed
const key = "vaegan-code:" + location.pathname;
function read() {
  try { return JSON.parse(localStorage.getItem(key)) ?? {}; } catch { return {}; }
}
const keep = state => { try { localStorage.setItem(key, JSON.stringify(state)); } catch { } };

// -- folds: each is known by what its line says, and which of those it is
const seen = {};
const names = new Map(folds.map(fold => {
  const line = fold.querySelector("summary").textContent.trim();
  seen[line] = (seen[line] ?? 0) + 1;
  return [fold, `${line} ${seen[line]}`];
}));
const openNow = () => folds.filter(fold => fold.open).map(fold => names.get(fold));
for (const fold of folds) fold.open = (read().open ?? []).includes(names.get(fold));

// -- all code, some of it, or none
const CODE = "details.code-fold, .sourceCode";
const code = () => [...main.querySelectorAll(".cell")].flatMap(cell =>
  [...cell.children].filter(e => e.matches(CODE)));
const CHOICES = ["all", "some", "none"];
const TITLES = {all: "Every fold of code open", some: "Folds closed, checks open",
  none: "No code and nothing that it printed; figures and tables stay, ✓ runs still opens a check"};
const buttons = {};

// what a cell printed says nothing without its code; pictures, tables and boxes do
const SPEAKS = "figure, img, svg, canvas, table, form, .vaegan-living";
const prints = () => [...main.querySelectorAll(".cell")].filter(cell =>
  [...cell.children].some(e => e.matches(CODE))).flatMap(cell =>
  [...cell.querySelectorAll(".cell-output:has(pre)")].filter(e => !e.querySelector(SPEAKS)));

function show(which) {
  for (const e of [...code(), ...prints()]) e.hidden = which === "none";
  for (const e of main.querySelectorAll(".checks")) e.hidden = which === "none";
  for (const name in buttons) buttons[name].setAttribute("aria-pressed", String(name === which));
}

function choose(which) {
  if (which !== "none") for (const fold of folds) fold.open = which === "all";
  show(which);
  keep({mode: which, open: openNow()});
}

function addSwitch() {
  const head = document.querySelector("#title-block-header");
  if (!head || !code().length || document.body.classList.contains("home")) return;
  const list = head.querySelector("ul.meta") ?? head.appendChild(document.createElement("ul"));
  list.classList.add("meta");
  const item = list.appendChild(document.createElement("li"));
  item.className = "code-switch";
  const group = item.appendChild(document.createElement("span"));
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", "Code on this page");
  group.append("Code: ");
  for (const name of CHOICES) {
    const button = buttons[name] = document.createElement("button");
    Object.assign(button, {type: "button", textContent: name});
    button.setAttribute("aria-label", `Show ${name === "none" ? "no" : name} code`);
    button.title = TITLES[name];
    button.addEventListener("click", () => choose(name));
    group.append(button, " ");
  }
}

addSwitch();
show(read().mode === "none" ? "none" : read().mode ?? "some");
for (const fold of folds) fold.addEventListener("toggle", () => {
  const open = openNow();
  const mode = open.length === folds.length && read().mode === "all" ? "all" : "some";
  if (read().mode !== "none") { keep({mode, open}); show(mode); }
});

// -- an equation's block shows the cell's code; here it takes the colours from the cell itself
for (const fold of main.querySelectorAll("details.runs")) fold.addEventListener("toggle", () => {
  for (const box of fold.querySelectorAll(".runs-code")) {
    const link = fold.querySelector(`a[href^="#check-"]:not([data-used])`);
    const mark = link && document.getElementById(link.hash.slice(1));
    let cell = mark?.closest(".checks");
    while (cell && !cell.matches(".cell")) cell = cell.nextElementSibling;
    const there = cell?.querySelector("pre > code");
    if (!there) continue;
    link.dataset.used = "";
    box.querySelector("code").innerHTML = there.innerHTML;
    for (const e of box.querySelectorAll("a")) e.remove();
    for (const e of box.querySelectorAll("[id]")) e.removeAttribute("id");
    box.classList.remove("runs-code");
  }
}, {once: true});

// -- a link leads into a fold, also one that is closed
function arrive() {
  const id = decodeURIComponent(location.hash.slice(1)), target = id && document.getElementById(id);
  if (!target) return;
  let closed = Boolean(target.closest("[hidden]"));
  if (closed) choose("some");
  for (let e = target.closest("details"); e; e = e.parentElement.closest("details")) {
    closed ||= !e.open;
    e.open = true;
  }
  if (closed) target.scrollIntoView();
}
addEventListener("hashchange", arrive);
addEventListener("load", arrive);

// -- once all is set: a heading's name is its words, without the sign that links to it; who copies
// or hears a formula gets it as its author wrote it
addEventListener("load", () => {
  for (const a of main.querySelectorAll(".anchorjs-link")) {
    a.setAttribute("aria-hidden", "true");
    a.tabIndex = -1;
  }
  for (const e of main.querySelectorAll(".katex annotation")) {
    e.textContent = e.textContent.replace(/[\u2060\u2062]/g, "");
  }
});

// -- the comma after a long formula goes with the formula's last piece
addEventListener("load", () => {
  for (const pair of main.querySelectorAll(".nobreak.long")) {
    const pieces = pair.querySelectorAll(".katex-html > .base, .katex-html > .katex-base");
    if (pieces.length && pair.lastChild.nodeType === Node.TEXT_NODE) {
      [...pieces].at(-1).append(pair.lastChild);
    }
  }
});

// -- what overflows is a stop for the keyboard, with a name; what fits is none
const WIDE = "pre, .equation-math, .katex-display, table, .table-box, .cell-output-display";
function fit(box) {     // a display that is a little too wide is set smaller, down to seven tenths
  box.style.fontSize = "";
  const share = box.clientWidth/box.scrollWidth;
  if (share < 1) box.style.fontSize = `${Math.max(.7, .99*share)}em`;
}
function reach(box) {
  if (box.matches(".equation-math")) fit(box);
  box.style.overflowX = "";
  const scrolls = /auto|scroll/.test(getComputedStyle(box).overflowX);
  const over = scrolls && box.scrollWidth - box.clientWidth;
  if (over === 1) box.style.overflowX = "hidden";    // by rounding
  if (over > 1) {
    box.tabIndex = 0;
    if (box.matches("table")) return;
    if (!box.hasAttribute("role")) box.setAttribute("role", "group");
    if (!box.hasAttribute("aria-label")) {
      box.setAttribute("aria-label", box.matches("pre") ? "Code, scrolls" : "Scrolls sideways");
    }
  } else if (box.tabIndex === 0) box.removeAttribute("tabindex");
}
// a table that grows is scrolled by the box around it
function again(box) {
  reach(box);
  const around = box.parentElement?.closest(".table-box");
  if (around) reach(around);
}
const sizes = new ResizeObserver(entries =>
  requestAnimationFrame(() => entries.forEach(e => again(e.target))));
for (const box of main.querySelectorAll(WIDE)) sizes.observe(box);
// a formula is set later: what is in the box changes
new MutationObserver(changes => {
  for (const c of changes) {
    const box = c.target.closest?.(WIDE);
    if (box) { again(box); sizes.observe(box); }
    else c.target.querySelectorAll?.(WIDE).forEach(e => sizes.observe(e));
  }
}).observe(main, {childList: true, subtree: true});
document.fonts?.ready.then(() => main.querySelectorAll(WIDE).forEach(reach));
