// JupyterLab hears every key first, at the document, and keeps Enter for itself. The window comes
// before the document: keys typed into a box stay there, and Enter gives the answer.
function keys(event) {
  const {key} = event, form = event.target.closest?.("form.vaegan-answer, form.vaegan-argued");
  if (!form || event.ctrlKey || event.altKey || event.metaKey) return;
  if (key === "Tab" || key === "Escape" || (event.shiftKey && key === "Enter")) return;
  event.stopPropagation();
  if (key !== "Enter" || event.isComposing || event.target.matches(".other, textarea")) return;
  event.preventDefault();
  form.requestSubmit();
}
if (globalThis.document && !globalThis.vaeganKeys) {
  addEventListener("keydown", keys, true);
  globalThis.vaeganKeys = true;
}
