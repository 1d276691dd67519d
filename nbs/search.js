// Search for the whole site, behind Quarto's box: Quarto asks a Fuse for what it shows, and this
// is that Fuse. What stands in a title comes first, lessons before the rest. A question may be
// asked in words: small ones ("why is my") are not looked for, and if no place has all the others,
// those come that have most of them, a rare word counting more. What is shown of a place is where
// its words stand. A page that was found shows them, without a change to its text.

const plain = text => text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "")
  .replace(/is(ation|ing|e[drs]?)\b/g, "iz$1").replace(/parametr/g, "parameter");

const SMALL = new Set(("a an and are as at be between by can do does did for from get how i if "
  + "in is it its me my of on or our should so that the there this to was we what when where "
  + "which who why will with would you your").split(" "));
const one = word => word.replace(/(?<=[^\W_]{4})(?<!s)s$/, "");          // gradients: gradient

export function wanted(query) {          // the words to look for; small ones only without others
  const words = query.split(/[\s?!,;]+/).filter(Boolean);
  const large = words.filter(word => !SMALL.has(word));
  return (large.length ? large : words).map(one);
}

const quoted = text => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
const begins = (text, word) =>
  new RegExp(`(^|[^\\p{L}\\p{N}])${quoted(word)}`, "u").test(text);

const found = (text, words) => [...text.matchAll(new RegExp(
  `(?<![\\p{L}\\p{N}&])(${words.map(quoted).join("|")})`, "giu"))];

const WINDOW = 180;                      // letters of a text that are seen, about two lines
export function closest(text, words) {   // where most of the words stand together: [how many, at]
  const hits = found(text, words).map(m => [m.index, m[1].toLowerCase()]);
  let best = [0, 0, 0];
  hits.forEach(([at], i) => {
    const seen = new Set();
    let long = 0;
    for (let j = i; j < hits.length && hits[j][0] < at + WINDOW; j++) {
      if (!seen.has(hits[j][1])) long = hits[j][0] - at;
      seen.add(hits[j][1]);
    }
    const more = seen.size - best[0];
    if (more > 0 || more === 0 && long < best[2]) best = [seen.size, at, long];
  });
  return best;
}

export function rank(doc, words, phrase) {     // smaller is better; null: not found
  const heads = `${doc.name} ${doc.section}`, all = `${heads} ${doc.text}`;
  if (!words.every(word => all.includes(word))) return null;
  if (doc.section === `(${phrase})`) return 1.2*doc.kind;       // an equation by its tag
  let where = 10;
  if (begins(heads, phrase)) where = doc.section ? 1 : .5;
  else if (begins(all, phrase)) where = 4;
  else if (words.every(word => begins(heads, word))) where = 5;
  else if (closest(doc.text, words)[0] === words.length) where = 6;
  else if (words.every(word => begins(all, word))) where = 7;
  return where + doc.kind + 3*(doc.section === "further reading");
}

function shown(item, words, phrase) {     // an item whose text begins where its words stand
  const text = item.text ?? "", [n, at] = closest(text, words);
  if (!n || text.toLowerCase().includes(phrase)) return item;       // a phrase is marked by Quarto
  const from = at < 60 ? 0 : text.indexOf(" ", at - 50) + 1;
  const to = Math.min(text.length, at + WINDOW + 40);
  let out = from ? "… " : "", last = from;
  for (const m of found(text, words).filter(m => m.index >= from && m.index < to - 20)) {
    const end = m.index + m[1].length;
    out += text.slice(last, m.index) + `<mark class='search-match'>${m[1]}</mark>`;
    last = end;
  }
  const rest = text.slice(last, to);
  return {...item, text: out + (to < text.length ? rest.replace(/\S*$/, "…") : rest)};
}

export class Index {
  constructor() { this.docs = []; }
  add(item) {
    const [name, section, text] = [item.title, item.section, item.text].map(t => plain(t ?? ""));
    this.docs.push({item, name, section, text, all: `${name} ${section} ${text}`,
      kind: item.kind ?? 0});
  }
  nearest(words) {                       // few places have all words: what has most of them
    const having = words.map(word => this.docs.filter(doc => begins(doc.all, word)));
    const weight = having.map(docs => docs.length && Math.log(2*this.docs.length/docs.length));
    const most = weight.reduce((a, b) => a + b, 0), shares = new Map();
    having.forEach((docs, i) => docs.forEach(doc =>
      shares.set(doc, (shares.get(doc) ?? 0) + weight[i]/most)));
    return [...shares].filter(([, share]) => share > .45).map(([doc, share]) =>
      [40 - 20*share + doc.kind - closest(doc.text, words)[0], doc]);
  }
  search(query, {limit = 50} = {}) {
    const phrase = plain(query).split(/\s+/).filter(Boolean).join(" "), words = wanted(phrase);
    if (!words.length) return [];
    const ranked = this.docs.map(doc => [rank(doc, words, phrase), doc])
      .filter(([r]) => r !== null);
    if (ranked.length < 4 && words.length > 1) {
      const had = new Set(ranked.map(([, doc]) => doc));
      ranked.push(...this.nearest(words).filter(([, doc]) => !had.has(doc)));
    }
    return ranked.sort((a, b) => a[0] - b[0]).slice(0, limit)
      .map(([, doc]) => ({item: shown(doc.item, words, phrase)}));
  }
}

// Quarto makes a second index of what was found when a search was slow, and asks that one for what
// is typed next: with words left out it may lack the answer, so there is one index for all
let whole;
class Whole extends Index {
  constructor() {
    super();
    return whole ??= this;
  }
  add({parts, ...item}) {                // a page with its parts, or one part
    for (const [anchor, section, text] of parts ?? []) {
      this.add({...item, href: item.href + (anchor && `#${anchor}`), section, text});
    }
    if (parts) return;
    this.known ??= new Set();
    if (!this.known.has(item.href)) super.add(item);
    this.known.add(item.href);
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
  const words = wanted(query.toLowerCase()).filter(word => word.length > 1);
  const found = words.flatMap(word => places(main, word));
  CSS.highlights.set("found", new Highlight(...found));
  if (location.hash || !found.length) return;
  found.find(r => r.startContainer.parentElement.checkVisibility())
    ?.startContainer.parentElement.scrollIntoView({block: "center"});
}

// what is known lies packed beside the pages (search.z): Quarto asks for search.json and gets that
const ask = globalThis.fetch;
async function unpacked(what, ...how) {
  const [, known] = /^(.*\bsearch\.)json$/.exec(what) ?? [];
  const answer = await ask(known ? `${known}z` : what, ...how);
  if (!known || !answer.ok) return answer;
  return new Response(answer.body.pipeThrough(new DecompressionStream("deflate")));
}

if (globalThis.document) {
  globalThis.Fuse = Whole;
  globalThis.fetch = unpacked;
  addEventListener("load", show);
  addEventListener("keydown", event => event.key === "Escape" && CSS.highlights?.delete("found"));
}
