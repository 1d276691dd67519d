// What code gets in the browser, so that pages stay light and what is copied is the code alone: long
// lines that hang, and the colours of Python, given to a box when it comes near the view. Colours
// are highlights (CSS.highlights, site.scss), no markup.
const WORDS = new Set(("and as assert async await break case class continue def del elif else "
  + "except finally for from global if import in is lambda match nonlocal not or pass raise "
  + "return try while with yield").split(" "));
const KNOWN = new Set(("abs all any bool bytes callable chr dict dir divmod enumerate eval exec "
  + "filter float format frozenset getattr hasattr hash help id input int isinstance issubclass "
  + "iter len list map max min next object open ord pow print property range repr reversed round "
  + "set setattr slice sorted staticmethod str sum super tuple type vars zip").split(" "));
const TOKEN = new RegExp([
  /(?<note>#[^\n]*)/,
  /(?<text>[rbfu]{0,2}(?:"""[^]*?"""|'''[^]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))/,
  /(?<number>(?<![\w.])(?:0x[\da-f_]+|(?:\d[\d_]*\.?[\d_]*|\.\d+)(?:e[-+]?\d+)?j?))/,
  /(?<known>(?<=^[ \t]*)@[\w.]+)/, /(?<name>(?<![\p{L}\p{N}_.])[\p{L}_][\p{L}\p{N}_]*)/,
].map(part => part.source).join("|"), "gimu");

const DOC = /(?:^|:[ \t]*(?:#[^\n]*)?\n)[ \t]*$/;       // what stands before a docstring

export function colored(code) {          // [kind, from, to] of what has a colour; site.scss: code-…
  const found = [];
  for (const m of code.matchAll(TOKEN)) {
    const [kind, what] = Object.entries(m.groups).find(([, part]) => part !== undefined);
    const alone = kind === "text" && DOC.test(code.slice(0, m.index))
      && /^[ \t]*(?:#|\n|$)/.test(code.slice(m.index + what.length));
    const color = kind === "name" ? WORDS.has(what) ? "word" : KNOWN.has(what) && "known"
      : alone ? "note" : kind;
    if (color) found.push([color, m.index, m.index + what.length]);
  }
  return found;
}

// -- long lines: where the page is too narrow, they go on four letters deeper than they began
// (site.scss: u), a comment whole in its next line (cite), a number (i) and an option of a
// command unbroken at their signs
const LONG = 50;     // letters of a line that fit a narrow phone
const DEEP = 12;     // spaces before it that a phone shows whole; the rest are narrow there (s)
const escaped = text => text.replace(/[&<>]/g, sign => ({"&": "&amp;", "<": "&lt;", ">": "&gt;"})[sign]);
const unmarked = line => line.replace(/<[^>]*>/g, "").replace(/&\w+;/g, "&").trimEnd();

export function marked(code) {           // Python as HTML: comments and numbers with a sign
  let out = "", last = 0;
  for (const [kind, from, to] of colored(code)) {
    const what = code.slice(from, to);
    const tag = kind === "note" ? what[0] === "#" && "cite" : kind === "number" && /-/.test(what) && "i";
    if (!tag) continue;
    out += `${escaped(code.slice(last, from))}<${tag}>${escaped(what)}</${tag}>`;
    last = to;
  }
  return out + escaped(code.slice(last));
}

export const hanging = code => code.replace(/[^\n]+\n?/g, line => {
  const text = unmarked(line), deep = Math.max(text.search(/\S/), 0);
  if (text.length <= LONG) return line.replace(/<\/?cite>/g, "");
  const far = deep > DEEP && line.startsWith(" ".repeat(deep));
  const note = text[deep] === "#";       // alone on its line, it hangs by its sign
  if (note) line = line.replace(/<\/?cite>/g, "");
  const whole = line.replace(/(?<![\w-])--\w[\w-]*/g, '<span class="nobreak">$&</span>');
  const inside = far ? `${" ".repeat(DEEP)}<s>${" ".repeat(deep - DEEP)}</s>${whole.slice(deep)}` : whole;
  return `<u style="--i:${Math.min(deep, DEEP) + (note ? 2 : 4)}">${inside}</u>`;
});

function hang(box, python) {
  if (box.querySelector("u")) return;
  const code = python ? marked(box.textContent) : box.innerHTML, hung = hanging(code);
  if (hung.includes("<u ")) box.innerHTML = hung;
}

const done = new WeakSet();
function paint(box) {
  if (done.has(box) || !box.textContent) return;
  done.add(box);
  const walk = document.createTreeWalker(box, NodeFilter.SHOW_TEXT), ends = [], nodes = [];
  for (let node, end = 0; node = walk.nextNode();) {
    nodes.push(node);
    ends.push(end += node.length);
  }
  const place = (at, last) => {          // the node and the letter in it; `last`: of what ends there
    const i = ends.findIndex(end => last ? end >= at : end > at);
    return [nodes[i], at - (ends[i] - nodes[i].length)];
  };
  for (const [color, from, to] of colored(box.textContent)) {
    const range = new Range();
    range.setStart(...place(from, false));
    range.setEnd(...place(to, true));
    const name = `code-${color}`;
    CSS.highlights.get(name)?.add(range) ?? CSS.highlights.set(name, new Highlight(range));
  }
}

// -- buttons to copy code, for Quarto's script, which runs after this one
function copying() {
  for (const box of document.querySelectorAll("main div.sourceCode")) {
    if (box.querySelector(".code-copy-button")) continue;
    const button = document.createElement("button");
    Object.assign(button, {type: "button", title: "Copy to Clipboard"});
    button.className = "code-copy-button";
    button.append(Object.assign(document.createElement("i"), {className: "bi"}));
    box.append(button);
  }
}

// -- folded code, and the tables in an equation's mark, lie packed beside the page
// (tools/site_weight.py) and come when the page is there: nobody waits for what is folded, and
// what looks for words on the page finds it
async function packed(from) {
  try {
    const answer = await fetch(from);
    const plain = answer.body.pipeThrough(new DecompressionStream("deflate"));
    return answer.ok ? await new Response(plain).json() : null;
  } catch { return null; }
}

function absent() {                      // says what site.scss says where there are no scripts
  const note = document.createElement("p"), link = document.createElement("a");
  link.href = document.querySelector('footer a[href*="/blob/"]')?.href ?? "index.html";
  link.textContent = "This page’s notebook";
  note.append("What stands here could not be fetched. ", link, " has it.");
  return note;
}

function folded(text) {                  // a box of code
  const box = Object.assign(document.createElement("div"), {className: "sourceCode"});
  box.innerHTML = '<pre class="sourceCode"><code></code></pre>';
  box.querySelector("code").textContent = text;
  hang(box.querySelector("code"), true);
  return box;
}

function held(tables) {                  // tables with formulas, set as Quarto sets them
  const part = Object.assign(document.createElement("div"), {className: "held-tables"});
  part.innerHTML = tables;
  for (const e of part.querySelectorAll(".math:not(.display)")) e.classList.add("inline");
  globalThis.Quarto?.typesetMath?.(part);
  for (const e of part.querySelectorAll("annotation")) {
    e.textContent = e.textContent.replace(/[\u2060\u2062]/g, "");
  }
  return part;
}

async function fill() {
  const empty = [...document.querySelectorAll(".packed")];
  const parts = empty.length && await packed(empty[0].dataset.from);
  for (const [i, place] of empty.entries()) {
    const part = !parts ? absent() : (place.matches("code") ? folded : held)(parts[i]);
    place.replaceWith(part);
    const code = globalThis.CSS?.highlights && part.querySelector("pre > code");
    if (code?.checkVisibility()) paint(code);
  }
  copying();
}
let whole;
const unpack = () => whole ??= fill();

// -- who asks for paper before all of that has come gets it when it has
async function printing(event) {
  const asked = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "p";
  if (!asked || event.shiftKey || event.altKey || !document.querySelector(".packed")) return;
  event.preventDefault();
  if (document.readyState !== "complete") {
    await new Promise(done => addEventListener("load", done, {once: true}));
  }
  await unpack();
  print();
}

const boxes = 'pre:is([class="sourceCode"], .python) > code';
if (globalThis.document) {
  for (const box of document.querySelectorAll("pre.sourceCode > code")) {
    hang(box, box.matches(boxes));
  }
  copying();
  addEventListener("load", unpack);
  addEventListener("keydown", printing);
}
if (globalThis.CSS?.highlights) {
  const near = new IntersectionObserver(entries => {
    for (const {isIntersecting, target} of entries) if (isIntersecting) paint(target);
  }, {rootMargin: "600px"});
  for (const box of document.querySelectorAll(boxes)) near.observe(box);
  // what is opened now may be filled just now (nbs/site.js)
  document.addEventListener("toggle", event => requestAnimationFrame(() =>
    event.target.querySelectorAll(boxes).forEach(box => box.checkVisibility() && paint(box))), true);
  addEventListener("beforeprint", () => document.querySelectorAll(boxes).forEach(paint));
}

