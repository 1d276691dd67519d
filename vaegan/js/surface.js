// The linear autoencoder with one weight each, x̂ = w2 w1 x: its loss, where descent goes, and what
// never changes on the way.
import {button, clamp, el, fixed, glide, handle, linspace, number, picture, plot, set,
        slider} from "./base.js";

export function loss(w1, w2, m) { return m*(1 - w1*w2)**2; }

export function descend(w1, w2, m, lr, n) {
  const out = [[w1, w2]];
  for (let i = 0; i < n; i++) {
    const [a, b] = out[i], k = 2*lr*m*(1 - a*b);
    out.push([a + k*b, b + k*a]);
  }
  return out;
}

// Where the flow (steps without end) lands: on w1 w2 = 1, with w1² − w2² as at the start; on the
// line w2 = −w1 in the saddle.
export function landing(w1, w2) {
  if (w1 + w2 == 0) return [0, 0];
  const c = w1*w1 - w2*w2, root = Math.sqrt(c*c + 4), s = Math.sign(w1 + w2);
  const a = Math.sqrt(c > 0 ? (c + root)/2 : 2/(root - c));
  return [s*a, s/a];
}

// The branch of w1² − w2² = c through a point, as [w1, w2] pairs within the frame.
export function invariant(w1, w2, span, n = 121) {
  const c = w1*w1 - w2*w2, t = linspace(-span, span, n);
  if (c >= 0) return t.map(v => [(w1 < 0 ? -1 : 1)*Math.sqrt(c + v*v), v]);
  return t.map(v => [v, (w2 < 0 ? -1 : 1)*Math.sqrt(v*v - c)]);
}

const S = 2.5, lim = [-2.4, 2.4];                             // half the frame; where starts may be

// Bands of a factor of four in the loss, in the page's colours, as the address of an image.
function shades(m, dark) {
  const N = 150, canvas = el("canvas", {width: N, height: N}), c = canvas.getContext("2d");
  const at = i => S*(2*(i + .5)/N - 1);
  for (let i = 0; i < N; i++) for (let j = 0; j < N; j++) {
    const factors = Math.floor(Math.log(loss(at(i), -at(j), m)/m)/Math.log(4));
    const band = clamp(factors, [-5, 3]) + 5;
    c.fillStyle = dark ? `hsl(195 45% ${30 - 2.6*band}%)` : `hsl(195 48% ${66 + 3.6*band}%)`;
    c.fillRect(i, j, 1, 1);
  }
  return canvas.toDataURL();
}

export function mount(root, {m, w1, w2, lr, n}) {
  const pic = picture(root, "The loss of the linear autoencoder: choose where descent starts");
  const state = {w1, w2, lr, n}, ticks = [-2, -1, 0, 1, 2];
  const columns = "grid-template-columns: repeat(auto-fit, minmax(min(100%, 19rem), 1fr))";
  const row = el("div", {class: "row", style: columns}), side = el("div");
  pic.live.append(row);

  const p = plot(pic, row, {
    label: "The loss over both weights", xlim: [-S, S], ylim: [-S, S], height: W => W + 12,
    xlabel: "w₁, the encoder (up: w₂, the decoder)", xticks: ticks, yticks: ticks,
    left: 26, right: 10});
  const shade = p.add("image", ""), valley = p.add("path", "curve truth");
  const line = p.add("path", "dash prior"), kept = p.add("path", "dash real");
  const way = p.add("path", "curve fake"), beads = p.add("path", "solid fake");
  const saddle = p.add("path", "curve prior"), end = p.add("circle", "curve model");
  const names = {
    valley: p.add("text", "truth-ink", "loss 0"),
    saddle: p.add("text", "prior-ink", "saddle"),
    kept: p.add("text", "real-ink", "– – w₁² − w₂² kept")};
  set(shade, {"aria-hidden": "true", preserveAspectRatio: "none"});
  set(p.svg, {style: "cursor: crosshair"});

  const move = (x, y) => {
    state.w1 = clamp(x, lim);
    state.w2 = clamp(y, lim);
  };
  const grip = handle(p, {
    label: "the start: w₁ left and right, w₂ up and down", role: "fake", range: lim,
    get: () => [state.w1, state.w2],
    put: move,
    nudge(dx, dy) { move(state.w1 + .05*dx, state.w2 + .05*dy); },
    words: () => `w1 ${fixed(state.w1)}, w2 ${fixed(state.w2)}`});
  p.svg.addEventListener("click", e => {                      // a click anywhere is a start, too
    const [x, y] = p.at(e);
    if (e.target.closest(".handle") || Math.abs(x) > S || Math.abs(y) > S) return;
    pic.gliding = null;
    move(x, y);
    pic.draw();
  });

  const one = el("p", {class: "numbers"}), two = el("p", {class: "numbers mute"});
  const controls = el("div", {class: "controls"}), buttons = el("div", {class: "buttons"});
  row.append(side);
  side.append(one, two, controls, buttons);
  two.append("Infinitely small steps land at ");
  const show = {
    n: number(one, "n", "steps", "fake", 0),
    loss: number(one, "loss", "loss", "fake"),
    product: number(one, "product", "w₁w₂ =", "truth"),
    c0: number(one, "c0", "w₁² − w₂² at the start", "real"),
    c1: number(one, "c1", "at the end", "real"),
    land1: number(two, "land1", "w₁ =", "model"),
    land2: number(two, "land2", "w₂ =", "model")};
  const knob = (key, options) => slider(pic, controls, state, key, options);
  const start = {role: "fake", min: lim[0], max: lim[1], step: .01};
  const sliders = [
    knob("w1", {label: "start w₁", ...start}),
    knob("w2", {label: "start w₂", ...start}),
    knob("lr", {label: "step size", role: "truth", min: .002, max: .05, step: .001,
                format: v => fixed(v, 3)}),
    knob("n", {label: "steps", role: "truth", min: 0, max: 1000, step: 5,
               format: v => String(Math.round(v))})];
  button(pic, buttons, "descend again", () => {
    const to = Math.max(20, Math.round(state.n));
    state.n = 0;
    glide(pic, state, {n: to}, 2500);
  });
  button(pic, buttons, "start on the dashed line", () => glide(pic, state, {w1: -1.8, w2: 1.8}));
  button(pic, buttons, "back to the start", () => glide(pic, state, {w1, w2, lr, n}));

  let shaded = "";
  const drawSurface = () => {
    if (shaded != pic.theme) {
      shaded = pic.theme;
      set(shade, {href: shades(m, pic.theme == "dark")});
    }
    set(shade, {x: p.X(-S), y: p.Y(S), width: p.X(S) - p.X(-S), height: p.Y(-S) - p.Y(S)});
    const h = linspace(1/S, S, 81), minus = vs => vs.map(v => -v), inverse = h.map(v => 1/v);
    set(valley, {d: p.line(h, inverse) + p.line(minus(h), minus(inverse))});
    set(line, {d: p.line([-S, S], [S, -S])});
    const on = invariant(state.w1, state.w2, S).filter(w => w.every(v => Math.abs(v) <= S));
    set(kept, {d: p.line(on.map(v => v[0]), on.map(v => v[1]))});
    set(saddle, {d: `M${p.X(0) - 5} ${p.Y(0) - 5}l10 10M${p.X(0) + 5} ${p.Y(0) - 5}l-10 10`});
    p.put(names.valley, 2.1, .62, null);
    p.put(names.saddle, -.15, -.3, null, "end");
    p.put(names.kept, -2.4, -2.35, null, "start");
  };
  const bead = ([x, y]) =>
    `M${(p.X(x) - 2).toFixed(1)} ${p.Y(y).toFixed(1)}a2 2 0 1 0 4 0a2 2 0 1 0 -4 0`;
  pic.draw = () => {
    const n = Math.round(state.n), steps = descend(state.w1, state.w2, m, state.lr, n);
    const last = steps[n], flow = landing(state.w1, state.w2), kept = ([a, b]) => a**2 - b**2;
    drawSurface();
    set(way, {d: p.line(steps.map(v => v[0]), steps.map(v => v[1]))});
    set(beads, {d: steps.filter((_, i) => i % 10 == 0 || i < 10).map(bead).join("")});
    set(end, {cx: p.X(flow[0]), cy: p.Y(flow[1]), r: 7});
    const numbers = {n, loss: loss(...last, m), product: last[0]*last[1], c0: kept(steps[0]),
                     c1: kept(last), land1: flow[0], land2: flow[1]};
    for (const k in show) show[k](numbers[k]);
    grip.show();
    for (const c of sliders) c.show();
    pic.say(`start ${fixed(state.w1)}, ${fixed(state.w2)}; ` +
            `after ${n} steps the loss is ${fixed(numbers.loss, 4)}`);
  };
  pic.draw();
}
