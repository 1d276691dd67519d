// Data N(0, 1) against a generator N(m, s²): the best discriminator, the value and the
// divergence, on a grid.
import {button, clamp, el, fixed, glide, handle, linspace, normalPdf, number, picture, plot, set,
        slider, trapezoid} from "./base.js";

const logPdf = (x, m, s) => -.5*((x - m)/s)**2 - Math.log(s) - .5*Math.log(2*Math.PI);
const logSigmoid = l => Math.min(l, 0) - Math.log1p(Math.exp(-Math.abs(l)));
const xlogy = (x, y) => x == 0 ? 0 : x*Math.log(y);
const peak = s => 1/(s*Math.sqrt(2*Math.PI));

export const dStar = (x, m, s) => 1/(1 + Math.exp(logPdf(x, m, s) - logPdf(x, 0, 1)));

// V(D*, G) from D*'s logits, −log 4 + 2 JS from the densities, and how often D* is right.
export function values(m, s, xs) {
  const p = xs.map(x => normalPdf(x, 0, 1)), q = xs.map(x => normalPdf(x, m, s));
  const logits = xs.map(x => logPdf(x, 0, 1) - logPdf(x, m, s));
  const integral = f => trapezoid(xs.map((_, i) => f(i)), xs);
  const V = integral(i => p[i]*logSigmoid(logits[i]) + q[i]*logSigmoid(-logits[i]));
  const mix = p.map((v, i) => .5*(v + q[i]));
  const kl = r => integral(i => xlogy(r[i], r[i]) - xlogy(r[i], mix[i])), js = .5*(kl(p) + kl(q));
  const accuracy = .5*(1 + .5*integral(i => Math.abs(p[i] - q[i])));
  return {V, js, bound: -Math.log(4) + 2*js, accuracy};
}

export function mount(root, {m, s, lo, hi, n}) {
  const pic = picture(root, "The minimax game: move the generator's density");
  const state = {m, s}, lim = {m: [-5, 5], s: [.4, 2.5]};
  const grid = linspace(lo, hi, n), coarse = linspace(lo, hi, 321);
  const xs = linspace(-6.5, 6.5, 261), ms = linspace(-5, 5, 101);

  const p = plot(pic, pic.live, {
    label: "The data's density, the generator's, and the best discriminator",
    xlim: [-6.5, 6.5], ylim: [0, 1.06], height: 230, xlabel: "x",
    xticks: [-6, -4, -2, 0, 2, 4, 6], yticks: [0, [.5, "½"], 1], left: 26});
  const half = p.add("path", "dash faint"), data = p.add("path", "area real");
  const fakes = p.add("path", "area fake"), top = p.add("path", "curve fake");
  const best = p.add("path", "curve truth");
  const names = {
    p: p.add("text", "real-ink", "data p"),
    q: p.add("text", "fake-ink", "fakes q"),
    D: p.add("text", "truth-ink", "D*")};
  const grip = handle(p, {
    label: "fakes q: mean left and right, width up and down", role: "fake", range: lim.m,
    get: () => [state.m, peak(state.s)],
    put(x, y) {
      state.m = clamp(x, lim.m);
      state.s = clamp(peak(Math.max(y, .01)), lim.s);
    },
    nudge(dx, dy) {
      state.m = clamp(state.m + .1*dx, lim.m);
      state.s = clamp(state.s - .05*dy, lim.s);
    },
    words: () => `mean ${fixed(state.m)}, width ${fixed(state.s)}`});

  const low = plot(pic, pic.live, {
    label: "The value for every mean of q at this width", xlim: [-6.5, 6.5], ylim: [-1.5, .1],
    height: 170, xlabel: "mean of q", xticks: [-4, -2, 0, 2, 4], yticks: [0], left: 26});
  const floor = low.add("path", "dash truth"), curve = low.add("path", "curve fake");
  const dot = low.add("circle", "solid fake");
  const floorName = low.add("text", "truth-ink", "−log 4"), here = low.add("text", "fake-ink");

  const line = el("p", {class: "numbers"}), controls = el("div", {class: "controls"});
  const buttons = el("div", {class: "buttons"});
  pic.live.append(line, controls, buttons);
  const show = {
    V: number(line, "V", "V(D*, G) =", "fake"),
    bound: number(line, "bound", "−log 4 + 2 JS ="),
    js: number(line, "js", "JS =", "prior"),
    accuracy: number(line, "accuracy", "D* is right:", "model", 3)};
  const sliders = [["m", "mean of q"], ["s", "width of q"]].map(([key, label]) =>
    slider(pic, controls, state, key,
           {label, role: "fake", min: lim[key][0], max: lim[key][1], step: .05}));
  for (const [words, to] of [["q = p", {m: 0, s: 1}], ["right place, too wide", {m: 0, s: 2}],
                             ["far away", {m: 5, s: 1}], ["back to the start", {m, s}]])
    button(pic, buttons, words, () => glide(pic, state, to));

  const drawDensities = () => {
    const {m, s} = state, qs = xs.map(x => normalPdf(x, m, s));
    set(half, {d: p.line([-6.5, 6.5], [.5, .5])});
    set(data, {d: p.fill(xs, xs.map(x => normalPdf(x, 0, 1)))});
    set(fakes, {d: p.fill(xs, qs)});
    set(top, {d: p.line(xs, qs)});
    set(best, {d: p.line(xs, xs.map(x => dStar(x, m, s)))});
  };
  const drawNames = () => {                                      // they keep out of q's way
    const {m, s} = state, side = m >= 0 ? 1 : -1, D = dStar(-6.3*side, m, s);
    const outer = side > 0 ? "start" : "end", inner = side > 0 ? "end" : "start";
    p.put(names.p, -1.1*side, .3, null, inner);
    if (Math.abs(m) > 2.5) p.put(names.q, m, peak(s) + .07, null, "middle");
    else p.put(names.q, m + side*(1.6*s + .25), .35*peak(s), null, outer);
    p.put(names.D, -6.3*side, D + (D < .3 ? .04 : -.09), null, outer);
  };
  let width, Vs;                                     // the lower curve changes with the width alone
  const drawValues = v => {
    if (width != state.s) {
      width = state.s;
      Vs = ms.map(m => values(m, width, coarse).V);
    }
    set(floor, {d: low.line([-6.5, 6.5], [-Math.log(4), -Math.log(4)])});
    low.put(floorName, -6.4, -1.34, null, "start");
    set(curve, {d: low.line(ms, Vs)});
    set(dot, {cx: low.X(state.m), cy: low.Y(v.V), r: 5});
    low.put(here, 0, -.14, "V(D*, G)");
  };
  pic.draw = () => {
    const v = values(state.m, state.s, grid), right = fixed(100*v.accuracy, 0);
    drawDensities();
    drawNames();
    drawValues(v);
    for (const k in show) show[k](v[k]);
    grip.show();
    for (const c of sliders) c.show();
    pic.say(`V ${fixed(v.V, 3)}, JS ${fixed(v.js, 3)}, ` +
            `D star is right ${right} percent of the time`);
  };
  pic.draw();
}
