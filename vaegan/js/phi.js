// A share of a standard normal as an area, and the place that cuts it off. The smallest picture:
// start from it.
import {clamp, el, fixed, handle, linspace, normalPdf, number, picture, plot, set, slider,
        trapezoid} from "./base.js";

// The distribution function of the standard normal, by the trapezoidal rule from −8 on.
export function Phi(z) {
  const t = linspace(-8, z, 2001);
  return trapezoid(t.map(u => normalPdf(u, 0, 1)), t);
}

export function mount(root, {z}) {
  const pic = picture(root, "A share of the normal distribution: move z");
  const state = {z}, lim = [-3, 3], zs = linspace(-3.4, 3.4, 201);
  const p = plot(pic, pic.live, {
    label: "The standard normal density", xlim: [-3.4, 3.4], ylim: [0, .44], height: 190,
    xlabel: "z", xticks: [-3, -2, -1, 0, 1, 2, 3]});
  const area = p.add("path", "area prior"), bell = p.add("path", "curve prior");
  const share = p.add("text", "prior-ink");
  const grip = handle(p, {
    label: "z", role: "prior", range: lim,
    get: () => [state.z, normalPdf(state.z, 0, 1)],
    put(x) { state.z = clamp(x, lim); },
    nudge(dx, dy) { state.z = clamp(state.z + .1*(dx + dy), lim); },
    words: () => fixed(state.z)});

  const line = el("p", {class: "numbers"}), controls = el("div", {class: "controls"});
  pic.live.append(line, controls);
  const show = {z: number(line, "z", "z ="), u: number(line, "u", "u = Φ(z) =", "prior")};
  const knob = slider(pic, controls, state, "z",
    {label: "z", role: "prior", min: lim[0], max: lim[1], step: .01});

  pic.draw = () => {
    const u = Phi(state.z), left = [...zs.filter(t => t < state.z), state.z];
    set(area, {d: p.fill(left, left.map(t => normalPdf(t, 0, 1)))});
    set(bell, {d: p.line(zs, zs.map(t => normalPdf(t, 0, 1)))});
    p.put(share, -3.3, .3, `${fixed(100*u, 1)} % lies below`, "start");
    show.z(state.z);
    show.u(u);
    grip.show();
    knob.show();
    pic.say(`${fixed(100*u, 1)} percent lie below ${fixed(state.z)}`);
  };
  pic.draw();
}
