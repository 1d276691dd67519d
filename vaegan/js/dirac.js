// Chapter 12: the Dirac-GAN. Data at 0, a fake at theta, a discriminator with the logit psi·x: where do the players go?
import {button, clamp, el, fixed, glide, handle, linspace, number, picture, plot, set, slider} from "./base.js";

const sigmoid = t => t > 0 ? 1/(1 + Math.exp(-t)) : Math.exp(t)/(1 + Math.exp(t));

// Velocities of generator and discriminator under the saturating loss, with the R1 penalty gamma on D.
export function field(theta, psi, gamma) { const D = sigmoid(theta*psi); return [psi*D, -theta*D - gamma*psi]; }

// One round: both players at once, or D first and then G against the new D.
export function round(theta, psi, h, gamma, alternating) {
  if (!alternating) { const [a, b] = field(theta, psi, gamma); return [theta + h*a, psi + h*b]; }
  psi += h*field(theta, psi, gamma)[1];
  return [theta + h*field(theta, psi, gamma)[0], psi];
}

export function path(theta, psi, h, gamma, alternating, n) {
  const out = [[theta, psi]];
  for (let i = 0; i < n; i++) out.push(round(...out[i], h, gamma, alternating));
  return out;
}

// Both eigenvalues [re, im] of one round at the equilibrium, the larger one first: roots of λ² − (trace) λ + determinant.
export function eigenvalues(h, gamma, alternating) {
  const slow = 1 - h*gamma, trace = alternating ? slow + 1 - h*h/4 : slow + 1, det = alternating ? slow : slow + h*h/4;
  const half = trace/2, d = half*half - det;
  if (d < 0) return [[half, Math.sqrt(-d)], [half, -Math.sqrt(-d)]];
  const big = half + (half < 0 ? -1 : 1)*Math.sqrt(d);
  return [[big, 0], [trace - big, 0]];
}

export const modulus = lam => Math.max(...lam.map(v => Math.hypot(...v)));

export function mount(root, {h, gamma, theta, psi, n}) {
  const pic = picture(root, "The Dirac-GAN: choose the steps and the start"), state = {h, gamma, theta, psi, n, alternating: false};
  const row = el("div", {class: "row"}), square = W => W + 20, lim = [-2, 2], turn = linspace(0, 2*Math.PI, 121), scales = [1.4, 2.4, 5];
  pic.live.append(row);

  const e = plot(pic, row, {label: "Eigenvalues of one round in the complex plane", xlim: [-1.4, 1.4], ylim: [-1.4, 1.4], height: square, xlabel: "real part (up: imaginary part)", xticks: [-1, 0, 1], left: 14, right: 14});
  const thin = {style: "stroke: var(--line); fill: none"}, axes = set(e.add("path", ""), thin), circle = e.add("path", "curve truth"), locus = e.add("path", "dash model"), arms = e.add("path", "curve model"), dots = [e.add("circle", "solid model"), e.add("circle", "solid model")];
  const names = {circle: e.add("text", "truth-ink", "unit circle"), lam: e.add("text", "model-ink", "λ")};

  const p = plot(pic, row, {label: "The path of the two players", xlim: [-2.4, 2.4], ylim: [-2.4, 2.4], height: square, xlabel: "θ, the fake (up: ψ, the slope of D)", xticks: [-2, -1, 0, 1, 2], left: 14, right: 14});
  const cross = set(p.add("path", ""), thin), way = p.add("path", "curve model"), beads = p.add("path", "solid model"), goal = p.add("path", "curve prior"), goalName = p.add("text", "prior-ink", "equilibrium");
  const grip = handle(p, {label: "the start: θ left and right, ψ up and down", role: "truth", get: () => [state.theta, state.psi],
    put(x, y) { state.theta = clamp(x, lim); state.psi = clamp(y, lim); }, nudge(dx, dy) { state.theta = clamp(state.theta + .05*dx, lim); state.psi = clamp(state.psi + .05*dy, lim); },
    words: () => `theta ${fixed(state.theta)}, psi ${fixed(state.psi)}`, range: lim});

  const line = el("p", {class: "numbers"}), fate = el("p", {class: "numbers mute"}), controls = el("div", {class: "controls"}), buttons = el("div", {class: "buttons"});
  pic.live.append(line, fate, controls, buttons);
  const show = {modulus: number(line, "modulus", "largest |λ| ="), re: number(line, "re", "λ ="), im: number(line, "im", "± i ·"), dist: number(line, "dist", "distance from the equilibrium at the end")};
  const sliders = [slider(pic, controls, state, "h", {label: "step size h", min: .05, max: 4.5, step: .05}), slider(pic, controls, state, "gamma", {label: "penalty γ on D", role: "model", min: 0, max: 2, step: .05}),
                   slider(pic, controls, state, "n", {label: "rounds", role: "truth", min: 0, max: 200, step: 1, format: v => String(Math.round(v))})];
  const toggle = button(pic, buttons, "alternating updates", () => { pic.gliding = null; state.alternating = !state.alternating; pic.draw(); });
  button(pic, buttons, "play the rounds", () => { const to = Math.max(1, Math.round(state.n)); state.n = 0; glide(pic, state, {n: to}, 3000); });
  button(pic, buttons, "back to the start", () => { state.alternating = false; glide(pic, state, {h, gamma, theta, psi, n}); });

  let scale = 0;
  pic.draw = () => {
    const {alternating} = state, rounds = Math.round(state.n), lam = eigenvalues(state.h, state.gamma, alternating), m = modulus(lam), steps = path(state.theta, state.psi, state.h, state.gamma, alternating, rounds);
    const role = Math.abs(m - 1) < 1e-9 ? "real" : m > 1 ? "fake" : "model", [tx, ty] = steps[rounds];
    const need = Math.max(...lam.flat().map(Math.abs)), fits = scales.findIndex(s => need < .96*s), wanted = scales[fits < 0 ? scales.length - 1 : fits];
    if (wanted != scale) { scale = wanted; e.xlim = [-scale, scale]; e.ylim = [-scale, scale]; e.fit(); }
    for (const [node, cls] of [[arms, "curve"], [way, "curve"], [beads, "solid"], [locus, "dash"], [dots[0], "solid"], [dots[1], "solid"]]) set(node, {class: `${cls} ${role}`});
    set(axes, {d: e.line([-scale, scale], [0, 0]) + e.line([0, 0], [-scale, scale])});
    set(circle, {d: e.line(turn.map(Math.cos), turn.map(Math.sin))});
    const inside = ([x, y]) => Math.abs(x) < scale && Math.abs(y) < scale;                 // where λ would be for smaller steps
    set(locus, {d: [0, 1].map(k => { const on = linspace(0, state.h, 61).map(v => eigenvalues(v, state.gamma, alternating)[k]).filter(inside); return on.length ? e.line(on.map(v => v[0]), on.map(v => v[1])) : ""; }).join("")});
    const clipped = lam.map(v => v.map(u => clamp(u, [-.97*scale, .97*scale])));
    set(arms, {d: clipped.map(v => e.line([0, v[0]], [0, v[1]])).join("")});
    dots.forEach((dot, k) => set(dot, {cx: e.X(clipped[k][0]), cy: e.Y(clipped[k][1]), r: 6}));
    e.put(names.circle, -.95, -1.08, null, "middle");
    e.put(names.lam, clamp(clipped[0][0] + .1*scale, [-.9*scale, .9*scale]), clipped[0][1] + .04*scale); set(names.lam, {class: `${role}-ink`});
    const seen = steps.slice(0, (k => k < 0 ? steps.length : k + 1)(steps.findIndex(([x, y]) => Math.hypot(x, y) > 50)));
    set(cross, {d: p.line([-2.4, 2.4], [0, 0]) + p.line([0, 0], [-2.4, 2.4])});
    set(way, {d: p.line(seen.map(s => s[0]), seen.map(s => s[1]))});
    set(beads, {d: seen.map(([x, y]) => `M${(p.X(x) - 2.2).toFixed(1)} ${p.Y(y).toFixed(1)}a2.2 2.2 0 1 0 4.4 0a2.2 2.2 0 1 0 -4.4 0`).join("")});
    const [cx, cy] = [p.X(0), p.Y(0)];
    set(goal, {d: `M${cx - 5} ${cy - 5}l10 10M${cx + 5} ${cy - 5}l-10 10`});
    p.put(goalName, -.12, -.3, null, "end");
    grip.show();
    const far = Math.hypot(tx, ty), end = {real: "it circles", fake: "it is thrown out", model: "it arrives"}[role];
    show.modulus(m); show.re(lam[0][0]); show.im(lam[0][1]); show.dist(far);
    if (far >= 1e4) line.querySelector("[data-name=dist]").textContent = far.toExponential(1).replace("e+", " · 10^");
    fate.textContent = `${alternating ? "Alternating" : "Simultaneous"} updates, |λ| ${role == "real" ? "= 1" : role == "fake" ? "> 1" : "< 1"}: near the equilibrium ${end}.`;
    set(toggle, {"aria-pressed": alternating});
    for (const c of sliders) c.show();
    pic.say(`${alternating ? "alternating" : "simultaneous"}, largest modulus ${fixed(m, 3)}, ${end}`);
  };
  pic.draw();
}
