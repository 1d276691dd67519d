// Break this equation: the reader edits the LaTeX of a famous display, and sees where it departs
// from the truth. A small reader of formulas, enough for these five and for mistakes in them: what
// it reads is what vaegan.formula reads, and a test compares the two on all wrong versions.
import {button, clamp, el, fixed, handle, linspace, normalPdf, picture, plot, set,
        slider} from "./base.js";

// ------------------------------------------------------------------------------------ reading
export class FormulaError extends Error {
  constructor(what, at) { super(what); this.at = at; }
}

const NAMES = {varepsilon: "eps", epsilon: "eps", varphi: "phi", lambda: "lam"};
const LETTERS = ("alpha beta gamma delta epsilon varepsilon theta lambda mu pi rho sigma tau phi "
  + "varphi psi omega ell").split(" ");
const RELATIONS = {"=": "=", "\\le": "≤", "\\leq": "≤", "\\ge": "≥", "\\geq": "≥", "<": "<",
                   ">": ">", "\\lt": "<", "\\gt": ">"};
const LOOKS = /^\\(mathbf|mathrm|mathcal|mathbb|boldsymbol|operatorname|text)$/;
const UNSEEN = /^\\([bB]igg?[lrm]?|left|right|displaystyle|!|limits)$/;
const GAPS = /^\\([,;: ]|quad|qquad)$/;
const BARS = {"|": "|", "\\mid": "|", "\\vert": "|", "\\|": "||", "\\Vert": "||",
              "\\parallel": "||"};
const WORDS = ["log", "ln", "exp", "sqrt"];

function tokens(tex) {
  const all = [], find = /\\[a-zA-Z]+|\\.|\d+\.?\d*|\.\d+|\S/gs;
  for (const m of tex.matchAll(find)) {
    if (UNSEEN.test(m[0])) continue;
    all.push({s: m[0], at: [m.index, m.index + m[0].length]});
  }
  return [...all, {s: "", at: [tex.length, tex.length]}];
}

// The statements of a display: [{sides, ops}], a side a tree of {kind, …, text, at}.
export function read(tex) {
  const all = tokens(tex);
  let i = 0;
  const now = () => all[i].s, next = () => all[i++];
  const here = a => [a, all[Math.max(0, i - 1)].at[1]];
  const fail = (what, at = all[i].at) => { throw new FormulaError(what, at); };
  const expect = s => now() === s ? next() : fail(`expected ${s}`);
  const gap = () => GAPS.test(now());
  const closes = () => !now() || now() in RELATIONS || now() in BARS
    || [")", "]", "}", ",", ";", "&", "\\qquad", "\\quad"].includes(now());

  function group() {                                          // {…}, or the next letter alone
    if (now() !== "{") return bare();
    next();
    const side = sum();
    expect("}");
    return side;
  }
  function bare() {                                           // the 1 and the 2 of \tfrac12
    const {s, at} = all[i];
    if (/^\\[td]?frac$/.test(s)) return atom();
    if (s === "\\partial") return {kind: "letter", text: next() && "∂", at};
    if (!/^\d/.test(s)) return {kind: "letter", text: name(), at};
    if (s.length > 1) all[i] = {s: s.slice(1), at: [at[0] + 1, at[1]]};
    else next();
    return {kind: "number", value: +s[0], text: s[0], at: [at[0], at[0] + 1]};
  }
  function raw() {                                            // what hangs below, as plain text
    if (now() !== "{") return bare().text;
    next();
    const [parts, seps] = list("}");
    return parts.map((p, k) => p.text + (seps[k] ?? "")).join("");
  }
  function list(close) {                                      // a | b, c up to a bracket
    const parts = [sum()], seps = [];
    while (now() !== close) {
      while (gap()) next();
      if (now() === close) break;
      if (!(now() in BARS) && now() !== "," && now() !== ";") fail(`expected ${close}`);
      const s = next().s;
      seps.push(BARS[s] ?? s);
      parts.push(sum());
    }
    next();
    return [parts, seps];
  }
  function sum() {
    const start = all[i].at[0], terms = [];
    while (gap()) next();
    let sign = 1;
    if (now() === "-" || now() === "+") sign = next().s === "-" ? -1 : 1;
    for (;;) {
      terms.push([sign, product()]);
      if (now() !== "+" && now() !== "-") break;
      sign = next().s === "-" ? -1 : 1;
    }
    if (terms.length === 1 && terms[0][0] === 1) return terms[0][1];
    const text = terms.map(([s, t], k) => (s < 0 ? "-" : k ? "+" : "") + t.text).join("");
    return {kind: "sum", terms, text, at: here(start)};
  }
  const spaces = () => {                                      // thin: joins; wide: parts
    while (gap() && !["\\quad", "\\qquad"].includes(now())) next();
    if (now() === "\\cdot" || now() === "\\times") next();
  };
  function product(reach = false) {                           // `reach`: what a word reaches to
    const start = all[i].at[0], factors = [];
    for (;;) {
      if (!reach) spaces();
      if (reach && factors.length && (gap() || WORDS.includes(now().slice(1)))) break;
      if (closes() || now() === "+" || now() === "-") break;
      const f = power();
      factors.push(f);
      if (reach && f.kind === "fence" && factors.length === 1) break;
    }
    if (!factors.length) fail(now() ? `nothing before ${now()}` : "something is missing here");
    if (factors.length === 1) return factors[0];
    if (factors[0].kind === "derivative" && !factors[0].of) {
      const rest = factors.slice(1), body = rest.length > 1
        ? {kind: "product", factors: rest, text: rest.map(f => f.text).join(" "),
           at: [rest[0].at[0], here(start)[1]]} : rest[0];
      return {...factors[0], of: body, at: here(start)};
    }
    const text = factors.map(f => f.text).join(" ");
    return {kind: "product", factors, text, at: here(start)};
  }
  function power() {
    const start = all[i].at[0], base = atom();
    if (now() !== "^") return base;
    next();
    const up = group();
    return {kind: "power", base, up, text: `${base.text}^${up.text}`, at: here(start)};
  }
  function derivative(start, bottom) {                        // ∂/∂μ
    const m = /^∂ ?(.+)$/.exec(bottom.text);
    if (!m) fail("a derivative by what?", here(start));
    return {kind: "derivative", by: m[1], of: null, text: `d/d${m[1]}`, at: here(start)};
  }
  function atom() {
    const start = all[i].at[0], s = now();
    if (!s) fail("something is missing here");
    if (/^[\d.]/.test(s) && s !== ".") {
      return {kind: "number", value: +next().s, text: s, at: here(start)};
    }
    if (s === "(" || s === "[" || s === "{") {
      next();
      const [parts, seps] = list({"(": ")", "[": "]", "{": "}"}[s]);
      if (parts.length > 1) fail("several things in brackets", here(start));
      if (s === "{") return parts[0];
      return {kind: "fence", body: parts[0], seps, text: `(${parts[0].text})`, at: here(start)};
    }
    if (/^\\[td]?frac$/.test(s)) {
      next();
      const top = group(), bottom = group();
      if (top.text === "∂") return derivative(start, bottom);
      return {kind: "quotient", top, bottom, text: `${top.text}/${bottom.text}`, at: here(start)};
    }
    if (s === "\\partial") return {kind: "letter", text: next() && "∂", at: here(start)};
    const word = s.slice(1);
    if (s[0] === "\\" && WORDS.includes(word)) {
      next();
      const body = word === "sqrt" ? group() : (spaces(), product(true));
      return {kind: "word", word, body, text: `${word} ${body.text}`, at: here(start)};
    }
    return letter(start);
  }
  function name() {
    const {s, at} = next();
    if (LOOKS.test(s)) {
      if (now() !== "{") return name();
      next();
      let word = "";
      while (now() && now() !== "}") word += next().s.replace(/^\\/, "");
      expect("}");
      return NAMES[word] ?? word;
    }
    const word = s.replace(/^\\/, "");
    if (s[0] === "\\" && !LETTERS.includes(word)) fail(`${s} is not known here`, at);
    if (s[0] !== "\\" && !/[A-Za-z]/.test(s)) fail(`${s} is out of place`, at);
    return NAMES[word] ?? word;
  }
  function letter(start) {
    let text = name();
    for (let more = true; more;) {
      more = false;
      if (now() === "_") { next(); text += `_${raw()}`; more = true; }
      while (now() === "'" || now() === "\\prime") { next(); text += "'"; more = true; }
      const up = all[i + 1]?.s === "{" ? all[i + 2]?.s : all[i + 1]?.s;
      if (now() === "^" && ["*", "\\star", "\\ast"].includes(up)) {
        i += all[i + 1].s === "{" ? 4 : 2;
        text += "_star";
        more = true;
      }
    }
    if (now() !== "(" && now() !== "[") return {kind: "letter", text, at: here(start)};
    const round = now() === "(";
    next();
    const [args, seps] = list(round ? ")" : "]");
    const inside = args.map((a, k) => a.text + (seps[k] ?? "")).join("");
    return {kind: "call", head: text, args, seps, text: `${text}(${inside})`, at: here(start)};
  }

  const statements = [];
  while (now()) {
    while (gap() || now() === ",") next();
    if (!now()) break;
    const sides = [sum()], ops = [];
    while (now() in RELATIONS) { ops.push(RELATIONS[next().s]); sides.push(sum()); }
    while (gap() || [",", "."].includes(now())) next();
    if (!ops.length) fail("a relation is missing", sides[0].at);
    statements.push({sides, ops});
    if (closes() && now()) fail(`${now()} is out of place`);
  }
  if (!statements.length) fail("nothing is left of it", [0, tex.length]);
  return statements;
}

// --------------------------------------------------------------------------------- evaluating
const GRID = 600;

// ∫ f over [a, b], by the midpoints of a fine grid
export function integral(f, a, b, n = GRID) {
  let sum = 0;
  for (let k = 0; k < n; k++) sum += f(a + (k + .5)*(b - a)/n);
  return sum*(b - a)/n;
}

const isLaw = v => typeof v === "object" && v !== null && "pdf" in v;
export function bell(mu, sd) {
  if (!(sd > 0)) throw new FormulaError("a spread that is not positive", null);
  return {pdf: z => normalPdf(z, mu, sd), logPdf: z => -.5*((z - mu)/sd)**2 - Math.log(sd)
          - .5*Math.log(2*Math.PI), lim: [mu - 9*sd, mu + 9*sd]};
}

// KL(q ‖ p), by integration
export function divergence(q, p) {
  return integral(z => {
    const w = q.pdf(z);
    return w ? w*(q.logPdf(z) - p.logPdf(z)) : 0;
  }, ...q.lim, 1200);
}

function numeral(v, node) {
  if (typeof v === "number") return v;
  throw new FormulaError(`${node.text}: expected a number`, node.at);
}

// The value of a tree. `env`: plain text -> number, law or function; "E_q" -> {letter, law}
export function value(node, env) {
  if (node.text in env && typeof env[node.text] === "number") return env[node.text];
  const v = n => numeral(value(n, env), n);
  switch (node.kind) {
    case "number": return node.value;
    case "fence": return v(node.body);
    case "sum": return node.terms.reduce((s, [sign, t]) => s + sign*v(t), 0);
    case "product": return node.factors.reduce((s, f) => s*v(f), 1);
    case "quotient": return v(node.top)/v(node.bottom);
    case "power": return v(node.base)**v(node.up);
    case "word": return {log: Math.log, ln: Math.log, exp: Math.exp, sqrt: Math.sqrt}[node.word](
      v(node.body));
    case "derivative": return slope(node, env);
    case "call": return call(node, env);
  }
  if (isLaw(env[node.text])) return env[node.text];
  throw new FormulaError(`nothing is known of ${node.text}`, node.at);
}

function slope(node, env) {
  if (!node.of) throw new FormulaError("a derivative of what?", node.at);
  const power = /^(.+)\^(\d+)$/.exec(node.by);                    // by σ²: by σ, over 2σ
  if (power && typeof env[power[1]] === "number") {
    const [, letter, n] = power;
    return slope({...node, by: letter}, env)/(n*env[letter]**(n - 1));
  }
  const at = env[node.by], h = 1e-4;
  if (typeof at !== "number") throw new FormulaError(`nothing is known of ${node.by}`, node.at);
  const f = x => numeral(value(node.of, {...env, [node.by]: x}), node.of);
  return (8*(f(at + h) - f(at - h)) - (f(at + 2*h) - f(at - 2*h)))/(12*h);
}

function call(node, env) {
  const {head, args, text} = node;
  if (text in env) return typeof env[text] === "function" ? env[text](env) : env[text];
  if (head in env && env[head].letter) return mean(env[head], args[0], env);
  if (head === "KL" && args.length === 2) {
    const laws = args.map(a => value(a, env));
    laws.forEach((l, k) => {
      if (!isLaw(l)) throw new FormulaError("expected a distribution", args[k].at);
    });
    return divergence(...laws);
  }
  if (head === "N" && args.length === 2) {
    const [mu, variance] = args.map(a => numeral(value(a, env), a));
    return bell(mu, Math.sqrt(variance));
  }
  if (args.length === 1 && head in env) {
    const f = env[head], x = numeral(value(args[0], env), args[0]);
    if (isLaw(f)) return f.pdf(x);
    return typeof f === "function" ? f(x) : f*x;                     // a number: a product
  }
  throw new FormulaError(`nothing is known of ${text}`, node.at);
}

function mean({letter, law}, body, env) {
  if (!body.text.includes(letter)) return numeral(value(body, env), body);
  return integral(z => {
    const w = law.pdf(z);
    return w ? w*numeral(value(body, {...env, [letter]: z}), body) : 0;
  }, ...law.lim);
}

// -------------------------------------------------------------------------------- five scenes
// What the letters stand for, where one of them is moved: the truth is an integral, a search or
// a law, never the formula.
const mix = (...laws) => ({pdf: x => laws.reduce((s, l) => s + l.pdf(x), 0)/laws.length,
  logPdf(x) { return Math.log(this.pdf(x)); },
  lim: [Math.min(...laws.map(l => l.lim[0])), Math.max(...laws.map(l => l.lim[1]))]});

// Where p log D + q log(1 − D) is largest, by golden section
function bestD(p, q) {
  const f = d => p*Math.log(d) + q*Math.log(1 - d), g = (Math.sqrt(5) - 1)/2;
  let [a, b] = [1e-12, 1 - 1e-12];
  for (let k = 0; k < 80; k++) {
    const [c, d] = [b - g*(b - a), a + g*(b - a)];
    [a, b] = f(c) > f(d) ? [a, d] : [c, b];
  }
  return (a + b)/2;
}

export const SCENES = {
  "KL-NORMAL": {moves: "mu_q", name: "μ_q", start: .4, lim: [-2.5, 2.5],
    env: m => ({mu_q: m, sigma_q: .8, mu_p: -.3, sigma_p: 1.3})},
  BOUND: {moves: "m", name: "the mean of q", start: .2, lim: [-1, 2.5], tight: 1.2/1.36,
    env(m) {
      const x = 1.2, q = bell(m, Math.sqrt(.36/1.36));
      return {x, "p(z)": bell(0, 1), "q(z|x)": q, "E_q(z|x)": {letter: "z", law: q},
        "p(x|z)": e => bell(e.z, .6).pdf(x), "p(x)": bell(0, Math.sqrt(1.36)).pdf(x)};
    }},
  DSTAR: {moves: "x", name: "x", start: .6, lim: [-3, 3],
    env(x) {
      const p = bell(-.5, .8), q = bell(.9, 1.2);
      return {x, p, q, D_star: v => bestD(p.pdf(v), q.pdf(v))};
    }},
  VKL: {moves: "m", name: "the mean of q", start: 1.2, lim: [-3, 3],
    env(mean) {
      const p = bell(-.5, .8), q = bell(mean, 1.2), m = mix(p, q);
      const V = integral(x => {
        const [a, b] = [p.pdf(x), q.pdf(x)];
        if (a + b === 0) return 0;
        const D = a/(a + b);
        return (a ? a*Math.log(D) : 0) + (b ? b*Math.log(1 - D) : 0);
      }, ...m.lim, 1200);
      return {p, q, m, "V(D_star,G)": V};
    }},
  PATHWISE: {moves: "mu", name: "μ", start: .7, lim: [-2, 2],
    env: mu => ({mu, sigma: .6, f: z => Math.sin(2*z) + .3*z*z,
      "f'": z => 2*Math.cos(2*z) + .6*z, E_eps: {letter: "eps", law: bell(0, 1)},
      "E(f(z))"(e) {
        const q = bell(e.mu, e.sigma);
        return integral(z => q.pdf(z)*e.f(z), ...q.lim);
      }})},
};

// Both sides of every relation, or what is wrong: [{left, op, right, at}] or {error, at}
export function sides(tag, tex, moved) {
  try {
    const env = SCENES[tag].env(moved), found = [];
    for (const {sides: all, ops} of read(tex)) {
      const values = all.map(s => numeral(value(s, env), s));
      ops.forEach((op, k) => found.push({left: values[k], op, right: values[k + 1],
        at: [all[k].at[0], all[k + 1].at[1]]}));
    }
    return found;
  } catch (e) {
    if (!(e instanceof FormulaError)) throw e;
    return {error: e.message, at: e.at};
  }
}

export function agrees({left, op, right}) {
  if (!Number.isFinite(left) || !Number.isFinite(right)) return false;
  const room = 2e-6*Math.max(1e-3, Math.abs(left), Math.abs(right));
  if (op === "=") return Math.abs(left - right) <= room;
  const gap = "≤<".includes(op) ? right - left : left - right;
  return "<>".includes(op) ? gap > room : gap >= -room;
}

// What is to be said of a version: "true", "false", "loose" (a bound that touches nothing), "none"
export function verdict(tag, tex, moved) {
  const scene = SCENES[tag], [a, b] = scene.lim;
  const tried = [moved, ...linspace(a, b, 7)].map(v => sides(tag, tex, v));
  if (!Array.isArray(tried[0])) return "none";
  if (!tried.every(t => Array.isArray(t) && t.every(agrees))) return "false";
  if (scene.tight == null) return "true";
  const touch = sides(tag, tex, scene.tight);
  return touch.every(r => agrees({...r, op: "="})) ? "true" : "loose";
}

// Start and end of what differs between two texts, in the second
export function changed(right, mine) {
  let a = 0, b = 0;
  while (a < Math.min(right.length, mine.length) && right[a] === mine[a]) a++;
  while (b < Math.min(right.length, mine.length) - a
         && right[right.length - 1 - b] === mine[mine.length - 1 - b]) b++;
  return [a, mine.length - b];
}

// ------------------------------------------------------------------------------- the picture
const STYLE = `
.tabs { display: flex; flex-wrap: wrap; gap: .4rem; margin-bottom: .5rem; }
.tabs [aria-pressed=true] { outline: 2px solid var(--i-accent); font-weight: 600; }
textarea {
  box-sizing: border-box; width: 100%; min-height: 5.2em; font: 14px/1.5 ui-monospace, monospace;
  color: inherit; background: var(--ground); border: 1px solid var(--line); border-radius: 4px;
  padding: .4rem .6rem; resize: vertical; field-sizing: content; max-height: 14em;
}
textarea:focus-visible { outline: 2px solid var(--i-accent); outline-offset: 1px; }
.set { margin: .5rem 0; overflow: hidden; font-size: clamp(.7em, 3.4vw, 1em); }
.set > div { margin: .3rem 0; }
.verdict { margin: .3rem 0; font-weight: 600; }
.where { font: 14px/1.6 ui-monospace, monospace; margin: .3rem 0; overflow-wrap: anywhere; }
.where mark { color: inherit; background: none; border-bottom: 3px double var(--c-fake); }
.numbers { flex-direction: column; }`;

export function mount(root, {displays}) {
  const pic = picture(root, "Break this equation: edit its LaTeX");
  pic.live.before(el("style", {}, STYLE));
  const state = {tag: displays[0].tag, at: 0, turn: 0};
  const shown = () => displays.find(d => d.tag === state.tag);
  const tabs = el("div", {class: "tabs", role: "group", "aria-label": "Which equation"});
  const text = el("textarea", {"aria-label": "The equation's LaTeX", spellcheck: "false",
                               autocapitalize: "off", autocomplete: "off"});
  const preview = el("div", {class: "set", "aria-hidden": "true"});
  const word = el("p", {class: "verdict"}), place = el("p", {class: "where"});
  const line = el("div", {class: "numbers"}), controls = el("div", {class: "controls"});
  const knobs = el("div", {class: "buttons"});
  pic.live.append(tabs, text, knobs, preview, word, place, line);
  const scene = () => SCENES[state.tag];
  const press = tag => {
    Object.assign(state, {tag, at: SCENES[tag].start, turn: 0});
    text.value = shown().latex;
    const {lim, name} = scene();
    p.xlim = lim;
    set(knob.input, {min: lim[0], max: lim[1], "aria-label": name});
    label.textContent = name;
    grip.setAttribute("aria-label", name);
    pic.draw();
  };
  const buttons = displays.map(d => button(pic, tabs, d.name, () => press(d.tag)));
  button(pic, knobs, "Make a mistake", () => {
    const all = shown().mistakes, m = all[state.turn++ % all.length];
    text.value = m.latex;
    pic.draw();
    text.focus({preventScroll: true});
  });
  button(pic, knobs, "Put it right", () => { text.value = shown().latex; pic.draw(); });
  text.addEventListener("input", () => pic.draw());

  const p = plot(pic, pic.live, {label: "Both sides, one letter moved", xlim: [-1, 1],
    ylim: [0, 1], height: 200, left: 14, right: 14, bottom: 22});
  const first = p.add("path", "curve truth"), second = p.add("path", "dash fake");
  const one = p.add("text", "truth-ink"), two = p.add("text", "fake-ink");
  const grip = handle(p, {
    label: "the letter", role: "fake",
    get: () => [state.at, clamp(state.height ?? p.ylim[0], p.ylim)],
    put(x) { state.at = clamp(x, scene().lim); },
    nudge(dx, dy) { state.at = clamp(state.at + .05*(dx + dy), scene().lim); },
    words: () => `${scene().name} = ${fixed(state.at)}`});
  pic.live.append(controls);
  const knob = slider(pic, controls, state, "at",
    {label: "the letter", role: "fake", min: -1, max: 1, step: .01});
  const label = controls.querySelector("span");
  const say = {
    true: () => "True, here and at seven other places.",
    loose: () => "True, but it touches the evidence nowhere: too generous a bound.",
    false: () => "False: the two sides part.",
    none: error => `No value: ${error}.`};

  pic.draw = () => {
    const tex = text.value, now = sides(state.tag, tex, state.at);
    const what = verdict(state.tag, tex, state.at);
    buttons.forEach((b, k) => b.setAttribute("aria-pressed", displays[k].tag === state.tag));
    const katex = globalThis.katex;
    if (katex) {
      preview.replaceChildren(...tex.split("\\qquad").map(part => {
        const one = el("div");
        katex.render(part, one, {output: "mathml", displayMode: true, throwOnError: false});
        return one;
      }));
    } else preview.hidden = true;
    const known = shown().mistakes.find(m => m.latex === tex);
    word.textContent = say[what](now.error) + (known ? ` What was done: ${known.words}.` : "");
    word.dataset.verdict = what;
    mark(what, tex, now);
    numbers(now);
    curves(tex, now);
    knob.show();
    pic.say(`${word.textContent} ${line.textContent}`);
  };
  function mark(what, tex, now) {                        // where it differs, or cannot be read
    const [a, b] = Array.isArray(now) || !now.at ? changed(shown().latex, tex) : now.at;
    place.hidden = what === "true" && tex === shown().latex;
    const cut = tex.slice(a, b);
    place.replaceChildren(tex.slice(Math.max(0, a - 40), a), el("mark", {}, cut || "⌄"),
                          tex.slice(b, b + 40));
  }
  function numbers(now) {
    line.replaceChildren();
    if (!Array.isArray(now)) return;
    now.forEach((r, k) => {
      const b = (name, v) => el("b", {"data-name": `${name}${k}`, "data-number": v}, fixed(v, 4));
      const good = agrees(r);
      line.append(el("span", {}, b("left", r.left), ` ${r.op} `, b("right", r.right),
                     good ? "  ✓" : `  ✗ off by ${fixed(Math.abs(r.left - r.right), 4)}`));
    });
  }
  function curves(tex, now) {
    const k = Array.isArray(now) ? Math.max(0, now.findIndex(r => !agrees(r))) : 0;
    const xs = linspace(...scene().lim, 61);
    const rows = xs.map(x => sides(state.tag, tex, x)).map(r => Array.isArray(r) ? r[k] : null);
    const seen = rows.filter(Boolean).flatMap(r => [r.left, r.right]).filter(Number.isFinite);
    const truth = Array.isArray(now) && now[k] ? now[k] : null;
    state.height = truth && truth.right;
    if (seen.length) {
      const sorted = [...seen].sort((a, b) => a - b), n = sorted.length;
      const [lo, hi] = [sorted[Math.floor(.02*n)], sorted[Math.ceil(.98*n) - 1]];
      const room = .12*(hi - lo) || .5;
      p.ylim = [lo - room, hi + room];
    }
    p.fit();
    const beside = (y, up) => {                                 // a name keeps off the axis
      const size = p.ylim[1] - p.ylim[0], at = y + up*size;
      return at < p.ylim[0] + .06*size ? y + .07*size : at;
    };
    const draw = (path, side) => {
      const ok = rows.map((r, j) => [xs[j], r && clamp(r[side], p.ylim)]).filter(([, y]) =>
        Number.isFinite(y));
      set(path, {d: ok.length > 1 ? p.line(ok.map(v => v[0]), ok.map(v => v[1])) : ""});
      return ok;
    };
    const left = draw(first, "left"), right = draw(second, "right");
    if (left.length) {
      p.put(one, xs[3], beside(left[Math.min(3, left.length - 1)][1], .06),
            "left side", "start");
    } else one.textContent = "";
    if (right.length) {
      p.put(two, xs[57], beside(right[Math.max(0, right.length - 4)][1], -.1),
            "right side", "end");
    } else two.textContent = "";
    grip.show();
  }
  press(displays[0].tag);
}
