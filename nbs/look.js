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

// a long group of the list comes when it is opened; where it cannot come, its link remains
async function fill(event) {
  const fold = event.target, name = fold.dataset?.pages;
  if (!name || !fold.open) return;
  const up = document.querySelector('meta[name="quarto:offset"]')?.content ?? "./";
  const answer = await fetch(up + "scripts/chapters.json").catch(() => null);
  if (!answer?.ok) return;
  const list = fold.querySelector("ul"), held = list.contains(document.activeElement);
  list.innerHTML = (await answer.json())[name];
  for (const a of list.querySelectorAll("a")) a.setAttribute("href", up + a.getAttribute("href"));
  delete fold.dataset.pages;
  if (held) list.querySelector("a")?.focus();
}

// KaTeX writes each formula twice, for eyes and for ears: what is copied has it once, as TeX
function copied(event) {
  const range = getSelection().rangeCount && getSelection().getRangeAt(0).cloneRange();
  if (!range || range.collapsed) return;
  const formula = node => (node.nodeType === 1 ? node : node.parentElement).closest(".katex");
  const [first, last] = [formula(range.startContainer), formula(range.endContainer)];
  if (first) range.setStartBefore(first);
  if (last) range.setEndAfter(last);
  const part = document.createElement("div");
  part.append(range.cloneContents());
  const all = part.querySelectorAll(".katex");
  if (!all.length) return;
  for (const e of all) {
    const tex = e.querySelector("annotation")?.textContent ?? e.textContent;
    const mark = e.closest(".katex-display") ? "$$" : "$";
    e.replaceWith(mark + tex + mark);
  }
  document.body.append(part);                // innerText knows of lines only what is on the page
  part.style.cssText = "position: absolute; left: -200vw; white-space: normal";
  event.clipboardData.setData("text/plain", part.innerText.trim());
  event.clipboardData.setData("text/html", part.innerHTML);
  part.remove();
  event.preventDefault();
}

const isOpen = () => root.dataset.nav === "open";
function escape(event) {
  if (event.key !== "Escape" || !isOpen()) return;
  drawer(false);
  document.querySelector("button.menu").focus();
}

// formulas that are no displays, for whoever asks for them; pages leave it out
for (const e of document.querySelectorAll(".math:not(.display)")) e.classList.add("inline");
// where the contents lead, for Quarto's script, which marks the section in view
for (const a of document.querySelectorAll("#TOC a")) a.dataset.scrollTarget = a.hash;
for (const h of document.querySelectorAll("section[id] > .anchored")) {
  h.dataset.anchorId ??= h.parentElement.id;      // for the script that puts ¶ beside headings
}
show();
here();
document.querySelector("#quarto-sidebar")?.addEventListener("toggle", fill, true);
document.addEventListener("copy", copied);
system.addEventListener("change", show);
document.querySelector("button.theme")?.addEventListener("click", turn);
document.querySelector("button.menu")?.addEventListener("click", () => drawer(!isOpen()));
document.querySelector("main")?.addEventListener("pointerdown", () => isOpen() && drawer(false));
document.querySelector("#quarto-sidebar")?.addEventListener("click", event =>
  isOpen() && event.target.closest("nav#TOC a") && drawer(false));
addEventListener("keydown", escape);
