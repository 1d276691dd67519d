// log p(x) = ELBO + KL(q ‖ posterior), whatever q is, in the model z ~ N(0, 1),
// x | z ~ N(Wz, sigma²).
import {button, clamp, el, fixed, glide, handle, linspace, normalPdf, number, picture, plot, set,
        slider} from "./base.js";

const LOG2PI = Math.log(2*Math.PI);

export function posterior(W, sigma, x) {
  const v = W*W + sigma*sigma;
  return {mu: W*x/v, s: sigma/Math.sqrt(v)};
}

export function klNormal(mu, s, mu0, s0) {
  return Math.log(s0/s) + .5*((s*s + (mu - mu0)**2)/(s0*s0) - 1);
}

// Each number by its own closed form, so that the sum is a finding and not a definition.
export function terms(W, sigma, x, mu, s) {
  const v = W*W + sigma*sigma, post = posterior(W, sigma, x);
  const error = ((x - W*mu)**2 + W*W*s*s)/(sigma*sigma);
  const rec = -.5*(LOG2PI + 2*Math.log(sigma) + error), klPrior = klNormal(mu, s, 0, 1);
  const evidence = -.5*(LOG2PI + Math.log(v) + x*x/v);
  return {evidence, rec, klPrior, elbo: rec - klPrior, gap: klNormal(mu, s, post.mu, post.s)};
}

const peak = s => 1/(s*Math.sqrt(2*Math.PI));

const BARS = ["log p(x)", "ELBO", "KL(q ‖ posterior)"];

export function mount(root, {W, sigma, x, mu, s}) {
  const pic = picture(root, "The ELBO and its gap: move q");
  const state = {mu, s}, post = posterior(W, sigma, x), lim = {mu: [-.4, 1.8], s: [.3, 1.2]};
  const zs = linspace(-3, 3, 241);

  const p = plot(pic, pic.live, {
    label: "Densities of the hidden number z", xlim: [-2.6, 2.9], ylim: [0, 1.45], height: 200,
    xlabel: "z", xticks: [-2, -1, 0, 1, 2]});
  const prior = p.add("path", "dash prior"), under = p.add("path", "area truth");
  const q = p.add("path", "curve model");
  const names = {
    prior: p.add("text", "prior-ink", "prior p(z)"),
    post: p.add("text", "truth-ink", "posterior p(z|x)"),
    q: p.add("text", "model-ink", "q(z)")};
  const grip = handle(p, {
    label: "q: its mean left and right, its width up and down", range: lim.mu,
    get: () => [state.mu, peak(state.s)],
    put(x, y) {
      state.mu = clamp(x, lim.mu);
      state.s = clamp(peak(Math.max(y, .01)), lim.s);
    },
    nudge(dx, dy) {
      state.mu = clamp(state.mu + .05*dx, lim.mu);
      state.s = clamp(state.s - .02*dy, lim.s);
    },
    words: () => `mean ${fixed(state.mu)}, width ${fixed(state.s)}`});

  const bars = plot(pic, pic.live, {
    label: "Nats: the ELBO plus the divergence is log p(x)", xlim: [-10, 0], ylim: [0, 3],
    height: 168, xlabel: "nats", xticks: [-10, -8, -6, -4, -2, 0], left: 16, top: 2});
  const rows = ["truth", "model", "fake"].map(role => bars.add("rect", `solid ${role}`));
  const edge = bars.add("path", "dash truth");
  const said = ["truth-ink", "model-ink", "fake-ink"].map(c => bars.add("text", c));

  const line = el("p", {class: "numbers"}), more = el("p", {class: "numbers mute"});
  const controls = el("div", {class: "controls"}), buttons = el("div", {class: "buttons"});
  pic.live.append(line, more, controls, buttons);
  more.append("ELBO = ");
  const show = {
    evidence: number(line, "evidence", "log p(x) ="),
    elbo: number(line, "elbo", "ELBO", "model"),
    gap: number(line, "gap", "+ KL(q ‖ posterior)", "fake"),
    rec: number(more, "rec", "E[log p(x|z)]", "real"),
    klPrior: number(more, "klPrior", "− KL(q ‖ prior)", "prior")};
  const sliders = [["mu", "mean of q"], ["s", "width of q"]].map(([key, label]) =>
    slider(pic, controls, state, key, {label, min: lim[key][0], max: lim[key][1], step: .01}));
  for (const [words, to] of [["q = posterior", {mu: post.mu, s: post.s}],
                             ["q = prior", {mu: 0, s: 1}], ["back to the start", {mu, s}]])
    button(pic, buttons, words, () => glide(pic, state, to));

  const drawDensities = () => {
    const pdf = (mu, s) => zs.map(z => normalPdf(z, mu, s));
    set(prior, {d: p.line(zs, pdf(0, 1))});
    set(under, {d: p.fill(zs, pdf(post.mu, post.s))});
    set(q, {d: p.line(zs, pdf(state.mu, state.s))});
    p.put(names.prior, -1.2, .24, null, "end");
    const side = state.mu > post.mu ? -1 : 1;                    // the name keeps out of q's way
    p.put(names.post, post.mu + 1.3*side*post.s, .62, null, side > 0 ? "start" : "end");
    p.put(names.q, state.mu, peak(state.s) + .13);
  };
  const drawBars = t => {                  // their numbers stand below
    [[t.evidence, 0], [t.elbo, 0], [t.elbo, t.evidence]].forEach(([a, b], i) => {
      const width = Math.max(0, bars.X(b) - bars.X(a)), height = bars.Y(0) - bars.Y(.45);
      set(rows[i], {x: bars.X(a), y: bars.Y(2.55 - i), width, height});
      bars.put(said[i], t.evidence - .12, 2.66 - i, BARS[i], "end");
    });
    set(edge, {d: `M${bars.X(t.evidence)} ${bars.Y(3)}V${bars.Y(0)}`});
  };
  pic.draw = () => {
    const t = terms(W, sigma, x, state.mu, state.s);
    drawDensities();
    drawBars(t);
    grip.show();
    for (const k in show) show[k](t[k]);
    for (const c of sliders) c.show();
    pic.say(`log p(x) ${fixed(t.evidence)}, ELBO ${fixed(t.elbo)}, ` +
            `KL(q ‖ posterior) ${fixed(t.gap)}`);
  };
  pic.draw();
}
