// Chapter 7: the latent plane of a VAE. The decoder runs here; move z and see the digit that it has in mind.
import {button, clamp, el, fixed, floats, glide, handle, number, picture, plot, set, slider, svg} from "./base.js";

// A multilayer perceptron with ReLUs between its layers and a sigmoid at the end; a layer is {W: [out*in], b: [out]}.
export function decode(layers, z) {
  let h = z;
  layers.forEach(({W, b}, k) => {
    h = Array.from(b, (bias, j) => { let a = bias; for (let i = 0; i < h.length; i++) a += W[j*h.length + i]*h[i]; return k < layers.length - 1 ? Math.max(a, 0) : 1/(1 + Math.exp(-a)); });
  });
  return h;
}

export const unpack = layers => layers.map(([W, b]) => ({W: floats(W), b: floats(b)}));
export const decodeAll = (packed, zs) => { const layers = unpack(packed); return zs.map(z => decode(layers, z)); };

export function nearest(points, z) {
  let best = 0, least = Infinity;
  for (let i = 0; i < points.length; i += 2) { const d = (points[i] - z[0])**2 + (points[i+1] - z[1])**2; if (d < least) { least = d; best = i/2; } }
  return best;
}

export function mount(root, {layers: packed, points: dots, labels, middles, colors, z, side}) {
  const layers = unpack(packed), points = floats(dots), R = 3.3, pic = picture(root, "A latent plane: move z and see what the decoder draws"), state = {x: z[0], y: z[1]};
  const row = el("div", {class: "row"}), left = el("div"), right = el("div");
  left.style.position = "relative";
  pic.live.append(row); row.append(left, right);

  const under = el("canvas", {class: "pixels", "aria-hidden": "true"}), N = 17;
  left.append(under); under.style.cssText = "position: absolute; opacity: .3; border-radius: 4px";
  const p = plot(pic, left, {label: "The latent plane with the encoded training digits", xlim: [-R, R], ylim: [-R, R], height: w => w + 6, left: 22, right: 8, top: 2, bottom: 34, xlabel: "z₁", xticks: [-3, -2, -1, 0, 1, 2, 3], yticks: [-3, -2, -1, 0, 1, 2, 3]});
  p.svg.style.position = "relative";
  const z2 = p.add("text", "mute", "z₂");
  const rings = [1, 2, 3].map(() => p.add("circle", "dash faint")), clouds = colors.map(c => set(p.add("path", ""), {stroke: c, "stroke-width": 4, "stroke-linecap": "round", "stroke-opacity": .8}));
  const flags = colors.map((c, k) => { const g = svg("g", {}, svg("circle", {r: 8.5, fill: "#fff", stroke: c, "stroke-width": 2}), svg("text", {"text-anchor": "middle", y: 4, style: "fill: #222; font-weight: bold; font-size: 11.5px"}, String(k))); p.svg.append(g); return g; });
  const grip = handle(p, {label: "z in the latent plane", role: "truth", get: () => [state.x, state.y], put(x, y) { state.x = clamp(x, [-R, R]); state.y = clamp(y, [-R, R]); },
    nudge(dx, dy) { state.x = clamp(state.x + .1*dx, [-R, R]); state.y = clamp(state.y + .1*dy, [-R, R]); }, words: () => `z1 ${fixed(state.x)}, z2 ${fixed(state.y)}`});
  p.svg.addEventListener("click", e => { if (e.target.closest(".handle")) return; const [x, y] = p.at(e); glide(pic, state, {x: clamp(x, [-R, R]), y: clamp(y, [-R, R])}, 300); });

  const digit = el("canvas", {class: "pixels", width: side, height: side, role: "img"}), note = el("p", {class: "mute"}), line = el("p", {class: "numbers"}), words = el("div", {}, note, line);
  digit.style.cssText = "background: #fff; border: 1px solid var(--line); box-sizing: border-box"; note.style.margin = ".4rem 0 0"; right.style.cssText = "display: flex; flex-wrap: wrap; gap: .2rem 1rem; align-items: center";
  right.append(digit, words);
  const show = {z1: number(line, "z1", "z₁ =", "truth", 2), z2: number(line, "z2", "z₂ =", "truth", 2), ink: number(line, "ink", "pixels with ink, on average", "model", 1)};
  const controls = el("div", {class: "controls"}), buttons = el("div", {class: "buttons", role: "group", "aria-label": "Go to the middle of a class"}), box = el("input", {type: "checkbox"});
  pic.live.append(controls, buttons);
  const sliders = [["x", "z₁"], ["y", "z₂"]].map(([k, label]) => slider(pic, controls, state, k, {label, role: "truth", min: -R, max: R, step: .01}));
  buttons.append("Go to a");
  middles.forEach(([x, y], k) => button(pic, buttons, String(k), () => glide(pic, state, {x, y}, 900)));
  buttons.append(el("label", {}, box, " map of the decoder behind"));
  box.addEventListener("change", () => pic.draw());

  // ink on a canvas: black, and see-through where there is none
  const print = (canvas, pixels, w, x0 = 0, y0 = 0, dark = false) => {
    const c = canvas.getContext("2d"), image = c.createImageData(w, w);
    pixels.forEach((v, i) => image.data.set([dark ? 255 : 0, dark ? 255 : 0, dark ? 255 : 0, Math.round(255*v)], 4*i));
    c.putImageData(image, x0, y0);
  };
  let mapped;
  const map = () => {                                                     // every tile shows what its middle decodes to
    const step = 2*R/N;
    if (mapped != pic.theme) {
      mapped = pic.theme; set(under, {width: N*side, height: N*side});
      for (let i = 0; i < N; i++) for (let j = 0; j < N; j++) print(under, decode(layers, [-R + (j + .5)*step, R - (i + .5)*step]), side, j*side, i*side, pic.theme == "dark");
    }
    Object.assign(under.style, {left: `${p.X(-R)}px`, top: `${p.Y(R)}px`, width: `${p.X(R) - p.X(-R)}px`, height: `${p.Y(-R) - p.Y(R)}px`});
  };
  const fit = p.fit;
  p.fit = () => {                                                         // what only the page's width moves
    const narrow = pic.live.clientWidth < 500;                            // on a phone the digit stands above, in view of the thumb
    row.style.gridTemplateColumns = narrow ? "minmax(0, 1fr)" : "minmax(0, 3fr) minmax(0, 2fr)"; right.style.order = narrow ? -1 : 0;
    digit.style.width = narrow ? "112px" : "min(100%, 220px)"; words.style.flex = narrow ? "1 1 9rem" : "1 1 100%";
    fit(); p.put(z2, -R + .06, R - .22, null, "start");
    rings.forEach((c, i) => set(c, {cx: p.X(0), cy: p.Y(0), r: p.X(i + 1) - p.X(0)}));
    clouds.forEach((path, k) => { let d = ""; labels.forEach((l, i) => { if (l == k) d += `M${p.X(points[2*i]).toFixed(1)} ${p.Y(points[2*i+1]).toFixed(1)}h0`; }); set(path, {d}); });
    flags.forEach((g, k) => set(g, {transform: `translate(${p.X(middles[k][0])} ${p.Y(middles[k][1])})`}));
  };
  p.fit();
  pic.draw = () => {
    const at = [state.x, state.y], pixels = decode(layers, at), near = labels[nearest(points, at)];
    digit.getContext("2d").clearRect(0, 0, side, side); print(digit, pixels, side);
    set(digit, {"aria-label": `The decoded image; the nearest training digit is a ${near}`});
    note.textContent = `The nearest training digit is a ${near}.`;
    under.style.display = box.checked ? "block" : "none"; if (box.checked) map();
    show.z1(state.x); show.z2(state.y); show.ink(pixels.reduce((a, v) => a + v, 0));
    grip.show(); for (const c of sliders) c.show();
    pic.say(`z ${fixed(state.x)}, ${fixed(state.y)}: nearest training digit a ${near}`);
  };
  pic.draw();
}
