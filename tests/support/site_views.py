"One page of the site in a browser: opened, seen at every width in light and dark, and what is wrong there."
import re
import time
from collections import defaultdict
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe

LOOKS = Path(__file__).with_name("looks.js")
WIDTHS = 1440, 1100, 820, 390
SET = "() => [...document.querySelectorAll('span.math')].every(e => e.querySelector('.katex, .katex-error, math')) && !document.querySelector('.packed')"
STILL = """() => new Promise(done => {
    const look = () => [document.documentElement.scrollWidth, document.documentElement.scrollHeight, scrollX, scrollY, document.getAnimations().filter(a => a.playState === 'running' && a.effect?.getComputedTiming().endTime < 1e5).length].join();
    let was = '', same = 0;
    const frame = () => { const now = look(); same = now === was ? same + 1 : 0; was = now; same < 6 ? requestAnimationFrame(frame) : done(); };
    frame();
})"""
ONCE = "formulas raw headings early names images ids stored cut".split()     # the same at every width
WIDE = "tags sideways lone broken".split()
COLOURS = ["color-contrast", "link-in-text-block"]                            # all that the dark can change
WORDS = {
    "tags": "equation tags over their equations", "formulas": "formulas that are not set", "sideways": "page goes sideways", "cut": "code that is cut off",
    "broken": "words that a table breaks", "lone": "punctuation alone at the start of a line", "raw": "raw markup", "headings": "headings",
    "early": "code before the first idea", "names": "without a name", "images": "broken pictures", "ids": "ids and places", "stored": "pictures twice on a page",
    "lost": "lost on paper"}
_axe = Axe()

def soon(tab, look, right=bool):
    "What is seen as soon as it is right; what is seen after a minute where it never is"
    end = time.monotonic() + 60
    while not right(seen := look()) and time.monotonic() < end: tab.wait_for_timeout(20)
    return seen

class Visit:
    "A page in a tab: what was asked for, what went wrong"
    def __init__(self, tab, base):
        self.tab, self.base, self.asked, self.trouble = tab, base, [], []
        self.watch = dict(request=lambda r: self.asked.append(r.url), pageerror=lambda e: self.trouble.append(str(e)[:150]),
                          console=lambda m: m.type in ("error", "warning") and self.trouble.append(f"{m.text[:120]} {m.location['url'].removeprefix(base)}"))
        for event, f in self.watch.items(): tab.on(event, f)

    def go(self, name, width=1440, dark=False):
        self.tab.emulate_media(color_scheme="dark" if dark else "light", media="null")
        self.tab.set_viewport_size(dict(width=width, height=900))
        self.tab.goto(self.base + name, wait_until="load", timeout=60_000)
        self.tab.wait_for_function(SET, timeout=30_000)
        self.tab.add_script_tag(content=LOOKS.read_text(encoding="utf-8"))
        self.still()
        return self

    def still(self):
        "Wait until what was changed is drawn: six frames in which nothing has moved"
        self.tab.evaluate(STILL)

    def resize(self, width):
        self.tab.set_viewport_size(dict(width=width, height=900))
        self.still()

    def darken(self):
        "Turn to the dark as the system does; False where the page had to be told by its own switch"
        self.tab.emulate_media(color_scheme="dark")
        self.still()
        if self.tab.evaluate("() => looks.ground()") < 90: return True
        self.tab.evaluate("() => window.quartoToggleColorScheme?.()")
        self.still()
        return False

    def elsewhere(self): return [u for u in self.asked if not u.startswith((self.base, "data:", "blob:", "about:"))]

    def done(self):
        for event, f in self.watch.items(): self.tab.remove_listener(event, f)

def axe(tab, rules=None):
    "What axe finds, formulas left out: KaTeX hides what it draws from readers aloud and gives them MathML"
    options = {"resultTypes": ["violations"]} | ({"runOnly": {"type": "rule", "values": rules}} if rules else {})
    found = _axe.run(tab, context={"exclude": [[".katex"]]}, options=options).response["violations"]
    return {v["id"]: [f"{n['target'][-1]}" for n in v["nodes"]] for v in found}

def faults(tab, base, name, widths=WIDTHS):
    "kind -> where, of one page"
    found = defaultdict(list)
    def see(looks, at):
        for look, what in tab.evaluate("names => looks.see(names)", looks).items(): found[WORDS[look]] += [f"{w} {at}" for w in what]
    def see_axe(at, rules=None):
        for rule, where in axe(tab, rules).items(): found[f"axe: {rule}"] += [f"{w} {at}" for w in where]
    visit = Visit(tab, base)
    try:
        visit.go(name, widths[0])
        see(["early"], "")
        tab.evaluate("() => looks.open()")
        visit.still()
        see([x for x in ONCE if x != "early"], "")
        for w in widths:
            if w != widths[0]: visit.resize(w)
            see(WIDE, f"@{w}")
            for what in tab.evaluate("() => looks.cut(true)"): found["code that no one can scroll to"].append(f"{what} @{w}")
        tab.evaluate("() => looks.thin()")
        see_axe(f"@{widths[-1]}")
        visit.resize(widths[0])
        see_axe(f"@{widths[0]}")
        if not visit.darken(): found["does not follow the system into the dark"].append("")
        see_axe(f"dark @{widths[0]}", COLOURS)
        visit.resize(widths[-1])
        see_axe(f"dark @{widths[-1]}", COLOURS)
        found["asked of another host"] += visit.elsewhere()
        found["errors in the console"] += sorted(set(visit.trouble))
    finally: visit.done()
    return {kind: where for kind, where in found.items() if where}

def told(found, most=4):
    "Faults in words, a line for each kind"
    return "\n".join(f"{len(where):5} {kind}: " + " · ".join(re.sub(r"\s+", " ", w).strip() for w in where[:most]) for kind, where in sorted(found.items()))
