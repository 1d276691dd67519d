// The ring of eight under noise. Choose the level of noise: the points, the exact velocity and the
// way of one point from noise to data.
import {button, clamp, el, fixed, floats, glide, handle, number, picture, plot, set,
        slider} from "./base.js";

export const LEVELS = [.03, 1.5];                        // angles: nearly the data, nearly noise

// Weights of the modes at (x, y), the variance there and the centres, at the angle phi.
function modesAt(x, y, phi, {modes, radius, std}) {
  const c = Math.cos(phi), s = Math.sin(phi), var_ = (c*std)**2 + s**2;
  const centres = Array.from({length: modes}, (_, k) => {
    const a = 2*Math.PI*k/modes;
    return [c*radius*Math.cos(a), c*radius*Math.sin(a)];
  });
  const logs = centres.map(([u, v]) => -.5*((x - u)**2 + (y - v)**2)/var_);
  const top = Math.max(...logs), w = logs.map(l => Math.exp(l - top));
  const sum = w.reduce((a, b) => a + b, 0);
  const norm = Math.log(2*Math.PI*var_*modes);
  return {centres, var_, w: w.map(v => v/sum), logq: top + Math.log(sum) - norm};
}

export function score(x, y, phi, ring) {
  const {centres, var_, w} = modesAt(x, y, phi, ring);
  const mean = i => centres.reduce((a, m, k) => a + w[k]*m[i], 0);
  return [(mean(0) - x)/var_, (mean(1) - y)/var_];
}

export const logDensity = (x, y, phi, ring) => modesAt(x, y, phi, ring).logq;

// dx/dphi, the mean velocity of all arcs through (x, y).
export function velocity(x, y, phi, ring) {
  const [a, b] = score(x, y, phi, ring), tan = Math.tan(phi);
  return [-tan*(x + a), -tan*(y + b)];
}

// The best guess at the point without noise.
export function guess(x, y, phi, ring) {
  const [a, b] = score(x, y, phi, ring), s2 = Math.sin(phi)**2, c = Math.cos(phi);
  return [(x + s2*a)/c, (y + s2*b)/c];
}

// The way of a point from one angle to another, by Runge and Kutta's rule in log tan phi.
export function way(x, y, from, to, ring, n = 80) {
  const tau = phi => Math.log(Math.tan(phi)), h = (tau(to) - tau(from))/n, out = [[x, y]];
  const rate = ([x, y], t) => {
    const phi = Math.atan(Math.exp(t)), [a, b] = velocity(x, y, phi, ring);
    const k = Math.sin(phi)*Math.cos(phi);
    return [k*a, k*b];
  };
  const on = (p, v, s) => [p[0] + s*v[0], p[1] + s*v[1]];
  for (let i = 0; i < n; i++) {
    const p = out[i], t = tau(from) + i*h, k1 = rate(p, t);
    const k2 = rate(on(p, k1, h/2), t + h/2), k3 = rate(on(p, k2, h/2), t + h/2);
    const k4 = rate(on(p, k3, h), t + h);
    out.push([0, 1].map(j => p[j] + h/6*(k1[j] + 2*k2[j] + 2*k3[j] + k4[j])));
  }
  return out;
}

const R = 3, xs = points => points.map(v => v[0]), ys = points => points.map(v => v[1]);

export function mount(root, {modes, radius, std, data, noise, phi, x, y}) {
  const pic = picture(root, "Diffusion on a ring: choose the level of noise and a point");
  const ring = {modes, radius, std}, state = {phi, x, y}, start = {phi, x, y};
  const x0 = floats(data), eps = floats(noise);
  let last = phi;                                        // the level at which the point is

  const frame = el("div", {style: "max-width: 30rem"});                       // a square
  pic.live.append(frame);
  const p = plot(pic, frame, {
    label: "The ring's points under noise, the velocity field and the way of one point",
    xlim: [-R, R], ylim: [-R, R], height: w => w + 18, left: 22, right: 8,
    xticks: [-2, 0, 2], yticks: [-2, 0, 2]});
  const cloud = set(p.add("path", ""), {style: "stroke: var(--c-real); stroke-opacity: .45",
                                        "stroke-width": 4, "stroke-linecap": "round"});
  const arrows = set(p.add("path", "faint"), {style: "stroke: var(--c); fill: none"});
  const ahead = p.add("path", "dash model"), behind = p.add("path", "curve model");
  const cross = set(p.add("path", "fake"), {style: "stroke: var(--c); fill: none",
                                            "stroke-width": 2});
  const name = p.add("text", "fake-ink", "guess");
  const move = (x, y) => {
    state.x = clamp(x, [-R, R]);
    state.y = clamp(y, [-R, R]);
  };
  const grip = handle(p, {
    label: "the point: left and right, up and down", role: "truth", range: [-R, R],
    get: () => [state.x, state.y],
    put: move,
    nudge(dx, dy) { move(state.x + .1*dx, state.y + .1*dy); },
    words: () => `x ${fixed(state.x)}, y ${fixed(state.y)}`});

  const line = el("p", {class: "numbers"}), controls = el("div", {class: "controls"});
  const buttons = el("div", {class: "buttons"});
  pic.live.append(line, controls, buttons);
  const show = {
    abar: number(line, "abar", "ᾱ ="),
    logq: number(line, "logq", "log q(x) =", "real"),
    s1: number(line, "s1", "score", "model", 2),
    s2: number(line, "s2", "", "model", 2)};
  const level = slider(pic, controls, state, "phi",
    {label: "noise: the angle φ", role: "real", min: LEVELS[0], max: LEVELS[1], step: .01});
  button(pic, buttons, "noise off", () => glide(pic, state, {phi: LEVELS[0]}, 3000));
  button(pic, buttons, "noise on", () => glide(pic, state, {phi: LEVELS[1]}, 3000));
  button(pic, buttons, "back to the start", () => {
    pic.gliding = null;
    Object.assign(state, start);
    last = state.phi;
    pic.draw();
  });

  const drawCloud = () => {
    const c = Math.cos(state.phi), s = Math.sin(state.phi);
    let d = "";
    for (let i = 0; i < x0.length; i += 2) {
      const u = c*x0[i] + s*eps[i], v = c*x0[i + 1] + s*eps[i + 1];
      if (Math.max(Math.abs(u), Math.abs(v)) < R) d += `${p.line([u], [v])}h0`;
    }
    set(cloud, {d});
  };
  const drawArrows = () => {                             // to where the way back leads
    let d = "";
    for (let i = -4; i <= 4; i++) for (let j = -4; j <= 4; j++) {
      const [u, v] = [.65*i, .65*j], [a, b] = velocity(u, v, state.phi, ring);
      const size = Math.hypot(a, b), k = -.42*Math.tanh(size/2)/(size + 1e-9);
      const [e, f] = [u + k*a, v + k*b], [n, m] = [.25*k*a, .25*k*b];
      d += p.line([u, e], [v, f]) + p.line([e - n - .6*m, e, e - n + .6*m],
                                           [f - m + .6*n, f, f - m - .6*n]);
    }
    set(arrows, {d});
  };
  pic.draw = () => {
    state.phi = clamp(state.phi, LEVELS);
    if (state.phi != last) {                             // the point goes along
      const to = way(state.x, state.y, last, state.phi, ring, 20).pop();
      last = state.phi;
      [state.x, state.y] = to;
    }
    const {x, y, phi} = state, [a, b] = score(x, y, phi, ring), g = guess(x, y, phi, ring);
    const back = way(x, y, phi, LEVELS[0], ring), on = way(x, y, phi, LEVELS[1], ring);
    drawCloud();
    drawArrows();
    set(behind, {d: p.line(xs(back), ys(back))});
    set(ahead, {d: p.line(xs(on), ys(on))});
    const r = .09, [u, v] = g.map(w => clamp(w, [-R, R]));
    const sides = [u - r, u + r];
    set(cross, {d: p.line(sides, [v - r, v + r]) + p.line(sides, [v + r, v - r])});
    p.put(name, u, v + .18);
    show.abar(Math.cos(phi)**2);
    show.logq(logDensity(x, y, phi, ring));
    show.s1(a);
    show.s2(b);
    grip.show();
    level.show();
    pic.say(`noise ${fixed(phi)}, log density ${fixed(logDensity(x, y, phi, ring))}, ` +
            `guess ${fixed(u)}, ${fixed(v)}`);
  };
  pic.draw();
}
