// Search for the whole site, behind Quarto's box: Quarto asks a Fuse for what it shows, and this
// is that Fuse. What stands in a title comes first, lessons before the rest. A question may be
// asked in words: small ones ("why is my") are not looked for, those come first that speak most of
// the others, a rare word counting more, and few may be missing. What others call it is known
// (FID), a Greek letter by its name, and a mistyped word is taken for its neighbour. What is shown
// of a place is where its words stand. A page that was found shows them, its text unchanged. Where
// nothing is found, it says what can be, and where all chapters are.

const GREEK = Object.fromEntries(("alpha beta gamma delta epsilon zeta eta theta iota kappa lambda "
  + "mu nu xi omicron pi rho - sigma tau upsilon phi chi psi omega").split(" ")
  .map((name, i) => [String.fromCharCode(0x3b1 + i), name]));
const plain = text => text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "")
  .replace(/[α-ω]/g, letter => GREEK[letter])
  .replace(/[_\u2010-\u2015]/g, "-").replace(/’/g, "'")
  .replace(/is(ation|ing|e[drs]?)\b/g, "iz$1").replace(/parametr/g, "parameter");

const apart = text => text.replaceAll("-", " ");

const CALLED = Object.entries({          // what others call it: what the course calls it
  fid: "frechet", jsd: "jensen-shannon", ddpm: "diffusion", ddim: "diffusion",
  "kl annealing": "warm-up", "kl warmup": "warm-up", "vanishing gradient": "saturating loss",
  cvae: "asking for a class", cgan: "asking for a class", "conditional gan": "asking for a class",
  gpu: "graphics card", cuda: "graphics card", "beta-vae": "what does beta do",
  "check my code": "is my code right", "debug my code": "is my code right",
  "loss goes up": "is my code right", "loss rises": "is my code right",
  "loss increasing": "is my code right", "not learn": "is my code right",
  "own dataset": "your own images", "own data": "your own images", "custom data": "your own images",
  "stable diffusion": "first stage", "vq-vae": "a code from a list", checkpoint: "a run is kept",
  "adversarial autoencoder": "the hybrid", "perceptual loss": "the hybrid", nash: "equilibrium",
  "cheat sheet": "notation", "list of functions": "the library", documentation: "the library",
  "api reference": "the library", blurry: "ask for blur", "vae loss": "is the loss really",
  "gan loss": "what does each player descend", architecture: "the four networks",
  "discriminator too strong": "keep d gentle", "discriminator accuracy": "keep d gentle",
  "em algorithm": "what does raising the bound do", disentangled: "what does beta do",
  "expectation maximization": "what does raising the bound do", inpainting: "what stood here",
  "missing pixels": "what stood here", disentanglement: "what does beta do",
  "semi-supervised": "how many labels are needed", "continuous bernoulli": "continuousbernoulli",
  "30 minutes": "the thirty-minute path", "where to start": "the thirty-minute path",
  prerequisites: "the thirty-minute path", colab: "take it home", install: "take it home",
}).map(([name, called]) => [apart(plain(name)), plain(called)]);

const SMALL = new Set(("a an and are as at be between by can can't do does doesn't did don't for"
  + " from get how i if in is isn't it its me my of on or our should so that the there this to was"
  + " we what when where which who why will with would you your explained pytorch"
  + " tutorial").split(" "));
const ENDING = /(?<=[^\W_]{3})'s$|(?<=[^\W_]{4})(?:(?<!s)s|ing|ed|y)$/;
const one = word => word.replace(ENDING, "");    // gradients: gradient

export function wanted(query) {          // the words to look for; small ones only without others
  const words = query.split(/[\s?!,;]+/).filter(Boolean);
  const large = words.filter(word => !SMALL.has(word));
  return (large.length ? large : words).map(one);
}

const quoted = text => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
const begins = (text, word, end = "") =>
  new RegExp(`(^|[^\\p{L}\\p{N}])${quoted(word)}${end}`, "u").test(text);
const often = (text, word) =>
  text.match(new RegExp(`(?<![\\p{L}\\p{N}])${quoted(word)}`, "gu"))?.length ?? 0;
const MOST = 3;     // ranks that a place may win by speaking of nothing else
const WHOLE = "s?(?![\\p{L}\\p{N}])";     // an exam is no example

const spelt = word => quoted(word).replaceAll("-", "[-_\u2010-\u2015]").replaceAll("'", "['’]");
const found = (text, words) => [...text.matchAll(
  new RegExp(`(?<![\\p{L}\\p{N}&])(${words.map(spelt).join("|")})`, "giu"))];

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

const aside = doc => doc.section === plain("exercises") ? 3      // lists, which only mention things
  : 5*(doc.section === "further reading" || doc.name === "references" && doc.section !== "");

export function rank(doc, words, phrase) {     // smaller is better; null: not found
  const heads = `${doc.name} ${doc.section}`, all = `${heads} ${doc.text}`;
  if (!words.every(word => all.includes(word))) return null;
  if (doc.section === `(${phrase})`) return 1.2*doc.kind - 5;     // an equation by its tag
  let where = 10;
  const called = [phrase, `the ${phrase}`].includes(doc.name) || doc.name.endsWith(`(${phrase})`);
  if (!doc.section && called) where = -2;                       // a page by its name or module
  else if (begins(heads, phrase, WHOLE)) where = doc.section ? 1 : .3;
  else if (begins(heads, phrase)) where = 2.7;
  else if (words.length > 2 && words.filter(word => !begins(doc.name, word)).length < 2) {
    where = 2.8;
  }
  else if (words.every(word => /^\D/.test(word) && begins(heads, word))) where = 2.8;
  else if (begins(all, phrase)) where = 4;
  else if (closest(doc.text, words)[0] === words.length) where = 6;
  else if (words.every(word => begins(all, word))) where = 7;
  return where + doc.kind + aside(doc);
}

function near(a, b) {                    // one letter more, less, other, or two in turn
  if (Math.abs(a.length - b.length) > 1) return false;
  let i = 0, j = 0;
  while (i < a.length && a[i] === b[i]) i++;
  while (j < a.length - i && j < b.length - i && a.at(-1 - j) === b.at(-1 - j)) j++;
  const [x, y] = [a.slice(i, a.length - j), b.slice(i, b.length - j)];
  return x.length < 2 && y.length < 2 || x.length === 2 && x === [...y].reverse().join("");
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
  weights(words) {                       // how much each place has of the words, from 0 to 1: rare
    const long = this.docs.reduce((sum, doc) => sum + doc.text.length, 1)/this.docs.length;
    const sum = numbers => numbers.reduce((a, b) => a + b, 0);     // ones, headings count more
    const hits = words.map(word => this.docs.map(doc =>
      4*often(doc.section, word) + 2*often(doc.name, word) + often(doc.text, word)));
    const rare = hits.map(has => has.some(Boolean)      // a word that stands nowhere is not missed
      ? Math.log(1 + this.docs.length/has.filter(Boolean).length) : 0);
    return this.docs.map((doc, i) => {
      const soft = .5 + .7*doc.text.length/long, share = hit => hit[i]/(hit[i] + soft);
      return {speaks: sum(hits.map((hit, j) => rare[j]*share(hit)))/(sum(rare) || 1),
        has: sum(hits.map((hit, j) => hit[i] ? rare[j] : 0))/(sum(rare) || 1)};
    });
  }
  meant(phrase) {                        // a mistyped word as the most frequent that is near it
    const often = new Map();
    for (const doc of this.docs) for (const word of doc.all.match(/\p{L}{5,}/gu) ?? []) {
      often.set(word, (often.get(word) ?? 0) + 1);
    }
    const all = [...often].sort((a, b) => b[1] - a[1]).map(([word]) => word);
    return phrase.replace(/\p{L}{5,}/gu, word => all.some(known => known.startsWith(one(word)))
      ? word : all.find(known => near(word, known)) ?? word);
  }
  search(query, options = {}) {
    const phrase = plain(query).replace(/[?!,;]+(?=\s|$)/g, "").split(/\s+/).filter(Boolean)
      .join(" ");
    const [, called] = CALLED.find(([name]) => begins(apart(phrase), name, WHOLE)) ?? [];
    const places = [called, phrase].flatMap(words => words ? this.places(words, options) : []);
    const all = new Map();
    for (const place of places) if (!all.has(place.item.href)) all.set(place.item.href, place);
    if (all.size) return [...all.values()];
    const meant = this.meant(phrase);
    return meant === phrase ? [] : this.places(meant, options);
  }
  places(phrase, {limit = 50} = {}) {
    const words = wanted(phrase);
    if (!words.length) return [];
    const large = phrase.split(" ").filter(word => !SMALL.has(word)).join(" ");
    const weights = this.weights(words), ranks = this.docs.map(doc => {
      const r = rank(doc, words, phrase);        // "what is a GAN" asks for "GAN", too
      return r === null || !large || large === phrase ? r : Math.min(r, rank(doc, words, large));
    });
    const least = ranks.filter(r => r !== null).length < 4 ? .45 : .7;
    const ranked = this.docs.map((doc, i) => {
      const {speaks, has} = weights[i];
      const part = 8 + 14*(1 - has) + doc.kind + aside(doc);
      const where = ranks[i] ?? (words.length > 1 && has > least ? part : null);
      return [where === null ? null : where - MOST*speaks, doc];
    }).filter(([r]) => r !== null);
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
  search(query, options) {
    const found = super.search(query, options);
    return found.length || !query.trim() ? found : [NOTHING];
  }
}

const NOTHING = {item: {href: "index.html#the-chapters", title: "Nothing has these words",
  section: "All chapters, in their order", text: "What can be found: words of lessons, exercises "
  + "and workshop (mode collapse), names of the library (vae_step), tags of equations (ELBO), "
  + "letters by name (beta). Not code, and no answers."}};

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
