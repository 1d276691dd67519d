"""Other numbers for the boxes of a page of exercises: a file beside the page, `elbo.numbers.js`, with twenty variants of each question,
their hints, solutions and what the box knows of them. The page loads it when a reader asks for it, as a script, which also works
without a server; the texts are alike, so compressed they are small, and no answer can be read in passing. tools/finish_site.py writes
it and tells the forms its name."""
import base64
import json
import re
import zlib

from vaegan.exam.box import box_data
from vaegan.exam.learner import bank_modules, exercises_of
from vaegan.exam.typeset import markdown_html
from vaegan.exam.variant import question_text, solution_text

N = 20               # other variants of a question
FIRST = 2            # the page itself shows seed 1
FORM = re.compile(r'(?<=<form class="vaegan-(?:answer|argued)") (?=[^>]*data-id=)')

def maths(tex): return f'<span class="math inline">{tex.replace("&", "&amp;").replace("<", "&lt;")}</span>'
def shown(md): return markdown_html(md, maths)

def variants(ex, n=N):
    "Variants of a question, all different where there are so many"
    found = {}
    for seed in range(FIRST, FIRST + 4*n):
        v = ex.variant(seed)
        found.setdefault((v.question, *sorted(v.options.values())), v)
        if len(found) == n: break
    more = (ex.variant(seed) for seed in range(FIRST, FIRST + n))
    return [*found.values(), *more][:n]

def told(v):
    "What the page shows of a variant, and what its box knows"
    return dict(seed=v.seed, asked=shown(question_text(v, False)), hints=[*map(shown, v.hints)], solution=shown(solution_text(v)), q=box_data(v) if v.kind != "argued" else None)

def numbers(module): return {ex.id: [*map(told, variants(ex))] for ex in exercises_of(module) if ex.kind != "code"}

def name(module): return f"{module}.numbers.js"

def small(data): return zlib.compress(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(), 9)

def packed(module):
    "The file: one text that the page's script unpacks"
    return f'(globalThis.vaeganNumbers ??= {{}})["{name(module)}"] = "{base64.b64encode(small(numbers(module))).decode()}";\n'

def module_of_page(page):
    "The module of the bank that a page of exercises is made of, or nothing"
    found = re.fullmatch(r"exercises/(\w+)\.html", page)
    return found[1] if found and found[1] in bank_modules() else ""

def with_numbers(text, page):
    "The page, whose forms know where other numbers are"
    module = module_of_page(page)
    return FORM.sub(f' data-numbers="{name(module)}" ', text) if module else text
