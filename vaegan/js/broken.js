// Break this equation: the reader edits the LaTeX of a famous display, and sees where it departs
// from the truth. A small reader of formulas, enough for these five and for mistakes in them: what
// it reads is what vaegan.formula reads, and a test compares the two on all wrong versions.
import {button, clamp, el, fixed, handle, linspace, normalPdf, picture, plot, set,
        slider} from "./base.js";

// ------------------------------------------------------------------------------------ reading
export class FormulaError extends Error {
  constructor(what, at) { super(what); this.at = at; }
}

const has = (of, key) => Object.hasOwn(of, key);
const NAMES = {varepsilon: "eps", epsilon: "eps", varphi: "phi", lambda: "lam"};
const LETTERS = ("alpha beta gamma delta epsilon varepsilon theta lambda mu pi rho sigma tau phi "
  + "varphi psi omega ell infty").split(" ");
const RELATIONS = {"=": "=", "\\le": "≤", "\\leq": "≤", "\\ge": "≥", "\\geq": "≥", "<": "<",
                   ">": ">", "\\lt": "<", "\\gt": ">", "\\ne": "≠", "\\neq": "≠"};
const LOOKS = /^\\(mathbf|mathrm|mathcal|mathbb|boldsymbol|operatorname|text)$/;
const UNSEEN = /^\\([bB]igg?[lrm]?|left|right|displaystyle|!|limits)$/;
const GAPS = /^\\([,;: ]|quad|qquad)$/;
const BARS = {"|": "|", "\\mid": "|", "\\vert": "|", "\\|": "||", "\\Vert": "||",
              "\\parallel": "||"};
const WORDS = ["log", "ln", "exp", "sqrt", "sin", "cos"];
const NUMBERS = {pi: Math.PI, e: Math.E, infty: Infinity};
const DEEPEST = 40;

function tokens(tex) {
  const all = [], find = /\\[a-zA-Z]+|\\.|\d+\.?\d*|\.\d+|\S/gsu;
  for (const m of tex.matchAll(find)) {
    if (UNSEEN.test(m[0])) continue;
    const s = /^\\[lr]vert$/.test(m[0]) ? "|" : m[0];
    all.push({s, at: [m.index, m.index + m[0].length]});
  }
  return [...all, {s: "", at: [tex.length, tex.length]}];
}

// The statements of a display: [{sides, ops}], a side a tree of {kind, …, text, at}.
export function read(tex) {
  const all = tokens(tex);
  let i = 0, depth = 0;
  const inside = [];                    // of the brackets that are open: do bars part or end here?
  const now = () => all[i].s, next = () => all[i++];
  const here = a => [a, all[Math.max(0, i - 1)].at[1]];
  const fail = (what, at = all[i].at) => { throw new FormulaError(what, at); };
  const expect = s => now() === s ? next() : fail(`expected ${s}`);
  const gap = () => GAPS.test(now());
  const closes = () => !now() || now() in RELATIONS
    || now() in BARS && (BARS[now()] !== "|" || now() === "\\mid" || inside.at(-1))
    || [")", "]", "}", ",", ";", "&", "\\sim", "\\qquad", "\\quad"].includes(now());

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
    const [parts, seps] = list("}", true);
    return parts.map((p, k) => p.text + (seps[k] ?? "")).join("");
  }
  function list(close, bars) {                                // a | b, c up to a bracket
    inside.push(bars);
    const parts = [sum()], seps = [];
    if (close === "}" && now() === "\\sim") { next(); parts[0] = sum(); }           // z ~ q(z)
    while (now() !== close) {
      while (gap()) next();
      if (now() === close) break;
      if (!(now() in BARS) && now() !== "," && now() !== ";") fail(`expected ${close}`);
      const s = next().s;
      seps.push(BARS[s] ?? s);
      parts.push(sum());
    }
    next();
    inside.pop();
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
  const thin = () => { while (gap() && !["\\quad", "\\qquad"].includes(now())) next(); };
  const spaces = () => {                                      // thin: joins; wide: parts
    thin();
    return now() === "\\cdot" || now() === "\\times" ? next() : null;
  };
  const digits = f => f.kind === "number" && /\d/.test(all[i - 1].s);       // and no {2}
  function product(reach = false) {                           // `reach`: what a word reaches to
    const start = all[i].at[0], factors = [];
    for (let last = false;;) {
      const from = i, dot = reach ? null : spaces(), joint = i > from;
      if (reach && factors.length && (gap() || WORDS.includes(now().slice(1)))) break;
      const opens = !factors.length && BARS[now()] === "|" && now() !== "\\mid";
      if (!opens && closes() || ["+", "-", "\\cdot", "\\times"].includes(now())) break;
      const f = power();
      const mixed = f.kind === "quotient" && !joint && f.top.kind === f.bottom.kind
        && f.top.kind === "number";                                          // 2½
      if (last && !dot && (digits(f) || mixed)) fail("one number or two? write \\cdot", f.at);
      last = digits(f);
      factors.push(f.kind === "derivative" && !f.of ? {...f, of: product()} : f);
      if (now() === "/") {
        if (reach) fail("log x/y may be (log x)/y or log(x/y): write brackets");
        factors.splice(0, factors.length, stroke(start, factors));
      }
    }
    if (!factors.length) fail(now() ? `nothing before ${now()}` : "something is missing here");
    return joined(start, factors);
  }
  const joined = (start, factors) => factors.length === 1 ? factors[0] : {kind: "product",
    factors: [...factors], text: factors.map(f => f.text).join(" "), at: here(start)};
  const ends = () => closes() || ["+", "-", "/", "\\cdot", "\\times"].includes(now());
  function stroke(start, factors) {                           // a/b: all before it over one factor
    const top = joined(start, factors);
    next();
    const from = i, bottom = power();
    if (all[from].s === "{" && bottom.kind === "product") unseen(bottom.at);
    if (!ends() && !gap()) fail("a/b c may be (a/b)c or a/(bc): write a fraction or \\,");
    const one = {kind: "quotient", top, bottom, text: `${top.text}/${bottom.text}`,
                 at: here(start)};
    return now() === "/" ? stroke(start, [one]) : one;
  }
  function power() {
    if (++depth > DEEPEST) fail(`nested deeper than ${DEEPEST} levels`);
    const start = all[i].at[0], base = atom();
    depth--;
    if (now() !== "^") return base;
    next();
    return raised(start, base, group());
  }
  const raised = (start, base, up) =>
    ({kind: "power", base, up, text: `${base.text}^${up.text}`, at: here(start)});
  function derivative(start, bottom, of = null) {             // ∂/∂μ
    const m = /^[∂d] ?(.+)$/.exec(bottom.text);
    if (!m) fail("a derivative by what?", here(start));
    const text = `d/d${m[1]}${of ? ` ${of.text}` : ""}`;
    return {kind: "derivative", by: m[1], of, text, at: here(start)};
  }
  function behind(j) {                                        // the place after a group
    if (all[j]?.s !== "{") return j + 1;
    let open = 0;
    do open += {"{": 1, "}": -1}[all[j].s] ?? 0; while (++j < all.length && open);
    return j;
  }
  function halves() {                                         // {∂ E}{∂μ}: the sign of both
    const sign = all[i + 1]?.s, below = behind(i);
    return now() === "{" && ["\\partial", "d"].includes(sign) && all[below]?.s === "{"
      && all[below + 1]?.s === sign && all[below + 2]?.s !== "}" ? sign : null;
  }
  function whole(start, sign) {
    i += 2;
    if (now() === "^") fail("only first derivatives are known here");
    const of = now() === "}" ? null : product();
    expect("}");
    expect("{");
    const bottom = product();
    expect("}");
    return derivative(start, bottom, of);
  }
  function nabla(start) {                                     // ∇_μ, ∂_μ: of the next factor
    next();
    if (now() !== "_") fail("a derivative by what?", here(start));
    next();
    const by = raw(), of = (spaces(), power());
    if (!ends()) fail("how far does it reach? write brackets");
    return {kind: "derivative", by, of, text: `d/d${by} ${of.text}`, at: here(start)};
  }
  function word(start, name) {                                // log, log_2, log^2, up to its reach
    next();
    let base = null, up = null;
    for (; name !== "sqrt" && ["_", "^"].includes(now());) {
      if (now() === "_" && name !== "log") fail(`${name} has no base`);
      if (next().s === "_") base = group();
      else up = group();
    }
    const spaced = gap();
    if (name !== "sqrt") thin();
    const round = now() === "(" || now() === "[";
    if (spaced && round) fail(`write ${name}(…) without a space`);
    const body = name === "sqrt" ? group() : round ? atom() : product(true);
    const text = `${name}${base ? `_${base.text}` : ""} ${body.text}`;
    const one = {kind: "word", word: name, base, body, text, at: here(start)};
    return up ? raised(start, one, up) : one;
  }
  const unseen = at => fail("braces do not show: write brackets", at);
  function grouped(start, side) {                             // {a+b}c would show as a+bc
    const tight = now() === "^" && ["product", "quotient", "power"].includes(side.kind);
    if (side.kind === "sum" || tight) unseen(here(start));
    return side;
  }
  function atom() {
    const start = all[i].at[0], s = now();
    if (!s) fail("something is missing here");
    if (/^[\d.]/.test(s) && s !== ".") {
      return {kind: "number", value: +next().s, text: s, at: here(start)};
    }
    if (s === "(" || s === "[" || s === "{") {
      next();
      const [parts, seps] = list({"(": ")", "[": "]", "{": "}"}[s], s === "{");
      if (parts.length > 1) fail("several things in brackets", here(start));
      if (s === "{") return grouped(start, parts[0]);
      return {kind: "fence", body: parts[0], seps, text: `(${parts[0].text})`, at: here(start)};
    }
    if (BARS[s] === "|" && s !== "\\mid") {
      next();
      inside.push(true);
      const body = sum();
      inside.pop();
      if (BARS[now()] !== "|") fail("expected | to close |");
      next();
      return {kind: "size", body, text: `|${body.text}|`, at: here(start)};
    }
    if (/^\\[td]?frac$/.test(s)) {
      next();
      const sign = halves();
      if (sign) return whole(start, sign);
      const top = group(), bottom = group();
      if (top.text === "∂") return derivative(start, bottom);
      return {kind: "quotient", top, bottom, text: `${top.text}/${bottom.text}`, at: here(start)};
    }
    if (s === "\\nabla" || s === "\\partial" && all[i + 1].s === "_") return nabla(start);
    if (s === "\\partial") return {kind: "letter", text: next() && "∂", at: here(start)};
    if (s[0] === "\\" && WORDS.includes(s.slice(1))) return word(start, s.slice(1));
    return letter(start);
  }
  function name() {
    if (!now()) fail("something is missing here");
    const {s, at} = next();
    if (LOOKS.test(s)) {
      if (now() !== "{") return name();
      next();
      let word = "";
      while (now() && now() !== "}") word += next().s.replace(/^\\/, "");
      expect("}");
      return has(NAMES, word) ? NAMES[word] : word;
    }
    const word = s.replace(/^\\/, "");
    if (s[0] === "\\" && !LETTERS.includes(word)) fail(`${s} is not known here`, at);
    if (/[^\0-\x7f]/.test(s)) fail(`${s} is typed as a sign: write its command in LaTeX`, at);
    if (s[0] !== "\\" && !/[A-Za-z]/.test(s)) fail(`${s} is out of place`, at);
    return has(NAMES, word) ? NAMES[word] : word;
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
      } else if (now() === "^" && all[behind(i + 1)]?.s === "_") {          // σ^2_q is σ_q^2
        next();
        const power = group();
        next();
        text += `_${raw()}`;
        return raised(start, {kind: "letter", text, at: here(start)}, power);
      }
    }
    if (now() !== "(" && now() !== "[" || has(NUMBERS, text)) {
      return {kind: "letter", text, at: here(start)};
    }
    const round = now() === "(";
    next();
    const [args, seps] = list(round ? ")" : "]", true);
    const isMean = /^E(_|$)/.test(text);
    if (isMean && round && now() === "^") fail("where does E end? write E[…]", here(start));
    if (isMean && seps.some(s => s !== "|")) fail("the mean of what? of one thing", here(start));
    const given = args.map((a, k) => a.text + (seps[k] ?? "")).join("");
    return {kind: "call", head: text, args, seps, text: `${text}(${given})`, at: here(start)};
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

const shown = node => node.text.replaceAll("_star", "^*");
function numeral(v, node) {
  if (Number.isNaN(v)) throw new FormulaError(`${shown(node)} is no number`, node.at);
  if (typeof v === "number") return v;
  const got = isLaw(v) ? "distribution" : "function";
  throw new FormulaError(`${shown(node)}: expected a number, got a ${got}; at which point?`,
                         node.at);
}

const FUNCTIONS = {log: Math.log, ln: Math.log, exp: Math.exp, sqrt: Math.sqrt, sin: Math.sin,
                   cos: Math.cos};

// The value of a tree. `env`: plain text -> number, law or function; "E_q" -> {letter, law}
export function value(node, env) {
  if (has(env, node.text) && typeof env[node.text] === "number") return env[node.text];
  const v = n => numeral(value(n, env), n);
  switch (node.kind) {
    case "number": return node.value;
    case "fence": return v(node.body);
    case "sum": return node.terms.reduce((s, [sign, t]) => s + sign*v(t), 0);
    case "product": return node.factors.reduce((s, f) => s*v(f), 1);
    case "quotient": return v(node.top)/v(node.bottom);
    case "power": return v(node.base)**v(node.up);
    case "size": return Math.abs(v(node.body));
    case "word": return FUNCTIONS[node.word](v(node.body))/(node.base ? Math.log(v(node.base)) : 1);
    case "derivative": return slope(node, env);
    case "call": return call(node, env);
  }
  if (has(env, node.text) && (isLaw(env[node.text]) || typeof env[node.text] === "function")) {
    return env[node.text];
  }
  if (has(NUMBERS, node.text)) return NUMBERS[node.text];
  throw unknown(node);
}
const unknown = node => new FormulaError(`nothing is known of ${shown(node)}`, node.at);

function slope(node, env) {
  if (!node.of) throw new FormulaError("a derivative of what?", node.at);
  const power = /^(.+)\^(\d+)$/.exec(node.by);                    // by σ²: by σ, over 2σ
  if (power && has(env, power[1]) && typeof env[power[1]] === "number") {
    const [, letter, n] = power;
    return slope({...node, by: letter}, env)/(n*env[letter]**(n - 1));
  }
  const at = has(env, node.by) ? env[node.by] : null, h = 1e-4;
  if (typeof at !== "number") throw new FormulaError(`nothing is known of ${node.by}`, node.at);
  const f = x => numeral(value(node.of, {...env, [node.by]: x}), node.of);
  return (8*(f(at + h) - f(at - h)) - (f(at + 2*h) - f(at - 2*h)))/(12*h);
}

function call(node, env) {
  const {head, args, text} = node;
  if (has(env, text)) {
    const given = env[text];
    if (isLaw(given)) return at(given, args, env);
    if (typeof given !== "function") return given;
    const free = args.find(a => a.kind === "letter" && !has(env, a.text));
    if (free) throw unknown(free);
    return given(env);
  }
  if (has(env, head) && env[head].letter) return mean(env[head], args[0], env);
  if (head === "KL" && args.length === 2) {
    const laws = args.map(a => has(env, a.text) ? env[a.text] : value(a, env));
    laws.forEach((l, k) => {
      if (!isLaw(l)) throw new FormulaError("expected a distribution", args[k].at);
    });
    return (env.KL ?? divergence)(...laws);
  }
  if (head === "N" && args.length === 2) {
    const [mu, variance] = args.map(a => numeral(value(a, env), a));
    return bell(mu, Math.sqrt(variance));
  }
  if (head === "sigma" && args.length === 1 && !has(env, head)) {     // the logistic function
    return 1/(1 + Math.exp(-numeral(value(args[0], env), args[0])));
  }
  if (args.length === 1 && has(env, head)) {
    const f = env[head], x = numeral(value(args[0], env), args[0]);
    if (isLaw(f)) return f.pdf(x);
    return typeof f === "function" ? f(x) : f*x;                     // a number: a product
  }
  throw unknown(node);
}

// p(z): a density where z has a value
function at(law, [point], env) {
  return has(env, point.text) ? law.pdf(numeral(value(point, env), point)) : law;
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
  "KL-NORMAL": {moves: "mu_q", name: "μ_q", start: .4, lim: [-2.5, 2.5], of: "KL",
    said: "the divergence", known: "\\mu_q, \\sigma_q, \\mu_p, \\sigma_p, \\mathcal N(…,…)",
    env: m => ({mu_q: m, sigma_q: .8, mu_p: -.3, sigma_p: 1.3, KL: divergence})},
  BOUND: {moves: "m", name: "the mean of q", start: .2, lim: [-1, 2.5], tight: 1.2/1.36,
    of: "p(x)", said: "the evidence",
    known: "p(x), p(z), p(x|z), q(z|x), \\mathbb E_{q(z|x)}[…]",
    env(m) {
      const x = 1.2, q = bell(m, Math.sqrt(.36/1.36));
      return {x, "p(z)": bell(0, 1), "q(z|x)": q, "E_q(z|x)": {letter: "z", law: q},
        "p(x|z)": e => bell(e.z, .6).pdf(x), "p(x)": bell(0, Math.sqrt(1.36)).pdf(x)};
    }},
  DSTAR: {moves: "x", name: "x", start: .6, lim: [-3, 3], of: "D_star", said: "D*",
    known: "x, p(x), q(x), D^*(x)",
    env(x) {
      const p = bell(-.5, .8), q = bell(.9, 1.2);
      return {x, p, q, D_star: v => bestD(p.pdf(v), q.pdf(v))};
    }},
  VKL: {moves: "m", name: "the mean of q", start: 1.2, lim: [-3, 3], of: "V(D_star,G)",
    said: "the value V", known: "V(D^*,G), p, q, m (their mixture)",
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
  PATHWISE: {moves: "mu", name: "μ", start: .7, lim: [-2, 2], of: "E(f(z))", said: "the mean of f",
    known: "\\mu, \\sigma, f(…), f'(…), \\mathbb E[f(z)], \\mathbb E_\\varepsilon[…]",
    env: mu => ({mu, sigma: .6, f: z => Math.sin(2*z) + .3*z*z,
      "f'": z => 2*Math.cos(2*z) + .6*z, E_eps: {letter: "eps", law: bell(0, 1)},
      "E(f(z))"(e) {
        const q = bell(e.mu, e.sigma);
        return integral(z => q.pdf(z)*e.f(z), ...q.lim);
      }})},
};

// Both sides of every relation, or what is wrong: [{left, op, right, at}] or {error, at}
export function sides(tag, tex, moved, bend = null) {
  try {
    const env = SCENES[tag].env(moved), {of} = SCENES[tag], found = [], right = env[of];
    if (bend) env[of] = typeof right === "number" ? bend*right : (...a) => bend*right(...a);
    for (const {sides: all, ops} of read(tex)) {
      const values = all.map(s => numeral(value(s, env), s));
      ops.forEach((op, k) => found.push({left: values[k], op, right: values[k + 1],
        at: [all[k].at[0], all[k + 1].at[1]]}));
    }
    return found;
  } catch (e) {
    if (e instanceof RangeError) return {error: "nested too deeply", at: [0, tex.length]};
    if (!(e instanceof FormulaError)) throw e;
    return {error: e.message, at: e.at};
  }
}

export function agrees({left, op, right}) {
  if (Number.isNaN(left) || Number.isNaN(right)) return false;
  const finite = Number.isFinite(left) && Number.isFinite(right);
  const room = finite ? 2e-6*Math.max(1e-3, Math.abs(left), Math.abs(right)) : 0;
  const gap = left === right ? 0 : "≤<".includes(op) ? right - left : left - right;
  if (op === "=" || op === "≠") return (Math.abs(gap) <= room) === (op === "=");
  return "<>".includes(op) ? gap > room : gap >= -room;
}

// What is to be said of a version, {what, at, rows}: "true", "false" (`at` which place), "loose" (a
// bound that touches nothing), "aside" (true whatever the display speaks of is), "none" (no value)
export function judge(tag, tex, moved) {
  const scene = SCENES[tag], [a, b] = scene.lim, others = linspace(a, b, 7);
  const places = [moved, ...others, ...(scene.tight == null ? [] : [scene.tight])];
  const good = rows => Array.isArray(rows) && rows.every(agrees);
  const first = sides(tag, tex, moved);
  if (!Array.isArray(first)) return {what: "none", at: moved, rows: first};
  for (const at of places) {
    const rows = sides(tag, tex, at);
    if (!good(rows)) return {what: "false", at, rows};
  }
  const idle = bend => places.every(at => good(sides(tag, tex, at, bend)));
  if ([1e-9, 1.1].every(idle)) return {what: "aside", at: moved, rows: first};
  if (scene.tight == null) return {what: "true", at: moved, rows: first};
  const touch = sides(tag, tex, scene.tight).every(r => agrees({...r, op: "="}));
  return {what: touch ? "true" : "loose", at: moved, rows: first};
}
export const verdict = (...version) => judge(...version).what;

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
.set { margin: .5rem 0; font-size: 17px; }
.set > div { margin: .3rem 0; overflow-x: auto; overflow-y: hidden; }
.set :is(msub, msup, msubsup, munder, mover, munderover) > :nth-child(n + 2),
.set mstyle[displaystyle=false] > mfrac > * { font-size: max(11px, .72em); }
details { margin: .3rem 0; }
summary { cursor: pointer; padding: .2rem 0; }
details code { font: 13px/1.6 ui-monospace, monospace; overflow-wrap: anywhere; }
@media (pointer: coarse) { button { min-height: 44px; } summary { padding: .6rem 0; } }
.verdict { margin: .3rem 0; font-weight: 600; }
.where { font: 14px/1.6 ui-monospace, monospace; margin: .3rem 0; overflow-wrap: anywhere; }
.where mark { color: inherit; background: none; border-bottom: 3px double var(--c-fake); }
.numbers { flex-direction: column; }`;

// The browser has no double-struck and no script letters of its own: put Unicode's in
const STYLES = {
  "double-struck": [0x1D538, {C: "ℂ", H: "ℍ", N: "ℕ", P: "ℙ", Q: "ℚ", R: "ℝ", Z: "ℤ"}],
  script: [0x1D49C, {B: "ℬ", E: "ℰ", F: "ℱ", H: "ℋ", I: "ℐ", L: "ℒ", M: "ℳ", R: "ℛ"}]};
function styled(node) {
  for (const mo of node.querySelectorAll("mo")) {              // log p: a space that is left out
    if (mo.textContent !== "\u2061" || /^[([{|]/.test(mo.nextElementSibling?.textContent ?? "("))
      continue;
    const space = document.createElementNS("http://www.w3.org/1998/Math/MathML", "mspace");
    mo.after(set(space, {width: "0.167em"}));
  }
  for (const letter of node.querySelectorAll("[mathvariant]")) {
    const style = STYLES[letter.getAttribute("mathvariant")];
    if (!style || !/^[A-Z]$/.test(letter.textContent)) continue;
    const [first, own] = style, c = letter.textContent;
    letter.textContent = own[c] ?? String.fromCodePoint(first + c.charCodeAt(0) - 65);
    letter.setAttribute("mathvariant", "normal");
  }
}

// A line that is wider than its place goes on in a new one before each relation; what is still too
// wide gets smaller, down to .7; what is left over can be scrolled
function atRelations(tex) {
  const cuts = [0];
  let depth = 0;
  for (const {s, at} of tokens(tex)) {
    if (["(", "[", "{"].includes(s)) depth++;
    else if ([")", "]", "}"].includes(s)) depth--;
    else if (!depth && has(RELATIONS, s) && tex.slice(0, at[0]).trim()) cuts.push(at[0]);
  }
  return cuts.map((from, k) => tex.slice(from, cuts[k + 1]));
}

function fitted(line) {
  line.style.fontSize = "";
  const ratio = line.clientWidth/line.scrollWidth;
  if (ratio < 1) line.style.fontSize = `${Math.max(.7, .98*ratio)}em`;
}

const READS = String.raw`+ - \cdot / ^ _ \frac \sqrt ( ) [ ] |…| \log \log_2 \ln \exp \sin \cos `
  + String.raw`e \pi \infty = \ne < > \le \ge \frac{\partial}{\partial\mu} \nabla_\mu `
  + String.raw`\mathrm{KL}(…\|…)`;

export function mount(root, {displays}) {
  const pic = picture(root, "Break this equation: edit its LaTeX");
  pic.live.before(el("style", {}, STYLE));
  const state = {tag: displays[0].tag, at: 0, turn: 0};
  const chosen = () => displays.find(d => d.tag === state.tag);
  const tabs = el("div", {class: "tabs", role: "group", "aria-label": "Which equation"});
  const text = el("textarea", {"aria-label": "The equation's LaTeX", spellcheck: "false",
                               autocapitalize: "off", autocomplete: "off"});
  const preview = el("div", {class: "set", "aria-hidden": "true"});
  const word = el("p", {class: "verdict"}), place = el("p", {class: "where"});
  const line = el("div", {class: "numbers"}), controls = el("div", {class: "controls"});
  const knobs = el("div", {class: "buttons"}), known = el("code");
  const help = el("details", {}, el("summary", {}, "What can be written here"),
    el("div", {}, "Known in this display: ", known), el("div", {}, "Everywhere: ",
      el("code", {}, READS), ". A \\qquad begins another statement."));
  pic.live.append(tabs, text, knobs, help, preview, word, place, line);
  const scene = () => SCENES[state.tag];
  const press = tag => {
    Object.assign(state, {tag, at: SCENES[tag].start, turn: 0});
    text.value = chosen().latex;
    known.textContent = scene().known;
    const {lim, name} = scene();
    p.xlim = lim;
    set(knob.input, {min: lim[0], max: lim[1], "aria-label": name});
    label.textContent = name;
    grip.setAttribute("aria-label", name);
    pic.draw();
  };
  const buttons = displays.map(d => button(pic, tabs, d.name, () => press(d.tag)));
  button(pic, knobs, "Make a mistake", () => {
    const all = chosen().mistakes, m = all[state.turn++ % all.length];
    text.value = m.latex;
    pic.draw();
  });
  button(pic, knobs, "Put it right", () => { text.value = chosen().latex; pic.draw(); });
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
  const says = {
    true: () => `True, here and at ${scene().tight == null ? "seven" : "eight"} other places.`,
    loose: () => "True, but it touches the evidence nowhere: too generous a bound.",
    aside: () => `True, but it would be so whatever ${scene().said} is: the display says more.`,
    none: ({rows}) => `No value: ${rows.error}.`,
    false(found) {
      const other = found.at === state.at ? "" : ", though true here";
      if (!Array.isArray(found.rows)) {
        return `No value at ${scene().name} = ${fixed(found.at)}: ${found.rows.error}.`;
      }
      const {left, op, right} = found.rows.find(r => !agrees(r));
      const how = op === "=" ? "the two sides part"
        : agrees({left, op: "=", right}) ? "the two sides are equal"
        : `the left side is the ${left < right ? "smaller" : "larger"} one`;
      return other ? `False${other}: at ${scene().name} = ${fixed(found.at)} ${how}.`
        : `False: ${how}.`;
    }};

  pic.draw = () => {
    const tex = text.value, now = sides(state.tag, tex, state.at);
    const found = judge(state.tag, tex, state.at), {what} = found;
    buttons.forEach((b, k) => b.setAttribute("aria-pressed", displays[k].tag === state.tag));
    typeset(tex);
    const known = chosen().mistakes.find(m => m.latex === tex);
    word.textContent = says[what](found) + (known ? ` What was done: ${known.words}.` : "");
    word.dataset.verdict = what;
    mark(what, tex, now);
    numbers(now, found);
    curves(tex, now);
    knob.show();
    pic.say(`${word.textContent} ${line.textContent}`);
  };
  function setLine(tex) {                                   // one line of mathematics
    const row = preview.appendChild(el("div"));
    try {
      const options = {output: "mathml", displayMode: true, throwOnError: false};
      globalThis.katex.render(tex, row, options);
      styled(row);
    } catch { row.textContent = "This cannot be typeset."; }
    return row;
  }
  function typeset(tex) {
    preview.hidden = !globalThis.katex;
    preview.replaceChildren();
    if (preview.hidden) return;
    for (const part of tex.split("\\qquad")) {
      const row = setLine(part), pieces = atRelations(part);
      if (row.scrollWidth <= row.clientWidth || pieces.length < 2) fitted(row);
      else {
        row.remove();
        pieces.map(setLine).forEach(fitted);
      }
    }
  }
  function mark(what, tex, now) {                        // where it differs, or cannot be read
    const [a, b] = Array.isArray(now) || !now.at ? changed(chosen().latex, tex) : now.at;
    place.hidden = what === "true" && tex === chosen().latex;
    const cut = tex.slice(a, b);
    place.replaceChildren(tex.slice(Math.max(0, a - 40), a), el("mark", {}, cut || "⌄"),
                          tex.slice(b, b + 40));
  }
  function numbers(now, {what, at, rows}) {
    line.replaceChildren();
    if (!Array.isArray(now)) return;
    const elsewhere = what === "false" && at !== state.at && Array.isArray(rows);
    const bad = elsewhere ? rows.filter(r => !agrees(r)) : [];
    [...now, ...bad].forEach((r, k) => {
      const b = (name, v) => el("b", {"data-name": `${name}${k}`, "data-number": v}, fixed(v, 4));
      const good = agrees(r);
      const where = k < now.length ? "" : `At ${scene().name} = ${fixed(at)}: `;
      line.append(el("span", {}, where, b("left", r.left), ` ${r.op} `, b("right", r.right),
                     good ? "  ✓" : "≠=".includes(r.op) && r.left !== r.right
                       ? `  ✗ off by ${fixed(Math.abs(r.left - r.right), 4)}` : "  ✗"));
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
    const over = all => Math.max(...all) + .06*(p.ylim[1] - p.ylim[0]);     // names keep off the
    const under = all => {                                                // curve and the axis
      const size = p.ylim[1] - p.ylim[0], at = Math.min(...all) - .1*size;
      return at < p.ylim[0] + .06*size ? over(all) : at;
    };
    const draw = (path, side) => {
      const ok = rows.map((r, j) => [xs[j], r && clamp(r[side], p.ylim)]).filter(([, y]) =>
        Number.isFinite(y));
      set(path, {d: ok.length > 1 ? p.line(ok.map(v => v[0]), ok.map(v => v[1])) : ""});
      return ok;
    };
    const left = draw(first, "left"), right = draw(second, "right");
    const name = (text, all, x, where, words, anchor) => {
      if (!all.length) text.textContent = "";
      else p.put(text, xs[x], where(all.map(v => v[1])), words, anchor);
    };
    name(one, left.slice(0, 15), 3, over, "left side", "start");
    name(two, right.slice(-15), 57, under, "right side", "end");
    grip.show();
  }
  press(displays[0].tag);
}
