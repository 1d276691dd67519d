"""Would a wrong formula on a page be noticed? Each wrong version of each display is put into the page's place, and its check runs.

    python tools/mutants_formulas.py [TAG…] [--jobs N] [--list]      (`make mutants-formulas`)

The wrong versions are those of `vaegan.formula.wrong`: one mistake that a person would make, at one place. A check runs once with the
right formula, and what it hands to `holds` is remembered; for a wrong version only `holds` runs again, so that all of them take
about a minute. A version is *noticed* if a relation no longer holds (a difference) or cannot be evaluated with what the check supplies (no value).
One that changes a statement which the check leaves out (a distribution, a condition, words) is *not asked*. EQUIVALENT lists versions that say the same as the right formula, or something
true, each with its reason; an entry that matches no version any more, or one that is noticed, is an error. Exit status 1: that, or survivors."""
import argparse
import signal
import sys
import warnings
from collections import Counter
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT/"tools"), str(ROOT/"tests"/"support")]

import formula_checks  # noqa: E402
from formulas_equivalent import EQUIVALENT  # noqa: E402

from vaegan.formula import holds  # noqa: E402
from vaegan.formula.displays import instead, latex_of, page_of  # noqa: E402
from vaegan.formula.read import read  # noqa: E402
from vaegan.formula.tree import Relation  # noqa: E402
from vaegan.formula.wrong import wrong_versions  # noqa: E402

SECONDS = 20        # for one wrong version; longer is as good as an error

class Verdict(NamedTuple):
    tag: str
    words: str
    piece: str      # what was changed, in the LaTeX of the right formula
    latex: str      # the wrong formula
    number: int     # 1, or 2 for the second with the same words and piece
    outcome: str    # "a difference", "no value", "survives", "equivalent", "not asked"; "fails" if the check does with the right formula
    @property
    def key(self): return f"{self.tag} | {self.words} | {self.piece}" + f" | {self.number}"*(self.number > 1)

@contextmanager
def limit(seconds):
    def stop(*_): raise TimeoutError
    was = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try: yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, was)

def recorded(check):
    "Run a check; the calls of `holds` that it makes, and the numbers of the statements that they evaluate"
    calls, asked = [], set()
    def watch(*args, **named):
        calls.append((args, named))
        held = holds(*args, **named)
        asked.update(link.clause for link in held.links)
        return held
    was, formula_checks.holds = formula_checks.holds, watch
    try: check()
    finally: formula_checks.holds = was
    try:
        for args, named in calls: holds(*args, **named)
    except Exception: calls = []                # what a loop has left behind is another truth: run the whole check each time
    return calls, asked

def outcome(check, tag, latex, calls):
    "What becomes of a check if this stands on the page"
    with instead(tag, latex):
        try:
            with limit(SECONDS):
                for args, named in calls: holds(*args, **named)
                if not calls: check()
        except AssertionError: return "a difference"
        except Exception: return "no value"
    return "survives"

def statement(display, at):
    "The number of the statement that a place lies in; 0 for the law behind a ∼, which nobody evaluates"
    n, clause = next(((n, c) for n, c in enumerate(display.clauses, 1) if inside(at, c)), (0, None))
    if isinstance(clause, Relation):
        for op, side in zip(clause.ops, clause.sides[1:]):
            if op == r"\sim" and inside(at, side): return 0
    return n

def inside(at, node): return node.at[0] <= at[0] and at[1] <= node.at[1]

def verdicts(tag):
    "All wrong versions of a display, with what becomes of them"
    warnings.simplefilter("ignore")
    right, seen, out, check = latex_of(tag), Counter(), [], formula_checks.CHECKS[tag]
    if tag in formula_checks.WRONG_AS_PRINTED: return []
    try: calls, asked = recorded(check)
    except Exception as e: return [Verdict(tag, f"{type(e).__name__}: {e}", "", right, 1, "fails")]
    display = read(right)
    for w in wrong_versions(right):
        piece = " ".join(right[slice(*w.at)].split())
        seen[w.words, piece] += 1
        v = Verdict(tag, w.words, piece, w.latex, seen[w.words, piece], "not asked")
        if not calls or statement(display, w.at) in asked: v = v._replace(outcome=outcome(check, tag, w.latex, calls))
        if v.outcome == "survives" and v.key in EQUIVALENT: v = v._replace(outcome="equivalent")
        out.append(v)
    return out

def run(tags, jobs):
    "The verdicts over many displays, in order"
    if jobs == 1: return [v for t in tags for v in verdicts(t)]
    with get_context("fork").Pool(jobs) as pool: return [v for vs in pool.imap(verdicts, tags, 1) for v in vs]

def table(found):
    "The score page by page"
    rows, pages = ["| page | displays | wrong versions | noticed | equivalent | not asked | survive | score |", "|---|---|---|---|---|---|---|---|"], {}
    for v in found: pages.setdefault(page_of(v.tag), []).append(v)
    for page, vs in [*pages.items(), ("all", found)]:
        n = Counter(v.outcome for v in vs)
        noticed, alive = n["a difference"] + n["no value"], n["survives"]
        score = f"{100*noticed/max(1, noticed + alive):.1f} %"
        rows.append(f"| {page} | {len({v.tag for v in vs})} | {len(vs)} | {noticed} | {n['equivalent']} | {n['not asked']} | {alive} | {score} |")
    return "\n".join(rows)

def stale(found, whole):
    "Entries of the table that match no surviving version"
    used = {v.key for v in found if v.outcome == "equivalent"}
    return [k for k in EQUIVALENT if k not in used and (whole or k.split(" | ")[0] in {v.tag for v in found})]

def main():
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("tags", nargs="*", help="displays; all that have a check by default")
    ask.add_argument("--jobs", type=int, default=2)
    ask.add_argument("--list", action="store_true", help="every version with its outcome")
    args = ask.parse_args()
    tags = args.tags or list(formula_checks.CHECKS)
    found = run(tags, args.jobs)
    for v in found:
        if args.list or v.outcome in ("survives", "fails"): print(f"{v.outcome}: {v.key}\n    {v.latex}")
    print(table(found))
    how = Counter(v.outcome for v in found)
    print(f"noticed by a difference: {how['a difference']}, because no value could be found: {how['no value']}")
    old = stale(found, not args.tags)
    for k in old: print(f"tools/formulas_equivalent.py: no surviving version is {k!r} any more")
    return bool(old or how["survives"] or how["fails"])

if __name__ == "__main__": sys.exit(main())
