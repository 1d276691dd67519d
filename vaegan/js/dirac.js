// The Dirac-GAN. Data at 0, a fake at theta, a discriminator with the logit psi·x: where do the
// players go?
import {button, clamp, el, fixed, glide, handle, linspace, number, picture, plot, set,
        slider} from "./base.js";

const sigmoid = t => t > 0 ? 1/(1 + Math.exp(-t)) : Math.exp(t)/(1 + Math.exp(t));

// Velocities of generator and discriminator under the saturating loss, with the R1 penalty gamma
// on D.
export function field(theta, psi, gamma) {
  const D = sigmoid(theta*psi);
  return [psi*D, -theta*D - gamma*psi];
}

// One round: both players at once, or D first and then G against the new D.
export function round(theta, psi, h, gamma, alternating) {
  if (!alternating) {
    const [a, b] = field(theta, psi, gamma);
    return [theta + h*a, psi + h*b];
  }
  psi += h*field(theta, psi, gamma)[1];
  return [theta + h*field(theta, psi, gamma)[0], psi];
}

export function path(theta, psi, h, gamma, alternating, n) {
  const out = [[theta, psi]];
  for (let i = 0; i < n; i++) out.push(round(...out[i], h, gamma, alternating));
  return out;
}

// Both eigenvalues [re, im] of one round at the equilibrium, the larger one first: roots of
// λ² − (trace) λ + determinant.
export function eigenvalues(h, gamma, alternating) {
  const slow = 1 - h*gamma, turn = h*h/4;
  const trace = alternating ? slow + 1 - turn : slow + 1, det = alternating ? slow : slow + turn;
  const half = trace/2, d = half*half - det;
  if (d < 0) return [[half, Math.sqrt(-d)], [half, -Math.sqrt(-d)]];
  const big = half + (half < 0 ? -1 : 1)*Math.sqrt(d);
  return [[big, 0], [trace - big, 0]];
}

export const modulus = lam => Math.max(...lam.map(v => Math.hypot(...v)));

const FATES = {
  real: {sign: "= 1", words: "it circles"},
  fake: {sign: "> 1", words: "it is thrown out"},
  model: {sign: "< 1", words: "it arrives"}};

function fateOf(m) {
  if (Math.abs(m - 1) < 1e-9) return "real";
  return m > 1 ? "fake" : "model";
}

const xs = points => points.map(v => v[0]), ys = points => points.map(v => v[1]);

export function mount(root, {h, gamma, theta, psi, n}) {
  const pic = picture(root, "The Dirac-GAN: choose the steps and the start");
  const state = {h, gamma, theta, psi, n, alternating: false}, lim = [-2, 2];
  const columns = "grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .4rem min(1.2rem, 3%)";
  const row = el("div", {class: "row", style: columns});          // side by side on a phone, too
  const square = W => W + 20, turn = linspace(0, 2*Math.PI, 121);
  pic.live.append(row);

  const e = plot(pic, row, {
    label: "Eigenvalues of one round in the complex plane", xlim: [-1.4, 1.4], ylim: [-1.4, 1.4],
    height: square, xlabel: "Re λ (up: Im λ)", xticks: [-1, 0, 1],
    left: 14, right: 14});
  const thin = {style: "stroke: var(--line); fill: none"}, axes = set(e.add("path", ""), thin);
  const circle = e.add("path", "curve truth"), locus = e.add("path", "dash model");
  const arms = e.add("path", "curve model");
  const dots = [e.add("circle", "solid model"), e.add("circle", "solid model")];
  const names = {
    circle: e.add("text", "truth-ink", "unit circle"),
    lam: e.add("text", "model-ink", "λ")};

  const p = plot(pic, row, {
    label: "The path of the two players", xlim: [-2.4, 2.4], ylim: [-2.4, 2.4], height: square,
    xlabel: "fake θ (up: slope ψ)", xticks: [-2, -1, 0, 1, 2],
    left: 14, right: 14});
  const cross = set(p.add("path", ""), thin), way = p.add("path", "curve model");
  const beads = p.add("path", "solid model"), goal = p.add("path", "curve prior");
  const goalName = p.add("text", "prior-ink", "equilibrium");
  const move = (x, y) => {
    state.theta = clamp(x, lim);
    state.psi = clamp(y, lim);
  };
  const grip = handle(p, {
    label: "the start: θ left and right, ψ up and down", role: "truth", range: lim,
    get: () => [state.theta, state.psi],
    put: move,
    nudge(dx, dy) { move(state.theta + .05*dx, state.psi + .05*dy); },
    words: () => `theta ${fixed(state.theta)}, psi ${fixed(state.psi)}`});

  const line = el("p", {class: "numbers"}), fate = el("p", {class: "numbers mute"});
  const controls = el("div", {class: "controls"}), buttons = el("div", {class: "buttons"});
  pic.live.append(line, fate, controls, buttons);
  const show = {
    modulus: number(line, "modulus", "largest |λ| ="),
    re: number(line, "re", "λ ="),
    im: number(line, "im", "± i ·"),
    dist: number(line, "dist", "distance from the equilibrium at the end")};
  const knob = (key, options) => slider(pic, controls, state, key, options);
  const sliders = [
    knob("h", {label: "step size h", min: .05, max: 4.5, step: .05}),
    knob("gamma", {label: "penalty γ on D", min: 0, max: 2, step: .05}),
    knob("n", {label: "rounds", role: "truth", min: 0, max: 200, step: 1,
               format: v => String(Math.round(v))})];
  const toggle = button(pic, buttons, "alternating updates", () => {
    pic.gliding = null;
    state.alternating = !state.alternating;
    pic.draw();
  });
  button(pic, buttons, "play the rounds", () => {
    const to = Math.max(1, Math.round(state.n));
    state.n = 0;
    glide(pic, state, {n: to}, 3000);
  });
  button(pic, buttons, "back to the start", () => {
    state.alternating = false;
    glide(pic, state, {h, gamma, theta, psi, n});
  });

  const scales = [1.4, 2.4, 5];
  let scale = 0;                                              // of the plane of eigenvalues
  const rescale = lam => {
    const need = Math.max(...lam.flat().map(Math.abs));
    const wanted = scales.find(s => need < .96*s) ?? scales[scales.length - 1];
    if (wanted == scale) return;
    scale = wanted;
    e.xlim = [-scale, scale];
    e.ylim = [-scale, scale];
    e.fit();
  };
  const inside = v => v.every(u => Math.abs(u) < scale);
  const drawEigenvalues = (lam, role) => {
    rescale(lam);
    set(axes, {d: e.line([-scale, scale], [0, 0]) + e.line([0, 0], [-scale, scale])});
    set(circle, {d: e.line(turn.map(Math.cos), turn.map(Math.sin))});
    const smaller = linspace(0, state.h, 61);                 // where λ would be for smaller steps
    const branches = [0, 1].map(k =>
      smaller.map(h => eigenvalues(h, state.gamma, state.alternating)[k]).filter(inside));
    set(locus, {d: branches.map(on => e.line(xs(on), ys(on))).join("")});
    const clipped = lam.map(v => v.map(u => clamp(u, [-.97*scale, .97*scale])));
    set(arms, {d: clipped.map(([x, y]) => e.line([0, x], [0, y])).join("")});
    dots.forEach((dot, k) => set(dot, {cx: e.X(clipped[k][0]), cy: e.Y(clipped[k][1]), r: 6}));
    e.put(names.circle, -.95, -1.08, null, "middle");
    const [x, y] = clipped[0], beside = clamp(x + .1*scale, [-.9*scale, .9*scale]);
    e.put(names.lam, beside, y + .04*scale);
    set(names.lam, {class: `${role}-ink`});
  };
  const bead = ([x, y]) =>
    `M${(p.X(x) - 2.2).toFixed(1)} ${p.Y(y).toFixed(1)}a2.2 2.2 0 1 0 4.4 0a2.2 2.2 0 1 0 -4.4 0`;
  const drawRounds = steps => {
    const lost = steps.findIndex(s => Math.hypot(...s) > 50);
    const seen = lost < 0 ? steps : steps.slice(0, lost + 1);
    set(cross, {d: p.line([-2.4, 2.4], [0, 0]) + p.line([0, 0], [-2.4, 2.4])});
    set(way, {d: p.line(xs(seen), ys(seen))});
    set(beads, {d: seen.map(bead).join("")});
    const x = p.X(0), y = p.Y(0);
    set(goal, {d: `M${x - 5} ${y - 5}l10 10M${x + 5} ${y - 5}l-10 10`});
    p.put(goalName, 0, .3, null, "middle");
  };
  const drawWords = (m, lam, far, role) => {
    show.modulus(m);
    show.re(lam[0][0]);
    show.im(lam[0][1]);
    show.dist(far);
    const tens = far.toExponential(1).replace("e+", " · 10^");
    if (far >= 1e4) line.querySelector("[data-name=dist]").textContent = tens;
    const updates = state.alternating ? "Alternating" : "Simultaneous", {sign, words} = FATES[role];
    fate.textContent = `${updates} updates, |λ| ${sign}: near the equilibrium ${words}.`;
    pic.say(`${updates.toLowerCase()}, largest modulus ${fixed(m, 3)}, ${words}`);
  };
  pic.draw = () => {
    const {h, gamma, theta, psi, alternating} = state, rounds = Math.round(state.n);
    const lam = eigenvalues(h, gamma, alternating), m = modulus(lam), role = fateOf(m);
    const steps = path(theta, psi, h, gamma, alternating, rounds);
    for (const node of [arms, way]) set(node, {class: `curve ${role}`});
    for (const node of [beads, ...dots]) set(node, {class: `solid ${role}`});
    set(locus, {class: `dash ${role}`});
    drawEigenvalues(lam, role);
    drawRounds(steps);
    drawWords(m, lam, Math.hypot(...steps[rounds]), role);
    set(toggle, {"aria-pressed": alternating});
    grip.show();
    for (const c of sliders) c.show();
  };
  pic.draw();
}
