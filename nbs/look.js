// The shell's few moving parts: light or dark, the drawer of chapters, the place in it.
const root = document.documentElement, KEY = "quarto-color-scheme";
const store = value => { try { localStorage.setItem(KEY, value) } catch {} };
const system = matchMedia("(prefers-color-scheme: dark)");
const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : system.matches;

function show() {                     // says which it is, to whoever asks the body or the button
  document.body.classList.toggle("quarto-dark", dark());
  document.body.classList.toggle("quarto-light", !dark());
  const button = document.querySelector("button.theme");
  button?.setAttribute("aria-label", dark() ? "Show the page in the light" : "Show it in the dark");
}

function turn() {
  root.dataset.theme = dark() ? "light" : "dark";
  store(root.dataset.theme === "dark" ? "alternate" : "default");
  show();
}

function drawer(open) {
  root.dataset.nav = open ? "open" : "";
  document.querySelector("button.menu").setAttribute("aria-expanded", open);
  if (open) document.querySelector("#quarto-sidebar a.active, #quarto-sidebar summary")?.focus();
}

function here() {                     // the current chapter in view, without moving the page
  const list = document.getElementById("quarto-sidebar"), at = list?.querySelector("a.active");
  if (!at) return;
  const low = at.getBoundingClientRect().top - list.getBoundingClientRect().top;
  if (low > .7*list.clientHeight) list.scrollTop += low - .3*list.clientHeight;
}

const isOpen = () => root.dataset.nav === "open";
function escape(event) {
  if (event.key !== "Escape" || !isOpen()) return;
  drawer(false);
  document.querySelector("button.menu").focus();
}

show();
here();
system.addEventListener("change", show);
document.querySelector("button.theme")?.addEventListener("click", turn);
document.querySelector("button.menu")?.addEventListener("click", () => drawer(!isOpen()));
document.querySelector("main")?.addEventListener("pointerdown", () => isOpen() && drawer(false));
document.querySelector("#quarto-sidebar")?.addEventListener("click", event =>
  isOpen() && event.target.closest("nav#TOC a") && drawer(false));
addEventListener("keydown", escape);
