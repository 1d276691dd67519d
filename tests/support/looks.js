// What can be seen to be wrong on a page, as it lies in the browser at this moment. Every look
// gives a list of words, one entry for each fault, and an empty list where there is none.
window.looks = (() => {
  const all = (css, root = document) => [...root.querySelectorAll(css)];
  const main = () => document.querySelector("main") ?? document.body;
  const words = (e, n = 50) => e.textContent.replace(/[\u200b\s]+/g, " ").trim().slice(0, n);
  const named = e => e.tagName.toLowerCase() + (e.id ? `#${e.id}` : "")
    + [...e.classList].slice(0, 2).map(c => `.${c}`).join("");
  const shown = e => e.checkVisibility({visibilityProperty: true}) && e.getClientRects().length > 0;
  const across = e => getComputedStyle(e).overflowX;
  const wide = () => document.documentElement.clientWidth;

  function above(e, test) {                        // the nearest ancestor of which this holds
    for (let p = e.parentElement; p && p !== document.body; p = p.parentElement)
      if (test(p)) return p;
    return null;
  }

  function* texts(root, skip) {                    // its pieces of text that have something in them
    const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const n = walk.currentNode;
      if (/[^\s\u200b]/.test(n.data) && !(skip && n.parentElement.closest(skip))) yield n;
    }
  }

  function rects(node, from = 0, to = node.length) {
    const r = document.createRange();
    r.setStart(node, from);
    r.setEnd(node, to);
    return [...r.getClientRects()].filter(b => b.width > .1 && b.height > .1);
  }

  function clipped(e) {                            // what its scrolling boxes leave to be seen of it
    let left = -Infinity, right = Infinity;
    for (let p = e; p && p !== document.body; p = p.parentElement) {
      if (across(p) === "visible") continue;
      const c = p.getBoundingClientRect();
      [left, right] = [Math.max(left, c.left), Math.min(right, c.right)];
    }
    return b => ({left: Math.max(b.left, left), right: Math.min(b.right, right),
                  top: b.top, bottom: b.bottom});
  }

  function inked(root, skip) {
    const part = clipped(root);
    return [...texts(root, skip)].flatMap(n => rects(n).map(part)).filter(b => b.right - b.left > .5);
  }

  // ------------------------------------------------------------------------------- equations
  // A tag stands beside or below its formula, whole and on the page.
  function tags() {
    const faults = [];
    for (const tag of all(".equation-tag, .katex-display .katex-tag, .katex-display .tag")) {
      if (!shown(tag)) continue;
      const block = tag.closest(".equation, .katex-display"), mine = inked(tag);
      const others = block ? all(".katex-html", block).flatMap(h =>
        inked(h, ".katex-tag, .tag, .equation-tag")) : [];
      const near = (a, b) => Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2
        && a.left - b.right < 6 && b.left - a.right < 6;
      if (!mine.length) faults.push(`${words(tag)} is hidden`);
      else if (mine.some(b => b.left < 0 || b.right > wide() + 1))
        faults.push(`${words(tag)} is off the page`);
      else if (mine.some(a => others.some(b => near(a, b)))) faults.push(words(tag));
    }
    return faults;
  }

  function formulas() {
    const failed = all(".katex-error").map(e => `fails: ${words(e)}`);
    const unset = all("span.math").filter(e => shown(e) && !e.querySelector(".katex, math"));
    return [...failed, ...unset.map(e => `not set: ${words(e)}`)];
  }

  // ------------------------------------------------------------------------------- room
  // Nothing reaches beyond the right edge unless its own box scrolls.
  function sideways() {
    const apart = e => getComputedStyle(e).position === "fixed";
    const held = e => across(e) !== "visible" || apart(e);
    const faults = [];
    for (const e of all("body *")) {
      const b = e.getBoundingClientRect();
      if (b.right <= wide() + 1 || b.width < 1 || b.height < 1) continue;
      if (!shown(e) || apart(e) || above(e, held) || faults.some(f => f.contains(e))) continue;
      faults.push(e);
    }
    const found = faults.slice(0, 5).map(e => `${named(e)} ${words(e)}`);
    const by = document.documentElement.scrollWidth - wide();
    return found.length || by <= 1 ? found : [`the page, by ${by} px`];
  }

  const over = e => e.scrollWidth > e.clientWidth + 2;

  // Code that is wider than its box; `scrolls`: where that is no fault as long as the box scrolls.
  function cut(scrolls) {
    const moves = e => /auto|scroll/.test(across(e));
    const held = e => moves(e) || above(e, p => moves(p) && p.tagName !== "MAIN");
    const bad = all("pre", main()).filter(e => shown(e) && over(e) && !(scrolls && held(e)));
    return bad.map(e => `${words(e, 40)}… by ${e.scrollWidth - e.clientWidth} px`);
  }

  // On paper nothing scrolls: what is wider than its box is lost, and so is what leaves the sheet.
  function lost() {
    const boxes = all("pre, table, .equation-math, .katex-display, img, svg", main());
    const bad = boxes.filter(e => shown(e) && !e.closest(".visually-hidden") &&
      (across(e) !== "visible" && over(e) || !above(e, p => p.tagName === "svg") &&
        e.getBoundingClientRect().right > wide() + 1));
    return bad.map(e => `${named(e)} ${words(e, 40)}`);
  }

  // Words of letters that a table's column breaks in two.
  function broken() {
    const faults = [];
    for (const cell of all("td, th", main())) {
      if (!shown(cell) || getComputedStyle(cell).hyphens === "auto") continue;
      for (const n of texts(cell, ".katex, pre"))
        for (const m of n.data.matchAll(/\p{L}{2,}/gu)) {
          const b = rects(n, m.index, m.index + m[0].length);
          if (b.length > 1 && b.at(-1).top > b[0].top + 3) faults.push(m[0]);
        }
    }
    return faults;
  }

  // A comma or a full stop alone at the start of a line, torn from what stands before it.
  function lone() {
    const faults = [];
    for (const n of texts(main(), ".katex, pre, svg, .math:not(:has(.katex))")) {
      if (!/^[,.;:)!?…]/.test(n.data)) continue;
      const before = n.previousSibling;
      if (before?.nodeType !== 1 || !shown(before)) continue;
      const inner = before.matches(".math") ? before.querySelector(".katex-html") : null;
      const [mark] = rects(n, 0, 1), last = [...(inner ?? before).getClientRects()].at(-1);
      if (mark && last && mark.top > last.bottom - 2)
        faults.push(`${words(before, 25)} | ${n.data.slice(0, 12)}`);
    }
    return faults;
  }

  // ------------------------------------------------------------------------------- text
  const CODE = "pre, code, script, style, .katex, math, .math, annotation, textarea, svg";
  const RAW = [
    /(^|\n)\s*:::/, /\{#/, /^#\|/m, /\$\$/, /\$[^$\s][^$]*\$/, /\\[a-zA-Z]{3,}/,
    /\*\*[^*\s][^*]*\*\*/,
    /`[^`]+`/, /\]\([^)]*\)/, /<\/?(details|summary|div|span|img|p|a)\b/, /\{=html\}/, /&[a-z]+;/,
  ];
  function raw() {
    const at = n => RAW.map(r => n.data.search(r)).find(i => i >= 0);
    const bad = [...texts(main(), CODE)].filter(n => at(n) !== undefined);
    return bad.map(n => n.data.slice(Math.max(0, at(n) - 20), at(n) + 50).trim());
  }

  const REPR = /^\s*\w+\([^)]*\w+\s*=|^<.*>$|\bobject at 0x|^\w+\(id=/;
  const STUFF = `p, li, pre, table, img, svg, canvas, form, details, dl, blockquote, figure,
    iframe, .katex, .equation, .cell, .vaegan-living`;

  function headings() {
    const heads = "h1, h2, h3, h4, h5, h6", faults = [];
    const full = e => shown(e) && (e.matches("img, svg, canvas, form, figure, iframe")
      || !/^(\[?source\]?)?$/i.test(words(e)));
    let open = null;                               // a heading under which nothing has come yet
    const level = e => +e.tagName[1], empty = e => faults.push(`nothing under: ${words(e)}`);
    for (const e of all(`${heads}, ${STUFF}`, main())) {
      if (!e.matches(heads)) {
        if (open && !e.closest(heads) && full(e)) open = null;
        continue;
      }
      if (!shown(e)) continue;
      if (open && level(e) <= level(open)) empty(open);
      open = e;
      if (!words(e)) faults.push("a heading without words");
      if (REPR.test(words(e))) faults.push(`code as a heading: ${words(e)}`);
    }
    if (open) empty(open);
    return faults;
  }

  function early() {                               // lines of code on the way to the first idea
    const first = main().querySelector("h2");
    const before = e => first && e.compareDocumentPosition(first) & 4;    // it follows
    return all("pre.sourceCode", main()).filter(e => before(e) && shown(e))
      .map(e => words(e, 40));
  }

  // ------------------------------------------------------------------------------- names, ids
  const spoken = e => e.getAttribute("aria-label")?.trim() || e.getAttribute("title")?.trim()
    || (e.getAttribute("aria-labelledby") ?? "").split(/\s+/).map(i =>
      i && document.getElementById(i)?.textContent).join("").trim();
  const decorative = e => /none|presentation/.test(e.getAttribute("role"))
    || e.closest("[aria-hidden=true]");

  function names() {
    const nameless = [];
    for (const e of document.images) if (!e.alt.trim() && !spoken(e) && !decorative(e))
      nameless.push(`img ${e.src.split("/").at(-1).slice(0, 40)}`);
    for (const e of all("svg[role=img], figure svg")) {
      if (above(e, p => p.tagName === "svg") || decorative(e)) continue;
      if (!spoken(e) && !e.querySelector("title")?.textContent.trim()) nameless.push(named(e));
    }
    for (const e of all("a[href], button, summary")) {
      const inner = words(e) || all("img", e).map(i => i.alt).join("").trim();
      if (!inner && !spoken(e) && !decorative(e))
        nameless.push(`${named(e)} ${e.getAttribute("href") ?? ""}`);
    }
    return nameless;
  }

  function images() {
    const broken = [...document.images].filter(i => i.complete && !i.naturalWidth);
    return broken.map(i => i.src.slice(0, 80).split("/").at(-1));
  }

  function ids() {
    const seen = new Set(), twice = new Set(), inside = e => above(e, p => p.tagName === "svg");
    for (const {id} of all("body [id]")) seen.has(id) ? twice.add(id) : seen.add(id);
    const gone = all("a[href^='#']").map(a => decodeURIComponent(a.getAttribute("href").slice(1)))
      .filter(i => i && !seen.has(i) && !document.getElementsByName(i).length);
    const uses = all("use").filter(u => inside(u) && u.href.baseVal.startsWith("#")
      && !seen.has(u.href.baseVal.slice(1))).map(u => u.href.baseVal);
    return [...[...twice].map(i => `twice: ${i}`), ...[...gone, ...uses].map(i => `gone: ${i}`)];
  }

  // ------------------------------------------------------------------------------- light, dark
  function lightness(color) {
    const v = color.match(/[\d.]+/g).map(Number), s = color.startsWith("rgb") ? 1 : 255;
    return v[3] === 0 ? 255 : s*(.3*v[0] + .6*v[1] + .1*v[2]);
  }
  const ground = () => lightness(getComputedStyle(document.body).backgroundColor);

  function stored() {                              // pictures that the page itself holds twice
    const seen = new Set(), twice = [];
    for (const {src} of document.images)
      if (src.startsWith("data:") && src.length > 3000) {
        if (seen.has(src)) twice.push(src.slice(0, 40));
        seen.add(src);
      }
    return twice;
  }

  // Make a long page quick to look through for axe, which would take all colours of all letters: a
  // formula becomes a box of its size, and of the words in code that look alike some stay.
  function thin() {
    const boxes = all(".katex").map(e => [e, e.getBoundingClientRect()]);
    for (const [e, b] of boxes) {
      const box = document.createElement("span");
      box.style.cssText = `display: inline-block; width: ${b.width}px; height: ${b.height}px`;
      box.textContent = "x";
      e.replaceWith(box);
    }
    const met = {};
    for (const e of all("pre code span[class]")) {
      const look = getComputedStyle(e).color + e.className;
      met[look] = (met[look] ?? 0) + 1;
      if (met[look] > 4 && !e.querySelector("[id], a")) e.replaceWith(e.textContent);
    }
  }

  const looks = {tags, formulas, sideways, cut, lost, broken, lone, raw, headings, early, names,
    images, ids, stored};
  return {...looks, ground, shown, words, all, main, thin,
    open(yes = true) { for (const d of all("details")) d.open = yes; },
    see(names) { return Object.fromEntries(names.map(n => [n, looks[n]()])); }};
})();
