// The same noise pushed through mu and sigma, and two estimates of d E[z²]/d mu from each draw.
import {button, clamp, el, fixed, floats, glide, handle, linspace, normalPdf, number, picture,
        plot, set, slider} from "./base.js";

export const pathwise = (eps, mu, sigma) => Array.from(eps, e => 2*(mu + sigma*e));
export const score = (eps, mu, sigma, b) =>
  Array.from(eps, e => ((mu + sigma*e)**2 - b)*e/sigma);

// What theory says: the gradient, the variance of one estimate of either kind, and the baseline
// that makes the second least.
export function exact(mu, sigma, b) {
  const best = mu*mu + 3*sigma*sigma, of_b = (b*b - 2*b*best)/sigma**2;
  const varScore = mu**4/sigma**2 + 14*mu*mu + 15*sigma*sigma + of_b;
  return {grad: 2*mu, varPath: 4*sigma*sigma, varScore, best};
}

export function moments(values) {
  const mean = values.reduce((a, v) => a + v, 0)/values.length;
  return {mean, var: values.reduce((a, v) => a + (v - mean)**2, 0)/(values.length - 1)};
}

// Shares of the values per unit of x in bins between the edges lo and hi, and the shares beyond.
export function histogram(values, lo, hi, n) {
  const h = new Array(n).fill(0), w = (hi - lo)/n;
  let below = 0, above = 0;
  for (const v of values) {
    if (v < lo) below++;
    else if (v >= hi) above++;
    else h[Math.floor((v - lo)/w)] += 1/(w*values.length);
  }
  return {h, below: below/values.length, above: above/values.length};
}

export function mount(root, {eps: packed, mu, sigma, b}) {
  const pic = picture(root, "Reparameterization: move mu and sigma"), eps = floats(packed);
  const state = {mu, sigma, b}, lim = {mu: [-2, 2], sigma: [.2, 2], b: [-4, 16]};
  const few = [...eps.slice(0, 40), 0, 1];                        // the last two are the handles'
  const range = [-6.2, 6.2], us = linspace(...range, 249), TOP = .66, TALL = .75;

  const p = plot(pic, pic.live, {
    label: "The noise above, z = ε σ + μ below", xlim: range, ylim: [0, 1], height: 260,
    xlabel: "z = ε σ + μ", xticks: [-6, -4, -2, 0, 2, 4, 6]});
  const bell = p.add("path", "area prior"), rail = p.add("path", "curve prior");
  const below = p.add("path", "area model");
  const threads = few.map((_, i) => i < 40
    ? set(p.add("path", "curve model"), {style: "stroke-width: 1; stroke-opacity: .5"})
    : set(p.add("path", "curve truth"), {style: "stroke-width: 1.8"}));
  const marks = [p.add("text", "truth-ink", "ε = 0"), p.add("text", "truth-ink", "ε = 1")];
  const names = {
    eps: p.add("text", "prior-ink", "ε from N(0, 1)"),
    z: p.add("text", "model-ink")};
  const grips = [
    handle(p, {
      label: "mu, where the noise 0 goes", range: lim.mu,
      get: () => [state.mu, 0],
      put(x) { state.mu = clamp(x, lim.mu); },
      nudge(dx, dy) { state.mu = clamp(state.mu + .1*(dx + dy), lim.mu); },
      words: () => `mu ${fixed(state.mu)}`}),
    handle(p, {
      label: "mu plus sigma, where the noise 1 goes", role: "accent", range: lim.sigma,
      get: () => [state.mu + state.sigma, 0],
      put(x) { state.sigma = clamp(x - state.mu, lim.sigma); },
      nudge(dx, dy) { state.sigma = clamp(state.sigma + .05*(dx + dy), lim.sigma); },
      words: () => `sigma ${fixed(state.sigma)}`, now: () => state.sigma})];

  const LO = -16, HI = 20, BINS = 48, edges = linspace(LO, HI, BINS + 1);
  const h = plot(pic, pic.live, {
    label: "Histograms of the single estimates", xlim: [LO, HI], ylim: [0, 1], height: 205, top: 26,
    xlabel: "estimate of the gradient from one draw", xticks: [-15, -10, -5, 0, 5, 10, 15, 20]});
  const areas = {score: h.add("path", "area fake"), path: h.add("path", "area model")};
  const outlines = {score: h.add("path", "curve fake"), path: h.add("path", "curve model")};
  const truth = h.add("path", "dash truth");
  const says = {
    truth: h.add("text", "truth-ink"),
    path: h.add("text", "model-ink", "pathwise"),
    score: h.add("text", "fake-ink", "score function"),
    off: h.add("text", "fake-ink")};

  const lines = ["model", "fake"].map(() => el("p", {class: "numbers"}));
  const controls = el("div", {class: "controls"}), buttons = el("div", {class: "buttons"});
  pic.live.append(...lines, controls, buttons);
  const show = {
    varPath: number(lines[0], "varPath", "pathwise: exact variance", "model", 3),
    seenPath: number(lines[0], "seenPath", "of these draws", "model", 3),
    meanPath: number(lines[0], "meanPath", "mean", "model", 3),
    varScore: number(lines[1], "varScore", "score function: exact variance", "fake", 3),
    seenScore: number(lines[1], "seenScore", "of these draws", "fake", 3),
    meanScore: number(lines[1], "meanScore", "mean", "fake", 3)};
  const knob = (key, label, role) => slider(pic, controls, state, key,
    {label, role, min: lim[key][0], max: lim[key][1], step: .05});
  const sliders = [knob("mu", "μ"), knob("sigma", "σ", "accent"), knob("b", "baseline b", "fake")];
  const best = () => ({b: exact(state.mu, state.sigma, 0).best});
  button(pic, buttons, "best baseline", () => glide(pic, state, best()));
  button(pic, buttons, "no baseline", () => glide(pic, state, {b: 0}));
  button(pic, buttons, "small σ", () => glide(pic, state, {sigma: .2}));
  button(pic, buttons, "back to the start", () => glide(pic, state, {mu, sigma, b}));

  const drawNoise = ({mu, sigma}) => {
    set(bell, {d: p.line(us, us.map(u => TOP + TALL*normalPdf(u, 0, 1))) + "Z"});
    set(rail, {d: p.line(range, [TOP, TOP]), style: "stroke-width: 1.2"});
    const tall = Math.min(.5, 1.45*sigma);
    set(below, {d: p.fill(us, us.map(u => tall*normalPdf(u, mu, sigma)))});
    few.forEach((e, i) => set(threads[i], {d: p.line([e, mu + sigma*e], [TOP, 0])}));
    p.put(marks[0], -.08, TOP + .025, null, "end");
    p.put(marks[1], 1.08, TOP + .025, null, "start");
    p.put(names.eps, -6.1, .9, null, "start");
    p.put(names.z, 6.1, .12, "z from N(μ, σ²)", "end");
  };
  const stairs = (counts, top) => {
    let d = `M${h.X(LO)} ${h.Y(0)}`;
    counts.forEach((c, i) => {
      const up = h.Y(Math.min(1, c/top)), right = h.X(edges[i+1]);
      d += `V${up.toFixed(1)}H${right.toFixed(1)}`;
    });
    return d + `V${h.Y(0)}`;
  };
  const drawEstimates = (a, s, grad) => {
    const seen = {path: histogram(a, LO, HI, BINS), score: histogram(s, LO, HI, BINS)};
    const top = 1.12*Math.max(...seen.path.h, ...seen.score.h);
    for (const k in seen) {
      const d = stairs(seen[k].h, top);
      set(areas[k], {d: d + "Z"});
      set(outlines[k], {d, style: "stroke-width: 1.3"});
    }
    set(truth, {d: `M${h.X(grad)} ${h.Y(0)}V${h.Y(1)}`});
    h.put(says.truth, grad, 1.04, `true gradient ${fixed(grad)}`);
    h.put(says.score, -15.8, .9, null, "start");
    h.put(says.path, -15.8, .76, null, "start");
    const out = seen.score.below + seen.score.above;
    h.put(says.off, 19.8, .1, out > .0005 ? `${fixed(100*out, 1)} % lie outside` : "", "end");
  };
  pic.draw = () => {
    const {mu, sigma, b} = state, t = exact(mu, sigma, b);
    const a = pathwise(eps, mu, sigma), s = score(eps, mu, sigma, b);
    const ma = moments(a), ms = moments(s);
    drawNoise(state);
    drawEstimates(a, s, t.grad);
    const numbers = {varPath: t.varPath, seenPath: ma.var, meanPath: ma.mean,
                     varScore: t.varScore, seenScore: ms.var, meanScore: ms.mean};
    for (const k in show) show[k](numbers[k]);
    for (const g of grips) g.show();
    for (const c of sliders) c.show();
    pic.say(`true gradient ${fixed(t.grad)}, variance ${fixed(t.varPath)} pathwise, ` +
            `${fixed(t.varScore)} with the score function`);
  };
  pic.draw();
}
