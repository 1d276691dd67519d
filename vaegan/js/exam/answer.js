// The answer box of an exercise: reads what is typed, judges it, says what is wrong. Hand-written
// and without dependencies; nothing that is typed is ever run. It follows vaegan.exam.typed,
// .syntax, .answers, .rounding and .judge line by line, and TABLES (signs, patterns, sentences)
// come from there: vaegan.exam.box puts them before this file.
// tests/library/exam/test_same_reader.py runs both.

// -- what was typed -----------------------------------------------------------------------------
const T = TABLES;
class Unreadable extends Error {}
const refuse = why => { throw new Unreadable(why); };
const oneLine = (x, n = 60) => {
  const s = [...String(x).split(/\s+/).filter(Boolean).join(" ")];
  return s.slice(0, n).join("") + (s.length > n ? "…" : "");
};
const trimmed = s => s.replace(/^ +| +$/g, "");
const all = (pattern, s, put) => s.replace(new RegExp(pattern, "g"), put);

const SIGNS = Object.fromEntries(
  T.alike.flatMap(([plain, same]) => [...same].map(c => [c, plain])));
function plainSigns(s) {
  const lower = m => "^(" + [...m].map(c => T.lowered[c]).join("") + ")";
  const typed = s.replace(new RegExp(`[${T.raised}]+`, "g"), lower);
  return trimmed([...typed].map(c => SIGNS[c] ?? c).join(""));
}
function raisedPoints(s, whole) {         // a raised dot is a point or a star
  for (const [pattern, put] of T.points) s = all(pattern, s, put);
  const m = whole ? null : s.match(new RegExp(T.either));
  if (m) either(`${m[1]}·${m[2]}`, `${m[1]}.${m[2]}`, `${m[1]}*${m[2]}`);
  return s.replaceAll("·", "*");
}
function withoutTex(s) {
  if (/[\\$]/.test(s)) for (const [pattern, put] of T.tex) s = all(pattern, s, put);
  return s;
}
function bare(s) {
  s = s.replace(/^["'~≈=: ]+|["'.,;: ]+$/g, "");
  for (const [pattern, put] of T.copied) s = all(pattern, s, put);
  s = s.replace(/\((['"])([^'"]*)\1\)/g, "($2)");
  if (new RegExp(T.bits).test(s))
    refuse("write the number without a unit, in the unit that is asked");
  return trimmed(all(T.units, s, ""));
}
const joined = (pattern, away, s) => all(pattern, s, m => m.replace(away, ""));
function decimalCommas(s) {
  s = all(T.head + String.raw`(?:\.[0-9]{3})+,[0-9]+` + T.end, s,
    m => m.replaceAll(".", "").replace(",", "."));
  return all(String.raw`(?<![0-9A-Za-z.,)\]}|%])([0-9]*),([0-9]+)` + T.end, s, "$1.$2");
}
function commaReadings(s, whole) {
  const n = T.number, listed = s.match(new RegExp(`^[[({]? ?(${n}(?: +${n})+) ?[\\])}]?$`));
  const found = listed ? [decimalCommas(listed[1].replace(/ +/g, "; "))] : [];
  s = joined(T.head + String.raw`(?:\.[0-9]{3}){2,}(?![0-9.])`, /\./g, s);
  s = joined(T.head + "(?:[ '_][0-9]{3})+(?![0-9_])", /[ '_]/g, s);
  const groups = String.raw`(?:,[0-9]{3})+(?:\.[0-9]+)?(?![0-9]|,[0-9])`;
  const thousands = joined(T.head + groups, /,/g, s);
  found.push(s, decimalCommas(s), thousands);
  if (whole) found.push(joined(T.head + String.raw`(?:\.[0-9]{3})+(?![0-9.eE]|,[0-9])`, /\./g, s));
  return [...new Set(found)];
}
const nameOf = s => [...s].map(c => T.greek[c] ?? c).join("").replace(/[_{}]/g, "");
function tokens(s) {
  const pattern = new RegExp(T.token, "uy"), found = [];
  while (pattern.lastIndex < s.length) {
    const g = pattern.exec(s).groups;
    const kind = ["number", "fraction", "name", "tex", "sign", "odd"].find(k => g[k] !== undefined);
    const text = kind === "name" ? nameOf(g[kind]) : g[kind] === "**" ? "^" : g[kind];
    found.push({kind, text, glued: !g.blank});
  }
  return found;
}
function depth(row) {
  let deep = 0, most = 0;
  for (const m of row) {
    if (m.kind === "sign" && "([{|√".includes(m.text)) deep++;
    if (m.kind === "sign" && ")]}".includes(m.text)) deep--;
    most = Math.max(most, deep);
  }
  return most;
}
function powersOfTen(s, symbols) {
  const times = String.raw`(?<=[0-9.]) ?[xX] ?10 ?(?=\^|\*\*)`;
  if (symbols.includes("x") && new RegExp(times).test(s))
    refuse("x is a symbol here; write * for times");
  return all(times, s, "*10");
}
function markedReadings(text, symbols, whole) {
  const n = [...text].length;
  if (n > 200) refuse(`expected at most 200 characters, got ${n}`);
  const s = powersOfTen(bare(withoutTex(raisedPoints(plainSigns(text), whole))), symbols);
  if (!s) refuse("there is no number in it");
  const rows = commaReadings(s, whole).map(tokens);
  if (Math.max(...rows.map(depth)) > 30) refuse("expected fewer brackets");
  return rows;
}

// -- from tokens to a tree: a number, ["name", n], ["neg", x], [op, a, b], ["call", f, x] --------
const finite = x => (Number.isFinite(x) ? x : NaN);
const FUNCTIONS = {
  exp: Math.exp, log: Math.log, ln: Math.log, sqrt: Math.sqrt, abs: Math.abs,
  sin: Math.sin, cos: Math.cos, tan: Math.tan, sinh: Math.sinh, cosh: Math.cosh, tanh: Math.tanh,
  sech: x => 1/finite(Math.cosh(x)), sigmoid: x => (x > -700 ? 1/(1 + Math.exp(-x)) : 0),
  softplus: x => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  log2: Math.log2, log10: Math.log10,
};
const CONSTANTS = {pi: Math.PI, e: Math.E};
const CLOSE = {"(": ")", "[": "]", "{": "}"};
const END = {kind: "end", text: "", glued: false};
const isFunction = n => Object.hasOwn(FUNCTIONS, n), isConstant = n => Object.hasOwn(CONSTANTS, n);
const opens = t => Object.hasOwn(CLOSE, t);
const digits = s => /^[0-9]+$/.test(s);

function known(name, symbols) {
  const spelt = Object.hasOwn(T.spelt, name) ? T.spelt[name] : name;
  return [name, spelt, name === "E" ? "" : name.toLowerCase()]
    .find(n => symbols.includes(n) || isConstant(n) || isFunction(n)) ?? "";
}
function split(name, symbols) {
  if (!name) return [[]];
  const ways = symbols.filter(s => name.startsWith(s))
    .flatMap(s => split(name.slice(s.length), symbols).map(rest => [s, ...rest]));
  return isFunction(name) ? [...ways, [name]] : ways;
}
const unknown = (name, symbols) => refuse(`unknown name “${oneLine(name)}”; known here: `
  + [...symbols, ...Object.keys(CONSTANTS), ...Object.keys(FUNCTIONS)].join(", "));
const either = (typed, a, b) => refuse(`${typed} may mean ${a} or ${b}; write the one you mean`);
const part = sign => ["/", ...T.fractions[sign]];

function unexpected(m) {
  if (m === END) return "it ends too early";
  if (m.text === "∞") return "an answer is a finite number";
  if (m.kind === "odd") {
    const what = /[\p{C}\p{Z}]/u.test(m.text) ? "a sign in it" : `the sign “${m.text}”`;
    return `${what} has no meaning here`;
  }
  if ("=≈".includes(m.text)) return "one side of an equation is enough";
  return `“${m.text}” cannot stand there`;
}
function beginsFactor(m, bars) {
  if (m.kind === "sign") return "([{√".includes(m.text) || (m.text === "|" && !bars);
  return ["number", "fraction", "name", "tex"].includes(m.kind);
}

class Parser {
  constructor(row, symbols, sign = 1) { Object.assign(this, {row, symbols, sign, at: 0, bars: 0}); }
  get now() { return this.row[this.at] ?? END; }
  get last() { return this.row[this.at - 1]; }
  take(...texts) {
    if (this.now.kind !== "sign" || !texts.includes(this.now.text)) return "";
    return this.row[this.at++].text;
  }
  sum() {
    let x = this.product(), op;
    while ((op = this.take("+", "-"))) x = [op, x, this.product()];
    while (this.take("±")) x = [this.sign < 0 ? "-" : "+", x, this.product()];
    return x;
  }
  product() {
    let x = this.signed(), over = "";
    for (;;) {
      const op = this.take("*", "/");
      if (op) {
        x = [op, x, this.signed()];
        over = op;
      } else if (beginsFactor(this.now, this.bars)) {
        if (over === "/") either("a/b c", "(a/b)*c", "a/(b*c)");
        this.refuseLoose();
        x = ["*", x, this.power()];
      } else return x;
    }
  }
  signed() {
    const op = this.take("-", "+", "±");
    if (!op) return this.power();
    return op === "-" || (op === "±" && this.sign < 0) ? ["neg", this.signed()] : this.signed();
  }
  power() {
    let x = this.atom();
    if (this.take("^")) {
      x = ["^", x, this.exponent()];
      const loose = !")]}".includes(this.last.text) && this.now.glued;
      if (loose && beginsFactor(this.now, this.bars)) either("a^b c", "a^b * c", "a^(b*c)");
    }
    while (this.take("%")) x = ["/", x, 100];
    return x;
  }
  exponent() {
    const op = this.take("-", "+");
    if (!op) return this.power();
    return op === "-" ? ["neg", this.exponent()] : this.exponent();
  }
  inside(open) {
    const x = this.sum();
    this.close(CLOSE[open]);
    return x;
  }
  close(token) {
    if (this.take(token)) return;
    const missing = `a bracket is not closed: “${token}” is missing`;
    refuse(this.now === END ? missing : unexpected(this.now));
  }
  refuseLoose() {
    const indexed = this.last.kind === "name" && ["[", "{"].includes(this.now.text);
    if (["number", "fraction"].includes(this.now.kind) || indexed)
      refuse("write * between factors, and one number without blanks: "
        + `“${oneLine(this.last.text)} ${oneLine(this.now.text)}”`);
  }
  atom() {
    const m = this.now;
    this.at++;
    if (m.kind === "number") {
      if (this.now.kind !== "fraction") return Number(m.text);
      this.at++;
      return ["+", Number(m.text), part(this.last.text)];
    }
    if (m.kind === "fraction") return part(m.text);
    if (m.kind === "name") return this.named(m.text);
    if (opens(m.text)) return this.inside(m.text);
    if (m.text === "\\frac") return ["/", this.group(), this.group()];
    if (m.text === "\\sqrt" || m.text === "√") return this.root(m.text);
    if (m.text === "|" && !this.bars) {
      this.bars = 1;
      const x = this.sum();
      this.bars = 0;
      this.close("|");
      return ["call", "abs", x];
    }
    this.at--;
    return refuse(unexpected(m));
  }
  group() {
    if (this.take("{")) return this.inside("{");
    const m = this.now;
    if (m.kind === "number" && digits(m.text)) {
      const rest = m.text.length > 1 ? [{kind: "number", text: m.text.slice(1), glued: true}] : [];
      const first = {kind: "number", text: m.text[0], glued: m.glued};
      this.row = [...this.row.slice(0, this.at), first, ...rest, ...this.row.slice(this.at + 1)];
    }
    return this.atom();
  }
  root(token) {
    if (token === "√") return ["call", "sqrt", this.bareArgument("√")];
    if (!this.take("[")) return ["call", "sqrt", this.group()];
    const degree = this.inside("[");
    return ["^", this.group(), ["/", 1, degree]];
  }
  named(name) {
    const symbols = this.symbols;
    if (name === "Fraction" && this.take("(")) return this.copiedFraction();
    if (name === "sigma" && !symbols.includes(name) && this.now.text === "(") name = "sigmoid";
    const n = known(name, symbols);
    if (!n) return this.several(name);
    if (n === "e" && this.now.text === "(" && !symbols.includes(n))
      refuse("e is a number here; write e^(…) or exp(…)");
    return symbols.includes(n) || isConstant(n) ? ["name", n] : this.call(n);
  }
  several(name) {
    const head = name.replace(/[0-9]+$/, ""), number = name.slice(head.length);
    if (isFunction(head) && number && !["(", "^"].includes(this.now.text)) {
      if (beginsFactor(this.now, this.bars))
        either(`${name} a`, `${head}(${number})*a`, `${head}(…a)`);
      return ["call", head, Number(number)];
    }
    const ways = split(name, this.symbols);
    if (ways.length !== 1) unknown(name, this.symbols);
    const apart = ways[0].map(text => ({kind: "name", text, glued: true}));
    this.row = [...this.row.slice(0, this.at - 1), ...apart, ...this.row.slice(this.at)];
    return this.named(apart[0].text);
  }
  copiedFraction() {
    const a = this.sum(), b = this.take(",") ? this.sum() : 1;
    this.close(")");
    return ["/", a, b];
  }
  call(f) {
    const power = this.take("^") ? this.powerOfFunction(f) : null;
    const b = this.take(...Object.keys(CLOSE));
    const x = ["call", f, b ? this.inside(b) : this.bareArgument(f)];
    return power === null ? x : ["^", x, power];
  }
  powerOfFunction(f) {
    const bracket = this.take("(", "{");
    if (this.take("-")) either(`${f}^-1`, `1/${f}(…)`, "its inverse");
    const m = this.now;
    if (m.kind !== "number" || !digits(m.text) || f === "exp")
      refuse(f === "exp" ? "write exp(x) or e^x" : `write ${f}(…)^2 for a power of ${f}`);
    this.at++;
    if (bracket) this.close(CLOSE[bracket]);
    return Number(m.text);
  }
  bareArgument(f) {
    const m = this.now, bracketed = opens(m.text);
    const name = m.kind === "name" ? known(m.text, this.symbols) : "";
    const plain = ["number", "fraction", "tex"].includes(m.kind) || m.text === "√"
      || (name && !isFunction(name));
    if (!plain && !bracketed) refuse(`write ${f}(…), with brackets`);
    const x = this.atom(), t = this.now.text;
    if (this.now === END || bracketed || (f === "√" && ["*", "/", "%"].includes(t))) return x;
    if (["+", "-", ")", "]", "}", ",", ";", "|"].includes(t)) return x;
    if (this.now.kind === "sign" && ["±", "=", "≈"].includes(t)) return x;
    return either(`${f} a b`, `${f}(a) b`, `${f}(a b)`);
  }
}

function readMarks(row, symbols, sign) {
  const p = new Parser(row, symbols, sign), x = p.sum();
  if (p.now !== END) refuse(unexpected(p.now));
  return x;
}

const VALUES = {"+": (a, b) => a + b, "-": (a, b) => a - b, "*": (a, b) => a*b, "/": (a, b) => a/b,
                "^": (a, b) => a**b};
function valueOf(t, env) {
  if (typeof t === "number") return t;
  const [op, a, b] = t;
  if (op === "name") return Object.hasOwn(env, a) ? env[a] : CONSTANTS[a];
  if (op === "neg") return -valueOf(a, env);
  const value = op === "call" ? FUNCTIONS[a](valueOf(b, env))
    : VALUES[op](valueOf(a, env), valueOf(b, env));
  if (!Number.isFinite(value)) throw NaN;
  return value;
}
function evaluate(tree, env) {
  try { return valueOf(tree, env); }
  catch (e) {
    if (e instanceof Error) throw e;
    const at = Object.entries(env).map(([k, v]) => `${k} = ${Number(v.toPrecision(6))}`).join(", ");
    return refuse("it has no value" + (at ? ` at ${at}` : ""));
  }
}

function cut(row, texts) {
  const pieces = [[]];
  let deep = 0;
  for (const m of row) {
    if (m.kind === "sign") deep += opens(m.text) - Object.values(CLOSE).includes(m.text);
    if (m.kind === "sign" && texts.includes(m.text) && !deep) pieces.push([]);
    else pieces.at(-1).push(m);
  }
  return pieces;
}
function embraced(row) {
  if (row.length < 2 || !opens(row[0].text) || row.at(-1).text !== CLOSE[row[0].text]) return false;
  let deep = 0;
  for (const m of row.slice(0, -1)) {
    if (m.kind === "sign") deep += opens(m.text) - Object.values(CLOSE).includes(m.text);
    if (!deep) return false;
  }
  return true;
}
function treesOf(row, symbols) {          // -> {trees, loose}
  const pieces = cut(row, ",;");
  if (pieces.length > 1 && !pieces.at(-1).length) pieces.pop();
  if (pieces.length === 1) return sidesOf(pieces[0], symbols);
  const found = pieces.map(p => sidesOf(p, symbols));
  return {trees: found.flatMap(f => f.trees), loose: found.some(f => f.loose)};
}
function sideOf(row, symbols) {
  if (embraced(row)) return treesOf(row.slice(1, -1), symbols);
  const loose = row.some(m => m.text === "±");
  return {trees: (loose ? [-1, 1] : [1]).map(sign => readMarks(row, symbols, sign)), loose};
}
const isLeftSide = row => row.some(m => m.kind === "name")
  && row.every(m => m.kind !== "odd" || "∂∇'".includes(m.text));
function sidesOf(row, symbols) {
  const sides = cut(row, "=≈").filter(s => s.length);
  if (sides.length < 2) return sideOf(sides[0] ?? [], symbols);
  const read = [];
  let why;
  for (const s of sides) {
    if (s !== sides.at(-1) && s.length === 1 && s[0].kind === "name") continue;
    try { read.push(sideOf(s, symbols)); }
    catch (e) {
      why ??= e;
      if (!isLeftSide(s)) throw e;
    }
  }
  if (!read.length) throw why;
  return read.length === 1 ? read[0] : agreeing(read);
}
const hasNames = t => Array.isArray(t)
  && (t[0] === "name" ? !isConstant(t[1]) : t.slice(1).some(hasNames));
function agreeing(read) {
  const values = read.map(r => r.trees.map(t => (
    hasNames(t) ? refuse("one side of an equation is enough") : evaluate(t, {}))));
  for (const other of values.slice(1)) {
    const same = other.length === values[0].length
      && other.every((b, k) => Math.abs(values[0][k] - b) <= .01*Math.abs(values[0][k]));
    if (!same) refuse("the sides of the equation differ; write one");
  }
  return read[0];
}

// -- a tree that does no harm, and every reading of an answer -----------------------------------
const isLeaf = t => !Array.isArray(t) || t[0] === "name";
const children = t => (isLeaf(t) ? [] : t.slice(t[0] === "call" ? 2 : 1));
const size = t => 1 + children(t).reduce((n, c) => n + size(c), 0);
function bound(t, symbols) {              // -> [degree, value], value null if not constant
  if (Array.isArray(t) && t[0] === "name" && symbols.includes(t[1])) return [1, null];
  const parts = children(t).map(c => bound(c, symbols)), degrees = parts.map(p => p[0]);
  if (parts.every(p => p[1] !== null)) {
    const value = evaluate(t, {});
    if (!(Math.abs(value) <= 1e12)) refuse("a number is too large");
    return [0, value];
  }
  const most = Math.max(...degrees), power = parts.at(-1)[1];
  const degree = t[0] === "*" || t[0] === "/" ? degrees[0] + degrees[1]
    : t[0] === "^" ? most*(power === null ? 8 : Math.max(1, Math.abs(power))) : most;
  if (degree > 64) refuse("an exponent is too large");
  return [degree, null];
}
function harmless(r, symbols) {
  if (r.trees.reduce((n, t) => n + size(t), 0) > 100) refuse("expected a shorter expression");
  r.trees.forEach(t => bound(t, symbols));
  return r;
}
function readings(text, symbols, n, whole) {
  const found = new Map();
  let why;
  for (const row of markedReadings(text, symbols, whole)) {
    try {
      const r = harmless(treesOf(row, symbols), symbols), same = JSON.stringify(r.trees);
      if (!found.has(same)) found.set(same, r);
    } catch (e) { why ??= e; }
  }
  if (!found.size) throw why;
  const every = [...found.values()], fitting = every.filter(r => r.trees.length === n);
  if (!fitting.length) refuse(miscounted(n, every[0].trees.length));
  const exact = fitting.filter(r => whole && r.trees.every(t => Number.isInteger(evaluate(t, {}))));
  return exact.length ? exact : fitting;
}
const miscounted = (n, k) => (n === 1
  ? `expected one answer, got ${k}; write decimals with a point`
  : `expected ${n} numbers, got ${k}; write (${Array(n).fill("…").join(", ")}), with points`);
function numberReadings(text, n, whole) {
  return readings(text, [], n, whole).flatMap(r => {
    const v = r.trees.map(t => evaluate(t, {}));
    return r.loose ? [v, v.toReversed?.() ?? [...v].reverse()] : [v];
  });
}

// -- rounded answers ----------------------------------------------------------------------------
function units(x) {                       // of the last digit, and of the third
  const [mantissa, exponent] = Math.abs(x).toExponential().split("e");
  return [10**(exponent - (mantissa.split(".")[1] ?? "").length), 10**(exponent - 2)];
}
function threeDigits(x, t, tol) {
  if (Math.abs(t) < 1e-12) return Math.abs(x) <= 1e-6;
  return Math.abs(x - t) <= Math.max(tol*Math.abs(t), .5*units(t)[1])*(1 + 1e-9);
}
function kind(x, t, tol) {
  const gap = Math.abs(x - t), last = units(x)[0], size = Math.abs(t);
  if (tol ? threeDigits(x, t, tol) : gap <= 1e-9*Math.max(1, size)) return "right";
  if (gap > .05*size*(1 - 1e-9)) return "";
  if (!tol) return last > 1 && gap < last ? "whole" : "";
  if (gap <= .5*last*(1 + 1e-9)) return "coarse";
  if (gap < last) return "slip";
  return gap <= .005*size ? "close" : "";
}
function howNear(xs, ts, tol) {
  const kinds = xs.map((x, k) => kind(x, ts[k], tol));
  if (kinds.includes("")) return "";
  const left = kinds.find(k => k !== "right");
  return left ? T.rounded[left] : "right";
}
function moreExactly(xs, ts) {
  if (xs.every((x, k) => Math.abs(x - ts[k]) <= 1e-4*Math.abs(ts[k]) + 1e-6)) return "";
  const shown = ts.map(t => String(Number(t.toPrecision(6)))).join(", ");
  return `To three digits; more exactly ${ts.length > 1 ? `(${shown})` : shown}.`;
}

// -- the judge: [status, message] ---------------------------------------------------------------
function near(xs, ys, tol, unit = 1) {
  const close = (x, y) => Math.abs(x - y) <= (tol + 1e-9)*Math.max(unit, Math.abs(y)) + 1e-15;
  return xs.length === ys.length && xs.every((x, k) => close(x, ys[k]));
}
function knownMistakes(q) {               // [numbers, message]: its own, then those of everybody
  const slips = (q.tol ? T.slips : T.slips.slice(0, 1))
    .map(([factor, message]) => [q.answer.map(t => factor*t), message]);
  const told = w => q.wrong.some(([own]) => near(w, own, q.tol, q.unit));
  return [...q.wrong, ...slips.filter(([w]) => !near(w, q.answer, 10*q.tol, q.unit) && !told(w))];
}
function mistake(q, got) {
  let found = knownMistakes(q).filter(([w]) => near(got, w, q.tol, q.unit));
  if (!found.length && q.tol) {
    found = knownMistakes(q).filter(([w]) => got.every((x, k) => threeDigits(x, w[k], 0)));
    if (found.length > 1) return null;
  }
  return found.length ? ["mistake", found[0][1]] : null;
}
function judgeReading(q, got) {
  const said = howNear(got, q.answer, q.tol), sorted = xs => [...xs].sort((a, b) => a - b);
  if (said === "right") return ["right", moreExactly(got, q.answer)];
  if (said) return ["mistake", said];
  const found = mistake(q, got), same = howNear(sorted(got), sorted(q.answer), q.tol) === "right";
  if (found && (!same || q.wrong.some(([, message]) => message === found[1]))) return found;
  if (same)
    return ["mistake", "These are the right numbers, in another order than asked."];
  const right = got.flatMap((x, k) => (kind(x, q.answer[k], q.tol) === "right" ? [k + 1] : []));
  if (right.length) return ["wrong", `Right so far: number ${right.join(" and ")}. Try a hint.`];
  return ["wrong", T.unknown];
}
function best(verdicts, open) {
  const right = verdicts.find(v => v[0] === "right");
  if (!right && open)
    refuse("a comma or point in it may stand for decimals or for thousands; "
      + "write decimals with a point, thousands without");
  return right ?? verdicts.find(v => v[0] === "mistake") ?? verdicts[0];
}
function judgeNumbers(q, said) {
  q = {unit: 0, ...q};                    // numbers of any size are told apart
  if (q.bits) said = all(T.bits, said, "nats");
  const ways = numberReadings(said, q.answer.length, !q.tol);
  const different = new Set(ways.map(w => String([...w].sort((a, b) => a - b)))).size;
  return best(ways.map(got => judgeReading(q, got)), different > 1);
}
function judgeTree(q, tree) {             // by values at points: tree, truth and mistakes
  const names = Object.keys(q.points[0]), at = t => q.points.map(p => evaluate(t, p));
  const values = text => at(readings(text, names, 1, false)[0].trees[0]);
  const got = at(tree), truth = values(q.answer);
  if (near(got, truth, q.tol)) {
    const same = (x, k) => Math.abs(x - truth[k]) <= 2e-12*Math.max(1, Math.abs(truth[k]));
    return got.every(same) ? ["right", ""] : ["wrong", T.nearly];
  }
  if (got.every((x, k) => Math.abs(x - truth[k]) <= .005*Math.abs(truth[k])))
    return ["mistake", T.everywhere];
  const valued = {tol: q.tol, answer: truth, wrong: q.wrong.map(([w, m]) => [values(w), m])};
  const found = knownMistakes(valued).find(([w]) => near(got, w, q.tol));
  return found ? ["mistake", found[1]] : ["wrong", T.unknown];
}
function judgeExpression(q, said) {
  const ways = readings(said, Object.keys(q.points[0]), 1, false);
  return best(ways.map(r => judgeTree(q, r.trees[0])), ways.length > 1);
}
const HEADS = {right: "Right.", unreadable: "Not readable:"};
function judgeLetter(q, said) {
  const found = q.wrong.find(w => w[0] === said);
  return said === q.answer ? ["right", ""] : found ? ["mistake", found[1]] : ["wrong", ""];
}
function judge(q, said) {                 // -> [status, what to say]
  if (!said || ["", "...", "…"].includes(said.trim())) return ["pending", "Type an answer first."];
  let status, message;
  try {
    const judged = q.letters ? judgeLetter : q.points ? judgeExpression : judgeNumbers;
    [status, message] = judged(q, said);
  } catch (e) {
    if (!(e instanceof Unreadable)) throw e;
    [status, message] = ["unreadable", e.message + "."];
  }
  return [status, `${HEADS[status] ?? "Not yet."} ${message}`.trim()];
}

// -- the form -----------------------------------------------------------------------------------
const MARKS = {right: "✓ ", mistake: "✗ ", wrong: "✗ "};
const CSS = `
form.vaegan-answer fieldset {
  border: 1px solid #9AA0A6; border-radius: 6px; padding: .5em 1em; margin: 0;
}
form.vaegan-answer legend { font-size: 1em; width: auto; float: none; padding: 0 .4em; margin: 0; }
form.vaegan-answer label:has(input) { margin-right: 1em; }
form.vaegan-answer output { display: block; margin-top: .4em; }
form.vaegan-answer output[data-verdict] { border-left: 4px solid #9AA0A6; padding-left: .6em; }
form.vaegan-answer output[data-verdict=right] { border-left-color: #009E73; }
form.vaegan-answer output[data-verdict=wrong] { border-left-color: #D55E00; }`;

function dress(page) {                    // once a page; first, so that its own style outranks this
  if (page.getElementById("vaegan-answer-style")) return;
  const style = page.createElement("style");
  style.id = "vaegan-answer-style";
  style.textContent = CSS;
  page.head.prepend(style);
}
const bytesOf = sealed => Uint8Array.from(atob(sealed), c => c.charCodeAt(0));
const opened = sealed => JSON.parse(new TextDecoder().decode(bytesOf(sealed)));
function say(form, status, message) {
  const out = form.querySelector("output"), typed = form.querySelector("input[type=text]");
  out.textContent = (MARKS[status] ?? "") + message;
  if (status) out.dataset.verdict = status === "mistake" ? "wrong" : status;
  else delete out.dataset.verdict;
  typed?.setAttribute("aria-invalid", String(["mistake", "wrong", "unreadable"].includes(status)));
}

// Other numbers: a file beside the page, loaded when it is asked for, as a script: that works
// without a server, too. It holds the variants of all questions of the page, compressed.
const load = src => new Promise((done, fail) => {
  const script = document.createElement("script");
  script.src = src;
  script.onload = () => done(globalThis.vaeganNumbers?.[src]);
  script.onerror = () => {
    script.remove();
    fail(`Other numbers are not at hand: ${src} is missing beside this page.`);
  };
  document.head.append(script);
});
async function unpacked(src) {
  const packed = await load(src);
  if (!globalThis.DecompressionStream) throw "Other numbers need a newer browser.";
  const unpack = new DecompressionStream("deflate");
  const plain = new Blob([bytesOf(packed)]).stream().pipeThrough(unpack);
  return JSON.parse(await new Response(plain).text());
}
const opening = {};                       // file -> what it holds, unpacked once a page
async function variants(src, id) {
  opening[src] ??= unpacked(src);
  try { return (await opening[src])[id]; }
  catch (e) {                             // the next click tries again
    delete opening[src];
    throw e;
  }
}
function put(place, html) {
  if (!place) return;
  place.innerHTML = html;
  for (const e of place.querySelectorAll(".math")) {
    const tex = e.textContent;
    globalThis.katex?.render(tex, e, {throwOnError: false});
  }
}
function show(form, v) {                  // another variant, in the box that holds the form
  const box = form.closest(".question-box");
  put(box.querySelector(".asked"), v.asked);
  const hints = box.querySelectorAll(".help details.hint > div");
  hints.forEach((place, k) => put(place, v.hints[k] ?? ""));
  put(box.querySelector(".help details.solution > div"), v.solution);
  box.querySelectorAll(".help details").forEach(d => { d.open = false; });
  if (!form.querySelector("textarea")) form.reset();     // what was written stays
  say(form, "", `Other numbers, those of seed ${v.seed}.`);
}
function addOther(form, take) {
  const button = document.createElement("button"), {numbers, id} = form.dataset;
  let next = 0;
  button.type = "button";
  button.className = "other";
  button.textContent = "Other numbers";
  button.addEventListener("click", async () => {
    try {
      const all = await variants(numbers, id), v = all[next++ % all.length];
      show(form, v);
      take(v.q);
    } catch (e) { say(form, "unreadable", String(e)); }
  });
  (form.querySelector("button") ?? form.querySelector("p")).after(" ", button);
}

function wire(form) {                     // from now on the form answers
  let q = opened(form.dataset.q);
  dress(document);
  form.hidden = false;
  const note = form.previousElementSibling;
  if (note?.matches(".vaegan-unscripted")) note.hidden = true;
  form.addEventListener("submit", event => {
    event.preventDefault();
    say(form, ...judge(q, new FormData(form).get("answer") ?? ""));
  });
  if (form.dataset.numbers) addOther(form, other => { q = other; });
}
function wireArgued(form) {               // nothing is judged, but it asks with other numbers, too
  if (form.querySelector("button.other")) return;
  addOther(form, () => {});
}

if (globalThis.document) {                // a box without a script of its own calls this one
  globalThis.vaeganAnswer = () => {
    document.querySelectorAll("form.vaegan-answer[hidden]").forEach(wire);
    document.querySelectorAll("form.vaegan-argued[data-numbers]").forEach(wireArgued);
  };
  globalThis.vaeganAnswer();
}
