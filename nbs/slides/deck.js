// The slides in the browser: formulas are set, what is too large becomes smaller, reveal.js turns
// the pages. Written without a build step; tools/slides.py puts it beside each deck.

// -- light or dark: the system's choice, that of the site, or key D
const root = document.documentElement, KEY = "quarto-color-scheme";
const dark = () => (root.dataset.theme ??
  (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
function keep(theme) {
  root.dataset.theme = theme;
  try { localStorage.setItem(KEY, theme === "dark" ? "alternate" : "default"); } catch { }
}
try {
  const kept = localStorage.getItem(KEY);
  if (kept) root.dataset.theme = kept === "alternate" ? "dark" : "light";
} catch { }
const asked = new URLSearchParams(location.search);
if (asked.has("print-pdf")) root.dataset.theme = "light";

// -- formulas; in the notes as MathML, which the speaker's window shows without a style sheet
katex.__defineMacro("\u2060", "\\nobreak");      // where no line ends: tools/site_tex.py
katex.__defineMacro("\u2062", "{\\;#1\\;}");
for (const e of document.querySelectorAll(":is(div, span).math")) {
  katex.render(e.textContent, e, {
    displayMode: e.classList.contains("display"), throwOnError: false,
    output: e.closest(".notes") ? "mathml" : "htmlAndMathml",
  });
}

const portrait = matchMedia("(orientation: portrait) and (max-width: 700px)");

// -- what is on a slide becomes as large as there is room
const over = e => e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1;
function* sizes(from, to) { for (let s = from; s >= to; s -= 1) yield s; }

function setFormulas(body, all) {     // each on one line if it can be read there, else broken
  const tries = [["nowrap", 68, 30], ["normal", 44, 26]];
  for (const [space, from, to] of tries) for (const size of sizes(from, to)) {
    body.style.setProperty("--size", `${size}px`);
    body.style.setProperty("--space", space);
    if (over(body) || all.some(e => e.scrollWidth > e.clientWidth + 1)) continue;
    body.style.setProperty("--size", `${.98*size}px`);         // on another screen it is set wider
    return;
  }
}
function setWords(box) {              // code and lists
  for (const size of sizes(parseFloat(getComputedStyle(box).fontSize), 24)) {
    if (!over(box) && !over(box.closest(".body"))) return;
    box.style.fontSize = `${size}px`;
  }
}

// A living picture: its plots `above` numbers and controls, beside each other, or all of these
// `beside` the plots, or its `words` alone. The mark of its cell says which, and how wide it is
// before it is enlarged; a phone held upright shows all in one column.
const LAYOUT = new CSSStyleSheet();
LAYOUT.replaceSync(`@media screen {
  :host([data-layout=beside]) .live { display: flow-root; }
  :host([data-layout=beside]) .live > :is(.plot, .row) { float: left; clear: left; width: 58%; }
  :host([data-layout=beside]) .live > :not(.plot, .row) { margin-left: 61%; }
  :host([data-layout=words]) .live > :is(.plot, .controls, details) { display: none; }
  :host([data-layout=above]) .live { display: grid; grid-template-columns: 1fr 1fr; column-gap: 1.5rem; }
  :host([data-layout=above]) .live > :not(.plot) { grid-column: 1/-1; }
}`);
function enlarge(box) {
  const live = box.firstElementChild, shadow = live.shadowRoot;
  if (shadow && !shadow.adoptedStyleSheets.length) shadow.adoptedStyleSheets = [LAYOUT];
  live.dataset.layout = portrait.matches ? "column" : box.dataset.layout;
  live.style.width = `${portrait.matches ? 380 : box.dataset.width}px`;
  const scale = Math.min(box.clientWidth/live.offsetWidth, .99*box.clientHeight/live.offsetHeight);
  live.style.transform = `translateX(-50%) scale(${scale})`;
}
const watch = new ResizeObserver(seen => {
  for (const {target} of seen) if (target.offsetWidth) enlarge(target.closest(".live-box"));
});
for (const box of document.querySelectorAll(".live-box")) {
  watch.observe(box);
  watch.observe(box.firstElementChild);
}
function fit(slide) {
  const body = slide?.querySelector(".body");
  if (!body?.clientWidth) return;
  const formulas = [...body.querySelectorAll(".equation .math")];
  if (formulas.length) setFormulas(body, formulas);
  for (const box of body.querySelectorAll("pre, .list")) setWords(box);
}

// -- reveal.js
const page = () => portrait.matches ? {width: 720, height: 1280} : {width: 1280, height: 720};
const USED = "input, select, textarea, [role=slider]";           // they need the arrow keys
const PRESSED = "button, a[href], summary";                      // they need Enter and the space bar
function free(e) {
  const at = e.composedPath?.()[0];              // none if the key comes from the speaker's window
  if (!at?.matches) return true;
  return !at.matches(USED) && !(at.matches(PRESSED) && [" ", "Enter"].includes(e.key));
}
function print(notes) {
  const url = new URL(location);
  url.search = notes ? "?print-pdf&notes" : "?print-pdf";
  location.assign(url);
}
const settings = {
  ...page(), margin: 0, minScale: .1, maxScale: 4, center: false, display: "flex",
  hash: true, slideNumber: "c/t", transition: "none", backgroundTransition: "none",
  scrollActivationWidth: 0, pdfSeparateFragments: false, help: true,
  showNotes: asked.has("print-pdf") && asked.has("notes") ? "separate-page" : false,
  keyboardCondition: free, navigationMode: "linear", plugins: [RevealNotes],
};
const bind = (letter, description, press) =>
  Reveal.addKeyBinding({keyCode: letter.charCodeAt(0), key: letter, description}, press);
addEventListener("keydown", e => {
  if ((e.ctrlKey || e.metaKey) && e.key === "p" && !asked.has("print-pdf")) {
    e.preventDefault();
    print(false);
  }
});
portrait.addEventListener("change", () => { Reveal.configure(page()); fit(Reveal.getCurrentSlide()); });
Reveal.on("slidechanged", e => fit(e.currentSlide));
const paged = asked.has("print-pdf") ? new Promise(done => Reveal.on("pdf-ready", done)) : null;
Reveal.initialize(settings).then(() => paged).then(() => document.fonts.ready).then(() => {
  bind("D", "Light or dark", () => keep(dark() ? "light" : "dark"));
  bind("P", "Print; with Shift, the notes too", e => print(e?.shiftKey));
  if (paged) document.querySelectorAll(".slides section").forEach(fit);
  else fit(Reveal.getCurrentSlide());
  root.dataset.ready = "";
  if (paged && !asked.has("quiet")) window.print();
});
