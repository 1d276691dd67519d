// Chapter 5: the same noise pushed through mu and sigma, and two estimates of d E[z²]/d mu from each draw.
import {button, clamp, el, fixed, floats, glide, handle, linspace, normalPdf, number, picture, plot, set, slider} from "./base.js";

export const pathwise = (eps, mu, sigma) => Array.from(eps, e => 2*(mu + sigma*e));
export const score = (eps, mu, sigma, b) => Array.from(eps, e => ((mu + sigma*e)**2 - b)*e/sigma);

// What theory says: the gradient, the variance of one estimate of either kind, and the baseline that makes the second least.
export function exact(mu, sigma, b) {
  const best = mu*mu + 3*sigma*sigma;
  return {grad: 2*mu, varPath: 4*sigma*sigma, varScore: mu**4/sigma**2 + 14*mu*mu + 15*sigma*sigma + (b*b - 2*b*best)/sigma**2, best};
}

export function moments(values) {
  const mean = values.reduce((a, v) => a + v, 0)/values.length;
  return {mean, var: values.reduce((a, v) => a + (v - mean)**2, 0)/(values.length - 1)};
}

// Shares of the values per unit of x in bins between the edges lo and hi, and the shares that lie beyond.
export function histogram(values, lo, hi, n) {
  const h = new Array(n).fill(0), w = (hi - lo)/n;
  let below = 0, above = 0;
  for (const v of values) if (v < lo) below++; else if (v >= hi) above++; else h[Math.floor((v - lo)/w)] += 1/(w*values.length);
  return {h, below: below/values.length, above: above/values.length};
}

export function mount(root, {eps: packed, mu, sigma, b}) {
  const eps = floats(packed), pic = picture(root, "Reparameterization: move mu and sigma"), state = {mu, sigma, b}, lim = {mu: [-2, 2], sigma: [.2, 2], b: [-4, 16]};
  const few = [...eps.slice(0, 40), 0, 1], range = [-6.2, 6.2], us = linspace(...range, 249), TOP = .66, TALL = .75;

  const p = plot(pic, pic.live, {label: "The noise above, z = ε σ + μ below", xlim: range, ylim: [0, 1], height: 260, xlabel: "z = ε σ + μ", xticks: [-6, -4, -2, 0, 2, 4, 6]});
  const bell = p.add("path", "area prior"), rail = p.add("path", "curve prior"), below = p.add("path", "area model");
  const threads = few.map((_, i) => set(p.add("path", `curve ${i < 40 ? "model" : "truth"}`), {style: i < 40 ? "stroke-width: 1; stroke-opacity: .5" : "stroke-width: 1.8"}));
  const marks = [p.add("text", "truth-ink", "ε = 0"), p.add("text", "truth-ink", "ε = 1")], names = {eps: p.add("text", "prior-ink", "ε from N(0, 1)"), z: p.add("text", "model-ink")};
  const grips = [
    handle(p, {label: "mu, where the noise 0 goes", get: () => [state.mu, 0], put(x) { state.mu = clamp(x, lim.mu); },
      nudge(dx, dy) { state.mu = clamp(state.mu + .1*(dx + dy), lim.mu); }, words: () => `mu ${fixed(state.mu)}`, range: lim.mu}),
    handle(p, {label: "mu plus sigma, where the noise 1 goes", role: "accent", get: () => [state.mu + state.sigma, 0], put(x) { state.sigma = clamp(x - state.mu, lim.sigma); },
      nudge(dx, dy) { state.sigma = clamp(state.sigma + .05*(dx + dy), lim.sigma); }, words: () => `sigma ${fixed(state.sigma)}`, now: () => state.sigma, range: lim.sigma})];

  const BINS = 48, edges = linspace(-16, 20, BINS + 1);
  const h = plot(pic, pic.live, {label: "Histograms of the single estimates", xlim: [-16, 20], ylim: [0, 1], height: 205, top: 26, xlabel: "estimate of the gradient from one draw", xticks: [-15, -10, -5, 0, 5, 10, 15, 20]});
  const areas = {score: h.add("path", "area fake"), path: h.add("path", "area model")}, outlines = {score: h.add("path", "curve fake"), path: h.add("path", "curve model")};
  const truth = h.add("path", "dash truth"), says = {truth: h.add("text", "truth-ink"), path: h.add("text", "model-ink", "pathwise"), score: h.add("text", "fake-ink", "score function"), off: h.add("text", "fake-ink")};

  const lines = ["model", "fake"].map(() => el("p", {class: "numbers"})), controls = el("div", {class: "controls"}), buttons = el("div", {class: "buttons"});
  pic.live.append(...lines, controls, buttons);
  const show = {
    varPath: number(lines[0], "varPath", "pathwise: exact variance", "model", 3), seenPath: number(lines[0], "seenPath", "of these draws", "model", 3), meanPath: number(lines[0], "meanPath", "mean", "model", 3),
    varScore: number(lines[1], "varScore", "score function: exact variance", "fake", 3), seenScore: number(lines[1], "seenScore", "of these draws", "fake", 3), meanScore: number(lines[1], "meanScore", "mean", "fake", 3)};
  const sliders = [slider(pic, controls, state, "mu", {label: "μ", min: lim.mu[0], max: lim.mu[1], step: .05}),
                   slider(pic, controls, state, "sigma", {label: "σ", role: "accent", min: lim.sigma[0], max: lim.sigma[1], step: .05}),
                   slider(pic, controls, state, "b", {label: "baseline b", role: "fake", min: lim.b[0], max: lim.b[1], step: .05})];
  button(pic, buttons, "best baseline", () => glide(pic, state, {b: exact(state.mu, state.sigma, 0).best}));
  button(pic, buttons, "no baseline", () => glide(pic, state, {b: 0}));
  button(pic, buttons, "small σ", () => glide(pic, state, {sigma: .2}));
  button(pic, buttons, "back to the start", () => glide(pic, state, {mu, sigma, b}));

  const stairs = (counts, top) => { let d = `M${h.X(-16)} ${h.Y(0)}`; counts.forEach((c, i) => { d += `V${h.Y(Math.min(1, c/top)).toFixed(1)}H${h.X(edges[i+1]).toFixed(1)}`; }); return d + `V${h.Y(0)}`; };
  pic.draw = () => {
    const {mu, sigma, b} = state, t = exact(mu, sigma, b), a = pathwise(eps, mu, sigma), s = score(eps, mu, sigma, b), ma = moments(a), ms = moments(s);
    set(bell, {d: p.line(us, us.map(u => TOP + TALL*normalPdf(u, 0, 1))) + "Z"}); set(rail, {d: p.line(range, [TOP, TOP]), style: "stroke-width: 1.2"});
    set(below, {d: p.fill(us, us.map(u => Math.min(.5, 1.45*sigma)*normalPdf(u, mu, sigma)))});
    few.forEach((e, i) => set(threads[i], {d: p.line([e, mu + sigma*e], [TOP, 0])}));
    p.put(marks[0], -.08, TOP + .025, null, "end"); p.put(marks[1], 1.08, TOP + .025, null, "start");
    p.put(names.eps, -6.1, .9, null, "start"); p.put(names.z, 6.1, .12, "z from N(μ, σ²)", "end");
    for (const g of grips) g.show();
    const ha = histogram(a, -16, 20, BINS), hs = histogram(s, -16, 20, BINS), top = 1.12*Math.max(...ha.h, ...hs.h);
    for (const [k, {h: counts}] of [["path", ha], ["score", hs]]) { const d = stairs(counts, top); set(areas[k], {d: d + "Z"}); set(outlines[k], {d, style: "stroke-width: 1.3"}); }
    set(truth, {d: `M${h.X(t.grad)} ${h.Y(0)}V${h.Y(1)}`});
    h.put(says.truth, t.grad, 1.04, `true gradient ${fixed(t.grad)}`);
    h.put(says.score, -15.8, .9, null, "start"); h.put(says.path, -15.8, .76, null, "start");
    const out = hs.below + hs.above;
    h.put(says.off, 19.8, .1, out > .0005 ? `${fixed(100*out, 1)} % lie outside` : "", "end");
    Object.entries({varPath: t.varPath, seenPath: ma.var, meanPath: ma.mean, varScore: t.varScore, seenScore: ms.var, meanScore: ms.mean}).forEach(([k, v]) => show[k](v));
    for (const c of sliders) c.show();
    pic.say(`true gradient ${fixed(t.grad)}, variance ${fixed(t.varPath)} pathwise, ${fixed(t.varScore)} with the score function`);
  };
  pic.draw();
}
