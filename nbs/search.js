// Search for the whole site, behind Quarto's box: Quarto asks a Fuse for what it shows, and this
// is that Fuse. All words must occur; what stands in a title comes first, lessons before the rest.
// A page that was found shows the words, without a change to its text: formulas stay whole.

const plain = text => text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "")
  .replace(/is(ation|ing|e[drs]?)\b/g, "iz$1").replace(/parametr/g, "parameter");

const quoted = text => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
const begins = (text, word) =>
  new RegExp(`(^|[^\\p{L}\\p{N}])${quoted(word)}`, "u").test(text);

export function rank(found, words) {     // smaller is better; null: not found
  const heads = `${found.name} ${found.section}`, all = `${heads} ${found.text}`;
  if (!words.every(word => all.includes(word))) return null;
  const phrase = words.join(" ");
  if (found.section === `(${phrase})`) return 1.2*found.kind;       // an equation by its tag
  let where = 10;
  if (begins(heads, phrase)) where = found.section ? 1 : .5;
  else if (begins(all, phrase)) where = 4;
  else if (words.every(word => begins(heads, word))) where = 5;
  else if (words.every(word => begins(all, word))) where = 7;
  return where + found.kind;
}

export class Index {
  constructor() { this.docs = []; }
  add(item) {
    const [name, section, text] = [item.title, item.section, item.text].map(t => plain(t ?? ""));
    this.docs.push({item, name, section, text, kind: item.kind ?? 0});
  }
  search(query, {limit = 50} = {}) {
    const words = plain(query).split(/\s+/).filter(Boolean);
    if (!words.length) return [];
    return this.docs.map(found => [rank(found, words), found]).filter(([r]) => r !== null)
      .sort((a, b) => a[0] - b[0]).slice(0, limit).map(([, found]) => ({item: found.item}));
  }
}

// -- the words on the page that was found
const SKIP = ".katex, .math, script, style, svg, .visually-hidden";

export function places(root, word) {     // ranges of a word in what is seen of the text
  const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT), found = [];
  for (let node; node = walk.nextNode();) {
    const text = node.data.toLowerCase();
    if (!text.includes(word) || node.parentElement.closest(SKIP)) continue;
    for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
      const range = new Range();
      range.setStart(node, at);
      range.setEnd(node, at + word.length);
      found.push(range);
    }
  }
  return found;
}

function show() {
  const query = document.documentElement.dataset.q, main = document.querySelector("main");
  if (!query || !main || !globalThis.Highlight) return;
  const words = query.toLowerCase().split(/\s+/).filter(word => word.length > 1);
  const found = words.flatMap(word => places(main, word));
  CSS.highlights.set("found", new Highlight(...found));
  if (location.hash || !found.length) return;
  found.find(r => r.startContainer.parentElement.checkVisibility())
    ?.startContainer.parentElement.scrollIntoView({block: "center"});
}

if (globalThis.document) {
  globalThis.Fuse = Index;
  addEventListener("load", show);
  addEventListener("keydown", event => event.key === "Escape" && CSS.highlights?.delete("found"));
}
