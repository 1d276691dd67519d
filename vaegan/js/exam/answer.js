// The answer box of an exercise: reads what is typed, judges it, says what is wrong. Hand-written
// and without dependencies; vaegan.exam.box puts it below a form. It agrees with
// vaegan.exam.answers and vaegan.exam.judge: tests run both on the whole bank.

const FN = {
  exp: Math.exp, log: Math.log, ln: Math.log, sqrt: Math.sqrt, abs: Math.abs,
  sin: Math.sin, cos: Math.cos, sinh: Math.sinh, cosh: Math.cosh, tanh: Math.tanh,
  sech: x => 1/Math.cosh(x), sigmoid: x => 1/(1 + Math.exp(-x)),
  softplus: x => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
};
const TYPED = {
  "−": "-", "–": "-", "·": "*", "×": "*", "^": "**", "²": "**2", "³": "**3", "½": "(1/2)",
  "π": "pi", "σ": "sigma", "μ": "mu", "µ": "mu", "λ": "lam", "β": "beta", "θ": "theta",
  "η": "eta", "ℓ": "l", "ε": "eps", "₁": "1", "₂": "2",
};
const NUMBER = String.raw`\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?`;
const TOKEN = new RegExp(String.raw`\s*(${NUMBER}|\*\*|[-+*\/(),\[\]]|[A-Za-z_]\w*)`, "y");

function unwrapped(s) {               // "(1, 2)" -> "1, 2", but not "(1)/(2)"
  const inside = s.match(/^[\[(](.*)[\])]$/s)?.[1];
  if (inside === undefined) return s;
  let depth = 0;
  for (const c of inside) {
    if ("([".includes(c)) depth++;
    if (")]".includes(c) && --depth < 0) return s;
  }
  return inside;
}

function tokens(s) {
  const found = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < s.length) {
    const at = TOKEN.lastIndex, m = TOKEN.exec(s);
    if (m) found.push(m[1]);
    else if (s.slice(at).trim()) throw "not an expression";
    else break;
  }
  return found;
}

function read(text, env) {            // a small parser: nothing that is typed is ever run
  if (text.length > 200) throw "too long";
  const plain = text.replace(/[^\x00-\x7f^]|\^/g, c => TYPED[c] ?? c).trim();
  const toks = tokens(unwrapped(plain));
  let i = 0;
  const next = t => toks[i] === t && ++i;
  const need = t => { if (!next(t)) throw "not an expression"; };
  const inBrackets = () => { const x = sum(); need(")"); return x; };
  function atom() {
    const t = toks[i++];
    if (t === undefined) throw "not an expression";
    if (t === "(") return inBrackets();
    if (/^[\d.]/.test(t)) return Number(t);
    if (Object.hasOwn(FN, t) && next("(")) return FN[t](inBrackets());
    if (Object.hasOwn(env, t)) return env[t];
    if (t === "pi") return Math.PI;
    if (t === "e") return Math.E;
    throw "unknown: " + t;
  }
  function power() { const a = atom(); return next("**") ? a ** unary() : a; }
  function unary() {
    if (next("-")) return -unary();
    return next("+") ? unary() : power();
  }
  function product() {
    let a = unary();
    for (;;) if (next("*")) a *= unary(); else if (next("/")) a /= unary(); else return a;
  }
  function sum() {
    let a = product();
    for (;;) if (next("+")) a += product(); else if (next("-")) a -= product(); else return a;
  }
  const out = [sum()];
  while (next(",")) out.push(sum());
  if (i < toks.length) throw "not an expression";
  if (!out.every(Number.isFinite)) throw "it has no value";
  return out;
}

function near(xs, ys, tol) {
  const close = (x, y) => Math.abs(x - y) <= tol*Math.max(1, Math.abs(y)) + 1e-9;
  return xs.length === ys.length && xs.every((x, k) => close(x, ys[k]));
}

function judgeLetter(q, said) {
  if (said === q.answer) return ["right", "Right."];
  const w = q.wrong.find(w => w[0] === said);
  return ["wrong", "Not yet. " + (w ? w[1] : "")];
}

function judge(q, said) {             // -> [status, message]
  if (!said || !said.trim()) return ["pending", "Pending. Give an answer first."];
  if (q.letters) return judgeLetter(q, said);
  let got;
  try { got = q.points ? q.points.flatMap(p => read(said, p)) : read(said, {}); }
  catch (e) {
    const how = "Write for example 0.25, 1/4 or exp(-1)/2, with * between factors.";
    return ["unreadable", "Not readable: " + e + ". " + how];
  }
  if (got.length !== q.answer.length) {
    const n = q.points ? 1 : q.answer.length;
    const point = said.includes(",") ? " Decimals take a point: 0.5." : "";
    return ["unreadable", "Not readable: expected " + n + " number(s)." + point];
  }
  if (near(got, q.answer, q.tol)) return ["right", "Right."];
  const w = q.wrong.find(w => near(got, w[0], q.tol));
  if (w) return ["wrong", "Not yet. " + w[1]];
  if (!q.points && near(got, q.answer, 10*q.tol))
    return ["wrong", "Not yet. Close: keep more digits until the end."];
  return ["wrong", "Not yet. This is not it, and not a mistake I know. Try a hint."];
}

const MARKS = {right: "✓ ", wrong: "✗ "};
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

function dress(page) {                // once a page; first, so that its own style outranks this
  if (page.getElementById("vaegan-answer-style")) return;
  const style = page.createElement("style");
  style.id = "vaegan-answer-style";
  style.textContent = CSS;
  page.head.prepend(style);
}

function wire(form) {                 // from now on the form answers
  const bytes = Uint8Array.from(atob(form.dataset.q), c => c.charCodeAt(0));
  const q = JSON.parse(new TextDecoder().decode(bytes));
  dress(document);
  form.hidden = false;
  form.addEventListener("submit", event => {
    event.preventDefault();
    const [status, message] = judge(q, new FormData(form).get("answer") ?? "");
    const out = form.querySelector("output"), typed = form.querySelector("input[type=text]");
    out.textContent = (MARKS[status] ?? "") + message;
    out.dataset.verdict = status;
    typed?.setAttribute("aria-invalid", String(status === "wrong" || status === "unreadable"));
  });
}

if (globalThis.document)              // each script on a page takes the forms above it
  document.querySelectorAll("form.vaegan-answer[hidden]").forEach(wire);
