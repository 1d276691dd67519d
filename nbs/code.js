// The colours of Python, given to a box of code when it comes near the view. They are highlights
// (CSS.highlights, site.scss), no markup: pages stay light, and what is copied is the code alone.
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

if (globalThis.CSS?.highlights) {
  const boxes = 'pre:is([class="sourceCode"], .python) > code';
  const near = new IntersectionObserver(entries => {
    for (const {isIntersecting, target} of entries) if (isIntersecting) paint(target);
  }, {rootMargin: "600px"});
  for (const box of document.querySelectorAll(boxes)) near.observe(box);
  // what is opened now may be filled just now (nbs/site.js)
  document.addEventListener("toggle", event => requestAnimationFrame(() =>
    event.target.querySelectorAll(boxes).forEach(box => box.checkVisibility() && paint(box))), true);
  addEventListener("beforeprint", () => document.querySelectorAll(boxes).forEach(paint));
}
