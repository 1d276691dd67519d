"""An exercise on the site is one box: the question, the answer box, help in folds, and last, in a fold too, the same question for
Python. In the notebook it is a heading, a cell that asks, a cell that checks and folded hints; there is a kernel, here there is none."""
import re

from site_folds import folded, together
from site_markup import escaped, markdown, output_text, raw

ASKS = re.compile(r"^ask\(", re.M)
NUMBERED = re.compile(r"^## \d+\. (?P<title>.*)$", re.M)

def is_ask(cell): return cell.cell_type == "code" and bool(ASKS.search(cell.source))
def starts(cell): return cell.cell_type == "markdown" and bool(NUMBERED.match(cell.source.strip()))

UNSCRIPTED = re.compile(r'<p class="vaegan-unscripted">.*?</p>', re.S)      # the site says it in CSS, without a flash
HOW = re.compile(r"\n*^\*Answer with .*\*$", re.M)

def asked(text):
    "The question in a block of its own, which other numbers replace, and how to answer behind it"
    found = HOW.search(text)
    end = found.start() if found else len(text)
    return f"::: {{.asked}}\n{text[:end].strip()}\n:::\n\n{text[end:].strip()}".strip()

def question_of(cell, title):
    "What `ask` shows, without the title that stands above it"
    texts = [output_text(o) for o in cell.outputs if output_text(o)]
    bare = [re.sub(rf"^\*\*{re.escape(title)}\*\* \([^)\n]*\)\s*", "", t) for t in texts]
    bare = [UNSCRIPTED.sub("", t) if "vaegan-answer" in t else asked(t) for t in bare]
    return [re.sub(r"^(\*Answer with .*\*)$", r"::: {.how}\n\1\n:::", t, flags=re.M) for t in bare]

def help_of(text):
    "Hints and solution as folds of one kind each"
    kind = lambda name: "solution" if name.startswith(("Solution", "Compare")) else "hint"
    body = re.sub(r"<details>\s*<summary>(.*?)</summary>", lambda m: raw(f'<details class="{kind(m[1])}"><summary>{escaped(m[1])}</summary><div>'), text)
    return "\n\n".join([raw('<div class="help" data-nosearch>'), body.replace("</details>", raw("</div></details>")), raw("</div>")])

def boxed(cells):
    "One exercise, from its heading to the next, as a box"
    head, *rest = cells
    title = NUMBERED.match(head.source.strip())["title"]
    first, _, about = head.source.strip().partition("\n")
    ask = next(c for c in rest if is_ask(c))
    has_box = any("vaegan-answer" in t for t in question_of(ask, title))
    kept = [c for c in rest if c.cell_type == "markdown" and c.source.startswith("<details>")]
    code = [c for c in rest if c.cell_type == "code"]
    question = markdown("\n\n".join(filter(None, ["::: {.question-box}", first, about.strip(), *question_of(ask, title)])))
    for c in code: c.outputs = []
    help = markdown("\n\n".join(help_of(c.source) for c in kept))
    if not has_box: return [question, together(code), help, markdown(":::")]
    return [question, help, folded(together(code), "The same question in Python"), markdown(":::")]

SCRIPT = re.compile(r'<script>\(\(\) => \{ // The answer box.*?</script>', re.S)
AGAIN = "<script>globalThis.vaeganAnswer?.()</script>"      # in stored boxes after the first (tools/write_exercises.py)

def scripts_once(cells):
    "Each box brings the script that reads answers; a page needs it once, after them"
    found = []
    for c in cells:
        if c.cell_type == "markdown" and "vaegan-answer" in c.source:
            found += SCRIPT.findall(c.source)
            c.source = SCRIPT.sub("", c.source).replace(AGAIN, "")
    return [*cells, *(markdown(raw(s)) for s in dict.fromkeys(found))]

def with_boxes(cells):
    "A page of exercises with each exercise in a box; what stands between and around them stays"
    out, i = [], 0
    while i < len(cells):
        if not starts(cells[i]):
            out.append(cells[i])
            i += 1
            continue
        end = next((k for k in range(i + 1, len(cells)) if cells[k].cell_type == "markdown" and re.match(r"#{1,2} ", cells[k].source.strip())), len(cells))
        out += boxed(cells[i:end]) if any(map(is_ask, cells[i:end])) else cells[i:end]
        i = end
    return scripts_once(out)

# -- solutions in the lessons ------------------------------------------------------------------------------------------
NEXT = re.compile(r"\*\*\d+\.|#")      # the next question, or a heading

def solution(cell):
    "Does a text end with the fold of a solution?"
    return cell.cell_type == "markdown" and cell.source.rstrip().endswith("</details>") and cell.source.rpartition("<summary>")[2].startswith("Solution")

def solved(cells):
    "What follows the text of a solution up to the next question, its code and its results, stands in the fold with it"
    out, i = [], 0
    while i < len(cells):
        out.append(cells[i])
        i += 1
        if not solution(out[-1]): continue
        end = next((k for k in range(i, len(cells)) if cells[k].cell_type == "markdown" and NEXT.match(cells[k].source.strip())), len(cells))
        if end == i: continue
        out[-1].source = out[-1].source.rstrip().removesuffix("</details>").rstrip()
        out += [*cells[i:end], markdown(raw("</details>"))]
        i = end
    return out
