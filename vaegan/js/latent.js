// The latent plane of a VAE. The decoder runs here; move z and see the digit that it has in mind.
import {button, clamp, el, fixed, floats, glide, handle, number, picture, plot, set, slider,
        svg} from "./base.js";

// A multilayer perceptron with ReLUs between its layers and a sigmoid at the end; a layer is
// {W: [out*in], b: [out]}.
export function decode(layers, z) {
  let h = z;
  layers.forEach(({W, b}, k) => {
    const last = k == layers.length - 1;
    h = Array.from(b, (bias, j) => {
      let a = bias;
      for (let i = 0; i < h.length; i++) a += W[j*h.length + i]*h[i];
      return last ? 1/(1 + Math.exp(-a)) : Math.max(a, 0);
    });
  });
  return h;
}

export const unpack = layers => layers.map(([W, b]) => ({W: floats(W), b: floats(b)}));

export function decodeAll(packed, zs) {
  const layers = unpack(packed);
  return zs.map(z => decode(layers, z));
}

export function nearest(points, z) {
  let best = 0, least = Infinity;
  for (let i = 0; i < points.length; i += 2) {
    const d = (points[i] - z[0])**2 + (points[i+1] - z[1])**2;
    if (d < least) { least = d; best = i/2; }
  }
  return best;
}

// Ink on a canvas: black (white on a dark page), and see-through where there is none.
function print(canvas, pixels, width, {x = 0, y = 0, dark = false} = {}) {
  const c = canvas.getContext("2d"), image = c.createImageData(width, width), ink = dark ? 255 : 0;
  pixels.forEach((v, i) => image.data.set([ink, ink, ink, Math.round(255*v)], 4*i));
  c.putImageData(image, x, y);
}

const R = 3.3, N = 17;                                   // half the frame; tiles of the map a side

export function mount(root, {layers: packed, points: dots, labels, middles, colors, z, side}) {
  const pic = picture(root, "A latent plane: move z and see what the decoder draws");
  const layers = unpack(packed), points = floats(dots), state = {x: z[0], y: z[1]};
  const row = el("div", {class: "row"}), left = el("div"), right = el("div");
  pic.live.append(row);
  row.append(left, right);

  const under = el("canvas", {class: "pixels", "aria-hidden": "true"});
  left.style.position = "relative";
  left.append(under);
  under.style.cssText = "position: absolute; opacity: .3; border-radius: 4px";
  const ticks = [-3, -2, -1, 0, 1, 2, 3];
  const p = plot(pic, left, {
    label: "The latent plane with the encoded training digits", xlim: [-R, R], ylim: [-R, R],
    height: w => w + 6, left: 22, right: 8, top: 2, bottom: 34, xlabel: "z₁",
    xticks: ticks, yticks: ticks});
  p.svg.style.position = "relative";
  const z2 = p.add("text", "mute", "z₂");
  const rings = [1, 2, 3].map(() => p.add("circle", "dash faint"));
  const dotted = {"stroke-width": 4, "stroke-linecap": "round", "stroke-opacity": .8};
  const clouds = colors.map(stroke => set(p.add("path", ""), {stroke, ...dotted}));
  const flags = colors.map((stroke, k) => {
    const bold = "fill: #222; font-weight: bold; font-size: 11.5px";
    const disc = svg("circle", {r: 8.5, fill: "#fff", stroke, "stroke-width": 2});
    const digit = svg("text", {"text-anchor": "middle", y: 4, style: bold}, String(k));
    const flag = svg("g", {}, disc, digit);
    p.svg.append(flag);
    return flag;
  });
  const move = (x, y) => {
    state.x = clamp(x, [-R, R]);
    state.y = clamp(y, [-R, R]);
  };
  const grip = handle(p, {
    label: "z in the latent plane", role: "truth",
    get: () => [state.x, state.y],
    put: move,
    nudge(dx, dy) { move(state.x + .1*dx, state.y + .1*dy); },
    words: () => `z1 ${fixed(state.x)}, z2 ${fixed(state.y)}`});
  p.svg.addEventListener("click", e => {
    if (e.target.closest(".handle")) return;
    const [x, y] = p.at(e);
    glide(pic, state, {x: clamp(x, [-R, R]), y: clamp(y, [-R, R])}, 300);
  });

  const digit = el("canvas", {class: "pixels", width: side, height: side, role: "img"});
  const note = el("p", {class: "mute"}), line = el("p", {class: "numbers"});
  const words = el("div", {}, note, line);
  const border = "border: 1px solid var(--line); box-sizing: border-box";
  digit.style.cssText = `background: #fff; ${border}`;
  note.style.margin = ".4rem 0 0";
  right.style.cssText = "display: flex; flex-wrap: wrap; gap: .2rem 1rem; align-items: center";
  right.append(digit, words);
  const show = {
    z1: number(line, "z1", "z₁ =", "truth", 2),
    z2: number(line, "z2", "z₂ =", "truth", 2),
    ink: number(line, "ink", "pixels with ink, on average", "model", 1)};

  const controls = el("div", {class: "controls"}), box = el("input", {type: "checkbox"});
  const buttons = el("div",
    {class: "buttons", role: "group", "aria-label": "Go to the middle of a class"});
  pic.live.append(controls, buttons);
  const sliders = [["x", "z₁"], ["y", "z₂"]].map(([key, label]) =>
    slider(pic, controls, state, key, {label, role: "truth", min: -R, max: R, step: .01}));
  buttons.append("Go to a");
  middles.forEach(([x, y], k) =>
    button(pic, buttons, String(k), () => glide(pic, state, {x, y}, 900)));
  buttons.append(el("label", {}, box, " map of the decoder behind"));
  box.addEventListener("change", () => pic.draw());

  let mapped;                                            // a tile shows what its middle decodes to
  const drawMap = () => {
    const step = 2*R/N, dark = pic.theme == "dark";
    if (mapped != pic.theme) {
      mapped = pic.theme;
      set(under, {width: N*side, height: N*side});
      for (let i = 0; i < N; i++) for (let j = 0; j < N; j++) {
        const middle = [-R + (j + .5)*step, R - (i + .5)*step];
        print(under, decode(layers, middle), side, {x: j*side, y: i*side, dark});
      }
    }
    const width = p.X(R) - p.X(-R), height = p.Y(-R) - p.Y(R);
    Object.assign(under.style, {left: `${p.X(-R)}px`, top: `${p.Y(R)}px`,
                                width: `${width}px`, height: `${height}px`});
  };
  const cloud = k => {
    const own = labels.flatMap((l, i) => l == k ? [i] : []);
    const at = i => `${p.X(points[2*i]).toFixed(1)} ${p.Y(points[2*i+1]).toFixed(1)}`;
    return own.map(i => `M${at(i)}h0`).join("");
  };
  const fit = p.fit;
  p.fit = () => {                                        // what only the page's width moves
    const narrow = pic.live.clientWidth < 500;           // on a phone the digit stands above,
    right.style.order = narrow ? -1 : 0;                 // in view of the thumb
    const columns = narrow ? "minmax(0, 1fr)" : "minmax(0, 3fr) minmax(0, 2fr)";
    row.style.gridTemplateColumns = columns;
    digit.style.width = narrow ? "112px" : "min(100%, 220px)";
    words.style.flex = narrow ? "1 1 9rem" : "1 1 100%";
    fit();
    p.put(z2, -R + .06, R - .22, null, "start");
    rings.forEach((c, i) => set(c, {cx: p.X(0), cy: p.Y(0), r: p.X(i + 1) - p.X(0)}));
    clouds.forEach((path, k) => set(path, {d: cloud(k)}));
    flags.forEach((flag, k) => {
      const [x, y] = middles[k];
      set(flag, {transform: `translate(${p.X(x)} ${p.Y(y)})`});
    });
  };
  p.fit();
  pic.draw = () => {
    const at = [state.x, state.y], pixels = decode(layers, at), near = labels[nearest(points, at)];
    digit.getContext("2d").clearRect(0, 0, side, side);
    print(digit, pixels, side);
    set(digit, {"aria-label": `The decoded image; the nearest training digit is a ${near}`});
    note.textContent = `The nearest training digit is a ${near}.`;
    under.style.display = box.checked ? "block" : "none";
    if (box.checked) drawMap();
    show.z1(state.x);
    show.z2(state.y);
    show.ink(pixels.reduce((a, v) => a + v, 0));
    grip.show();
    for (const c of sliders) c.show();
    pic.say(`z ${fixed(state.x)}, ${fixed(state.y)}: nearest training digit a ${near}`);
  };
  pic.draw();
}
