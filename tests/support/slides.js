// The living picture on show is as large as there is room, and each of its plots as wide as its place.
window.lifeHasItsPlace = () => {
  const box = document.querySelector("section.present .live-box"), live = box.firstElementChild;
  const room = Math.min(box.clientWidth/live.offsetWidth, .99*box.clientHeight/live.offsetHeight);
  return Math.abs(parseFloat(live.style.transform.split("scale(")[1]) - room) < 1e-3*room &&
    [...live.shadowRoot.querySelectorAll(".plot")].every(p => !p.clientWidth || p.firstElementChild.viewBox.baseVal.width === p.clientWidth);
};
// What is wrong with the slide on show, and how small its type is, in pixels of a page of 1280 by 720.
window.lookAtSlide = async () => {
  const frame = () => new Promise(requestAnimationFrame);
  for (let i = 0; i < 3; i++) await frame();
  const slide = document.querySelector("section.present"), k = Reveal.getScale();
  const page = document.querySelector(".slides").getBoundingClientRect();
  function* texts(root) {
    for (const e of root.querySelectorAll("*")) {
      if (e.shadowRoot) yield* texts(e.shadowRoot);
      for (const n of e.childNodes) if (n.nodeType === 3 && n.data.trim()) yield [e, n];
    }
  }
  const smallest = {}, faults = [], range = document.createRange();
  for (const [e, text] of texts(slide)) {
    if (e.closest(".notes, script, style, .katex-mathml, .unseen") || !e.getClientRects().length) continue;
    range.selectNodeContents(text);
    const box = range.getBoundingClientRect(), svg = e.closest("svg"), host = e.getRootNode().host;
    if (!box.width) continue;
    if (!e.closest("pre") && Math.min(box.left - page.left, page.right - box.right, box.top - page.top, page.bottom - box.bottom) < -1)
      faults.push(`off the page: ${text.data.trim().slice(0, 30)}`);
    if (e.closest("[class*=mtight], .sub") || e.closest(".sizing")) continue;         // indices
    let size = parseFloat(getComputedStyle(e).fontSize);
    if (svg?.viewBox.baseVal?.width) size *= svg.getBoundingClientRect().width/svg.viewBox.baseVal.width/k;
    else if (host) size *= host.getBoundingClientRect().width/host.offsetWidth/k;
    const kind = host || svg ? "picture" : "words";
    smallest[kind] = Math.min(smallest[kind] ?? 99, size);
  }
  for (const e of slide.querySelectorAll(".equation, .equation .math, pre, .list, .figure"))
    if (e.scrollWidth > e.clientWidth + 1 || e.matches("pre, .list") && e.scrollHeight > e.clientHeight + 1)
      faults.push(`too large: ${e.className || e.tagName}`);
  const body = slide.querySelector(".body:not(:has(.live-box))");
  if (body && body.scrollHeight > body.clientHeight + 1) faults.push("too much for one slide");
  const live = slide.querySelector(".live-box");
  if (live && live.firstElementChild.getBoundingClientRect().bottom > live.getBoundingClientRect().bottom + 1)
    faults.push("a living picture that is cut off");
  return {id: slide.id, smallest, faults};
};
