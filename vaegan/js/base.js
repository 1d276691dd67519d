// What the living pictures share: a block with the page's colours, plots, handles to drag,
// sliders, numbers. Hand-written and without dependencies. vaegan.living puts it into a
// notebook's output in front of one picture; the tests run all of it in a browser.

// The roles of vaegan.plot.COLORS: on white as they are there, on black lighter, and as ink dark
// enough to be read. A page that has colours of its own for them says so in custom properties:
// `--fig-real` and so on for lines and areas, those in INKS for words; `--paper`, `--edge`,
// `--wash`, `--sans` for the rest. The site does, a plain notebook does not.
export const COLORS = {
  light: {real: "#0072B2", fake: "#D55E00", model: "#009E73", truth: "#222222", prior: "#CC79A7",
          accent: "#E69F00", faint: "#9AA0A6"},
  dark: {real: "#56B4E9", fake: "#FF8F57", model: "#2CC59A", truth: "#EDEDED", prior: "#E59CC6",
         accent: "#F0B73C", faint: "#9AA0A6"},
  ink: {real: "#00659E", fake: "#A84A00", model: "#00704F", truth: "#222222", prior: "#974574",
        accent: "#7D5600", faint: "#5B6167"},
};

const INKS = {real: "link", fake: "wrong", model: "run", truth: "ink", prior: "prior",
              accent: "hint", faint: "ink-3"};

const roles = Object.keys(COLORS.light);
const roleVars = (r, lines, ink) =>
  `--c-${r}: var(--fig-${r}, ${lines[r]}); --i-${r}: var(--${INKS[r]}, ${ink[r]});`;
const vars = (lines, ink) => roles.map(r => roleVars(r, lines, ink)).join(" ");
const roleCSS = r => `
.${r} { --c: var(--c-${r}); --i: var(--i-${r}); }
.${r}-ink { color: var(--i-${r}); }
svg text.${r}-ink { fill: var(--i-${r}); }`;
const CSS = `
:host {
  display: block; margin: .6rem 0 1rem; max-width: 46rem; ${vars(COLORS.light, COLORS.ink)}
  --mute: var(--ink-2, #5B6167); --line: var(--edge, #868B91); --veil: var(--wash, #0000000D);
  --ground: var(--paper, #FFFFFF); color-scheme: light;
}
:host([data-theme=dark]) {
  ${vars(COLORS.dark, {...COLORS.dark, faint: "#B4B9C0"})}
  --mute: var(--ink-2, #B4B9C0); --line: var(--edge, #747A82); --veil: var(--wash, #FFFFFF14);
  --ground: var(--paper, #161616); color-scheme: dark;
}
slot { display: none; }
.live {
  font: 15px/1.45 var(--sans, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans",
        "DejaVu Sans", sans-serif);
}
.row {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr));
  gap: .4rem 1.2rem; align-items: center;
}
.plot { min-width: 0; overflow: hidden; }
svg { display: block; width: 100%; overflow: visible; }
svg text { font-size: 14px; fill: currentColor; }
.axes text { fill: var(--mute); font-size: 13px; }
.marks text {                                                       /* readable across lines */
  paint-order: stroke; stroke: var(--ground); stroke-width: 3px; stroke-opacity: .7;
}
.axes path { stroke: var(--line); fill: none; }
.handle { cursor: grab; touch-action: none; outline: none; }
.handle:active { cursor: grabbing; }
.handle .dot { stroke: var(--ground); stroke-width: 2; }
.handle .halo { fill: transparent; }
.handle:hover .halo, .handle:focus-visible .halo {
  fill: var(--veil); stroke: currentColor; stroke-width: 1.5;
}
.controls {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 13rem), 1fr));
  gap: .2rem 1.4rem; margin-top: .4rem;
}
.controls label { display: grid; grid-template-columns: 1fr auto; align-items: baseline; }
.controls output { font-variant-numeric: tabular-nums; }
.controls input {
  grid-column: 1 / -1; width: 100%; margin: 0; min-height: 24px; accent-color: var(--i);
}
.buttons { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem; margin-top: .5rem; }
button {
  font: inherit; color: inherit; background: var(--veil); border: 1px solid var(--line);
  border-radius: 4px; padding: .2rem .7rem; min-height: 28px; cursor: pointer;
}
button:focus-visible, input:focus-visible {
  outline: 2px solid var(--i-accent); outline-offset: 2px;
}
.numbers {
  display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; margin: .4rem 0 0; padding: 0;
  font-variant-numeric: tabular-nums;
}
.numbers b { white-space: nowrap; }
.mute { color: var(--mute); }
.unseen {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap;
}
canvas { display: block; width: 100%; }
.pixels { image-rendering: pixelated; }
${roles.map(roleCSS).join("")}
.area { fill: var(--c); fill-opacity: .28; }
.curve { fill: none; stroke: var(--c); stroke-width: 2; stroke-linejoin: round; }
.solid { fill: var(--c); }
.dash { fill: none; stroke: var(--c); stroke-width: 1.3; stroke-dasharray: 5 4; }
.handle .dot { fill: var(--c); }
@media print { .live { display: none; } slot { display: block; } }
@media (forced-colors: active) {                       /* the reader's own two colours, for words */
  :host, :host([data-theme=dark]) {
    --ground: Canvas; --mute: CanvasText; --line: CanvasText; --veil: Canvas;
    --c-truth: CanvasText; ${roles.map(r => `--i-${r}: CanvasText;`).join(" ")}
  }
  .marks text { stroke-opacity: 1; }
}
`;

// ------------------------------------------------------------------------------- small things
export const clamp = (v, [lo, hi]) => Math.min(hi, Math.max(lo, v));
export const linspace = (a, b, n) => Array.from({length: n}, (_, i) => a + (b - a)*i/(n - 1));

export function fixed(v, digits = 2) {                                     // without a "−0.00"
  return (Math.abs(v) < .5*10**-digits ? 0 : v).toFixed(digits).replace("-", "−");
}

export function floats({f32}) {                                            // a tensor
  return new Float32Array(Uint8Array.from(atob(f32), c => c.charCodeAt(0)).buffer);
}

export function normalPdf(z, mu, s) {
  return Math.exp(-.5*((z - mu)/s)**2)/(s*Math.sqrt(2*Math.PI));
}

export function trapezoid(ys, xs) {
  let sum = 0;
  for (let i = 1; i < xs.length; i++) sum += .5*(ys[i] + ys[i-1])*(xs[i] - xs[i-1]);
  return sum;
}

export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

export function set(node, attrs) {
  for (const k in attrs) node.setAttribute(k, attrs[k]);
  return node;
}

export function el(tag, attrs = {}, ...inside) {
  const node = set(document.createElement(tag), attrs);
  node.append(...inside);
  return node;
}

export function svg(tag, attrs = {}, ...inside) {
  const node = set(document.createElementNS("http://www.w3.org/2000/svg", tag), attrs);
  node.append(...inside);
  return node;
}

// ---------------------------------------------------------------------------------- the block
// Mount every block of this key when it comes into view; until then it is its static picture.
// Wait a little for one that is not on the page yet.
export function launch(key, mount, tries = 100) {
  const found = document.querySelectorAll(`[data-living="${key}"]:not([data-awaited])`);
  for (const root of found) {
    root.dataset.awaited = "";
    whenSeen(root, () => start(root, mount));
  }
  if (!found.length && tries) setTimeout(launch, 100, key, mount, tries - 1);
}

function whenSeen(root, then) {                                   // or nearly: half a screen ahead
  const watch = new IntersectionObserver(seen => {
    if (!seen.some(e => e.isIntersecting)) return;
    watch.disconnect();
    then();
  }, {rootMargin: "50%"});
  watch.observe(root);
}

function start(root, mount) {
  root.dataset.alive = "";
  try {
    mount(root, JSON.parse(root.querySelector("script[type='application/json']").textContent));
  } catch (e) {                                                   // the static picture again
    if (root.shadowRoot) root.shadowRoot.innerHTML = "<slot></slot>";
    throw e;
  }
}

// A picture: `live` takes the parts, `draw` (set it) brings all of them up to date, `fit` asks how
// wide the page is.
export function picture(root, label) {
  const live = el("div", {class: "live", role: "group", "aria-label": label});
  const said = el("p", {class: "unseen", "aria-live": "polite"});
  const pic = {root, live, plots: [], draw() {}, theme: "light"};
  root.attachShadow({mode: "open"}).append(el("style", {}, CSS), live, said, el("slot"));
  pic.fit = () => { for (const p of pic.plots) p.fit(); pic.draw(); };
  let timer;                         // numbers are read out when the hand rests, not at every step
  pic.say = text => {
    clearTimeout(timer);
    timer = setTimeout(() => { said.textContent = text; }, 700);
  };
  follow(pic);
  return pic;
}

// Keep to the page: its theme (light text means a dark page, whoever made it dark) and its width.
function follow(pic) {
  const look = () => {
    const css = getComputedStyle(pic.root).color, scale = css.startsWith("rgb") ? 1 : 255;
    if (!css) return;                          // off the page, as slides while they are paged
    const [r, g, b] = css.match(/[\d.]+/g).map(v => v*scale);
    pic.theme = pic.root.dataset.theme = .3*r + .6*g + .1*b > 140 ? "dark" : "light";
  };
  const relook = () => { look(); pic.draw(); setTimeout(() => { look(); pic.draw(); }, 300); };
  look();
  for (const node of [document.documentElement, document.body])
    new MutationObserver(relook).observe(node, {attributes: true});
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", relook);
  let width = 0;
  const measure = () => {
    if (pic.live.clientWidth == width) return;
    width = pic.live.clientWidth;
    look();
    pic.fit();
  };
  new ResizeObserver(() => requestAnimationFrame(measure)).observe(pic.live);
}

// Go from one state to another in small steps, or at once for readers who asked for less motion.
export function glide(pic, state, target, ms = 700) {
  const from = {...state}, start = performance.now(), stamp = pic.gliding = Symbol();
  const step = now => {
    if (pic.gliding != stamp) return;
    const t = still() ? 1 : clamp((now - start)/ms, [0, 1]), w = t*t*(3 - 2*t);
    for (const k in target) state[k] = t == 1 ? target[k] : from[k] + w*(target[k] - from[k]);
    pic.draw();
    if (t < 1) requestAnimationFrame(step);
  };
  step(start);
}

// ------------------------------------------------------------------------------------- a plot
// Quiet axes in an SVG as wide as its place. X and Y turn data into pixels; `add` makes a mark that
// `draw` keeps up to date.
export function plot(pic, parent, {
  label, xlim, ylim, height = 210, xlabel = "", xticks = [], yticks = [],
  left = 8, right = 8, top = 14, bottom = 34,
}) {
  const axes = svg("g", {class: "axes", "aria-hidden": "true"}), marks = svg("g", {class: "marks"});
  const s = svg("svg", {role: "group", "aria-label": label}, axes, marks);
  const box = el("div", {class: "plot"}, s);
  const p = {pic, svg: s, xlim, ylim, W: 600, H: 210, handles: []};
  parent.append(box);
  pic.plots.push(p);
  p.X = v => left + (v - p.xlim[0])/(p.xlim[1] - p.xlim[0])*(p.W - left - right);
  p.Y = v => p.H - bottom - (v - p.ylim[0])/(p.ylim[1] - p.ylim[0])*(p.H - top - bottom);
  p.at = e => {                                                   // where a pointer is
    const r = s.getBoundingClientRect(), k = r.width/p.W;         // larger than drawn, on a slide
    const u = ((e.clientX - r.left)/k - left)/(p.W - left - right);
    const v = ((r.bottom - e.clientY)/k - bottom)/(p.H - top - bottom);
    return [p.xlim[0] + u*(p.xlim[1] - p.xlim[0]), p.ylim[0] + v*(p.ylim[1] - p.ylim[0])];
  };
  p.add = (tag, cls, text = "") => {
    const mark = svg(tag, {class: cls}, text);
    marks.append(mark);
    return mark;
  };
  const point = (x, y) => `${p.X(x).toFixed(1)} ${p.Y(y).toFixed(1)}`;
  p.line = (xs, ys) => {
    let d = "";
    for (let i = 0; i < xs.length; i++) d += (i ? "L" : "M") + point(xs[i], ys[i]);
    return d;
  };
  p.fill = (xs, ys) => {
    const floor = p.ylim[0], last = xs[xs.length-1];
    return `${p.line(xs, ys)}L${point(last, floor)}L${point(xs[0], floor)}Z`;
  };
  p.put = (text, x, y, words, anchor = "middle") => {
    set(text, {x: p.X(x), y: p.Y(y), "text-anchor": anchor});
    if (words != null) text.textContent = words;
  };
  const pairs = ticks => ticks.map(t => Array.isArray(t) ? t : [t, String(t).replace("-", "−")]);
  const write = (x, y, anchor, words) => svg("text", {x, y, "text-anchor": anchor}, words);
  p.fit = () => {
    p.W = box.clientWidth || 600;
    p.H = typeof height == "function" ? height(p.W) : height;
    set(s, {viewBox: `0 0 ${p.W} ${p.H}`, height: p.H});
    const below = pairs(xticks), beside = pairs(yticks);
    const strokes = below.map(([v]) => `M${p.X(v)} ${p.H - bottom}v4`).join("");
    axes.replaceChildren(
      svg("path", {d: `M${left} ${p.H - bottom + .5}H${p.W - right}${strokes}`}),
      ...below.map(([v, words]) => write(p.X(v), p.H - bottom + 15, "middle", words)),
      ...beside.map(([v, words]) => write(left - 6, p.Y(v) + 4, "end", words)),
      write((p.W + left - right)/2, p.H - 3, "middle", xlabel));
  };
  p.fit();
  return p;
}

// Something to take hold of. `get` says where it is, `put` takes a new place, `nudge` an arrow key
// (dx, dy of −1, 0 or 1; ten times that with Shift); `words` is what a screen reader says, `now`
// and `range` the number of its first coordinate.
export function handle(p, {
  label, role = "model", get, put, nudge, words, now = () => get()[0], range = p.xlim,
}) {
  const g = svg("g", {
    class: `handle ${role}`, tabindex: 0, role: "slider", "aria-label": label,
    "aria-valuemin": range[0], "aria-valuemax": range[1],
  }, svg("circle", {class: "halo", r: 15}), svg("circle", {class: "dot", r: 7}));
  p.svg.append(g);
  p.handles.push(g);
  let grip = [0, 0];
  g.addEventListener("pointerdown", e => {
    const [x, y] = p.at(e), [a, b] = get();
    grip = [a - x, b - y];
    p.pic.gliding = null;
    e.preventDefault();
    g.focus();
    g.setPointerCapture(e.pointerId);
  });
  g.addEventListener("pointermove", e => {
    if (!g.hasPointerCapture(e.pointerId)) return;
    const [x, y] = p.at(e);
    put(x + grip[0], y + grip[1]);
    p.pic.draw();
  });
  g.addEventListener("keydown", e => {
    const ways = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]};
    const way = ways[e.key];
    if (!way) return;
    const far = e.shiftKey ? 10 : 1;
    e.preventDefault();
    p.pic.gliding = null;
    nudge(far*way[0], far*way[1]);
    p.pic.draw();
  });
  g.show = () => {
    const [x, y] = get(), at = `translate(${p.X(x).toFixed(1)} ${p.Y(y).toFixed(1)})`;
    set(g, {transform: at, "aria-valuenow": +now().toFixed(3), "aria-valuetext": words()});
  };
  return g;
}

// ------------------------------------------------------------------------- sliders and numbers
// One native slider; `show` follows the state, `format` turns the number into words.
export function slider(pic, parent, state, key, {
  label, role = "model", min, max, step, format = v => fixed(v),
}) {
  const input = el("input",
    {type: "range", class: role, "aria-label": label, "data-key": key, min, max, step});
  const out = el("output");
  parent.append(el("label", {}, el("span", {"aria-hidden": "true"}, label), out, input));
  input.addEventListener("input", () => {
    pic.gliding = null;
    state[key] = +input.value;
    pic.draw();
  });
  const show = () => {
    if (+input.value != state[key]) input.value = state[key];
    out.textContent = format(state[key]);
    input.setAttribute("aria-valuetext", out.textContent);
  };
  return {input, show};
}

export function button(pic, parent, words, press) {
  const b = el("button", {type: "button"}, words);
  b.addEventListener("click", press);
  parent.append(b);
  return b;
}

// A number on show. The full value stands in data-number, where the tests read it.
export function number(parent, name, label, role = "truth", digits = 4) {
  const value = el("b", {"data-name": name});
  parent.append(el("span", {class: `${role}-ink`}, `${label} `, value));
  return v => {
    set(value, {"data-number": v});
    value.textContent = fixed(v, digits);
  };
}
