"""Would a wrong formula on a page be noticed? Each wrong version of each display is put into the page's place, and the cell that checks it
runs.

    python tools/mutants_formulas.py [TAG or PAGE…] [--jobs N] [--list]      (`make mutants-formulas`)

The wrong versions are those of `vaegan.formula.wrong`: one mistake that a person would make, at one place. The cells of a notebook that
check displays run once, one after the other, with those that they need (tools/needed.py); after each check its wrong versions are tried
with what the cell has handed to `holds`, and one that survives with the whole cell once more.
A version is *noticed* if a relation no longer holds (a difference) or cannot be evaluated with what the cell supplies (no value); the score
tells both, and the differences alone. One that changes what the check leaves out (a skipped law, a condition of which it knows nothing) is
*not asked*. EQUIVALENT lists versions that say the
same as the right formula, each with its reason; SURVIVORS those that say something else, which no cell notices, and why. An entry of
either that matches no surviving version any more is an error. Exit status 1: that, or a survivor that stands in neither."""
import argparse
import io
import json
import os
import re
import signal
import sys
import time
import warnings
from collections import Counter
from contextlib import contextmanager, redirect_stdout
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT/"tools")]

from formulas_equivalent import EQUIVALENT, SURVIVORS  # noqa: E402
from needed import needed  # noqa: E402
from notebooks import NBS, checks, code_cells, nb_id, python, src  # noqa: E402

import vaegan.formula  # noqa: E402
from vaegan.formula import displays  # noqa: E402
from vaegan.formula.claims import holds  # noqa: E402
from vaegan.formula.displays import instead, latex_of, page_of, tags  # noqa: E402
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
    outcome: str    # "a difference", "no value", "survives", "known" (it survives, and stands in SURVIVORS), "equivalent", "not asked"; "fails" if the check does with the right formula
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

def place(display, at):
    "The number of the statement that a place lies in; (number, ∼) for a law"
    n, clause = next(((n, c) for n, c in enumerate(display.clauses, 1) if inside(at, c)), (0, None))
    laws = zip(clause.ops, clause.sides[1:]) if isinstance(clause, Relation) else ()
    return (n, r"\sim") if any(op == r"\sim" and inside(at, side) for op, side in laws) else n

def evaluated_places(links):
    "The places of what was evaluated, as `place` tells them"
    return {k.clause for k in links} | {(k.clause, r"\sim") for k in links if k.op == "~"}

def inside(at, node): return node.at[0] <= at[0] and at[1] <= node.at[1]

def tried(tag, asked, judge, only=None):
    "All wrong versions of a display with what becomes of them; `judge` says it of one; `only` some of them: `(tag, words, piece)`"
    right, seen, out = latex_of(tag), Counter(), []
    display = read(right)
    for w in wrong_versions(right):
        piece = " ".join(right[slice(*w.at)].split())
        seen[w.words, piece] += 1
        if only and not {(tag, w.words, piece), (tag, w.words, None)} & set(only): continue
        v = Verdict(tag, w.words, piece, w.latex, seen[w.words, piece], "not asked")
        if not asked or place(display, w.at) in asked: v = v._replace(outcome=judge(w.latex))
        if v.outcome == "survives" and v.key in EQUIVALENT: v = v._replace(outcome="equivalent")
        if v.outcome == "survives" and v.key in SURVIVORS: v = v._replace(outcome="known")
        out.append(v)
    return out

# -- the notebooks' own cells ------------------------------------------------------------------------------------------
def evaluates(source, tag):
    "Does a cell evaluate this display? It names the tag, and calls `holds` or `says`"
    return bool(re.search(r"\b(holds|says)\(", source) and re.search(rf"""["']{re.escape(tag)}["']""", source))

@cache
def evaluated():
    "tag -> the notebook of which a cell evaluates it"
    return {t: nb for nb in NBS for c in code_cells(nb) for t in checks(src(c)) if evaluates(src(c), t)}

class Judge:
    "The calls of `holds` that a notebook's cells make, and what becomes of them if something else stands on the page"
    def __init__(self, only=None):
        self.calls, self.only, self.space = [], only, {}
        vaegan.formula.holds = self.watch       # what the notebook imports

    def watch(self, *args, **named):
        held = holds(*args, **named)
        self.calls.append((args, named, held))
        return held

    @staticmethod
    def tags(c): return [t for t in checks(c.source) if evaluates(c.source, t)]

    def verdicts(self, c, tag, calls):
        mine = [call for call in calls if call[0][:1] == (tag,)]
        asked = {p for *_, held in mine for p in evaluated_places(held.links)}
        mine = [(args, named) for args, named, held in mine if self.again(args, named) == str(held)]
        return tried(tag, asked, lambda latex: self.judge(c.source, tag, latex, mine), self.only)

    @staticmethod
    def again(args, named):
        "What a call of `holds` says a second time: where a loop has gone on, something else"
        try: return str(holds(*args, **named))
        except Exception as e: return repr(e)

    def judge(self, source, tag, latex, calls):
        "First what the cell has handed to `holds`, then the cell as it stands"
        found = outcome(lambda: None, tag, latex, calls) if calls else "survives"
        return outcome(lambda: exec(compile(python(source), "cell", "exec"), self.space), tag, latex, ()) if found == "survives" else found

class Notebook(Judge):
    "A notebook whose quick cells run one after the other"
    def __init__(self, nb, only=None):
        from execnb.shell import CaptureShell
        from nbdev.test import nb_test_cells
        super().__init__(only)
        self.nb, self.shell = nb, CaptureShell(nb)
        self.space = self.shell.user_ns
        for f in self.shell.display_formatter.formatters.values(): f.enabled = False     # nobody looks, and the tables of `holds` are half of the work
        self.cells = nb_test_cells(nb, ("notest", "slow"))

    def part(self, wanted):
        "The cells that check some displays, and those that these need"
        at = [i for i, c in enumerate(self.cells) if set(self.tags(c)) & wanted]
        return [self.cells[i] for i in sorted(set().union(*(needed(self.cells, i) for i in at)))]

    def run(self, wanted):
        "(tag, verdicts), for the displays that its cells check"
        for c in self.part(wanted):
            self.calls.clear()
            self.shell.run(c.source, stdout=False, stderr=False)
            if self.shell.exc: raise RuntimeError(f"{nb_id(self.nb)}, cell {c.id}: {self.shell.exc}")
            calls = list(self.calls)
            for tag in set(self.tags(c)) & wanted: yield tag, self.verdicts(c, tag, calls)

def beside(shell, only):
    """What to call after each cell of a notebook that a shell runs, and the list in which verdicts come then: (tag, verdicts over the versions
    `only`). Each cell is judged in a fork: the run goes on as if nobody had looked."""
    judge, wanted, found = Judge(only), {tag for tag, *_ in only}, []
    judge.space = shell.user_ns
    def after(c):
        calls, judge.calls = judge.calls, []
        if c.cell_type != "code" or shell.exc: return
        for tag in {*judge.tags(c)} & wanted: found.append((tag, forked(lambda: judge.verdicts(c, tag, calls))))
    return after, found

def forked(work):
    "What it gives (something for JSON), found in a process of its own, which has all that this one has"
    read, write = os.pipe()
    if not (pid := os.fork()):
        try:
            with open(write, "w", encoding="utf-8") as out, redirect_stdout(io.StringIO()), warnings.catch_warnings(action="ignore"): json.dump(work(), out)
            os._exit(0)
        except BaseException: sys.excepthook(*sys.exc_info())
        finally: os._exit(1)
    os.close(write)
    with open(read, encoding="utf-8") as out: text = out.read()
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]): raise RuntimeError("no verdict: the reason stands above")
    return json.loads(text)

@contextmanager
def apart(folder):
    "What a page sets for the whole process ends with it"
    was, here, dtype, state = os.environ.get("IN_TEST"), os.getcwd(), torch.get_default_dtype(), torch.get_rng_state()
    looked_in, main = [*displays._folders], sys.modules["__main__"]
    os.environ["IN_TEST"] = "1"
    os.chdir(folder)
    torch.set_default_dtype(torch.float32)
    try:
        with redirect_stdout(io.StringIO()), warnings.catch_warnings(action="ignore"): yield
    finally:
        vaegan.formula.holds = holds
        displays._folders[:] = looked_in
        sys.modules["__main__"] = main          # a notebook's shell takes the name; without it no verdict could be handed to another process
        os.chdir(here)
        torch.set_default_dtype(dtype)
        torch.set_rng_state(state)
        os.environ.pop("IN_TEST") if was is None else os.environ.update(IN_TEST=was)

def of_page(job, only=None):
    "The verdicts over the displays of one notebook; `only` some versions"
    (nb, wanted), found, began = job, {}, time.monotonic()
    name = nb_id(nb) if nb in NBS else Path(nb).name
    say(f"{name}: {len(wanted)} displays …")
    try:
        with apart(nb.parent):
            for tag, vs in Notebook(nb, only).run(set(wanted)): found.setdefault(tag, []).append(vs)
    except Exception as e:
        say(f"    fails: {type(e).__name__}: {e}")
        return [Verdict(t, f"{type(e).__name__}: {e}", "", latex_of(t), 1, "fails") for t in wanted]
    best_of = [v for t in wanted for v in met(found.get(t, ()))]
    say(f"{name}: {len(best_of)} versions in {time.monotonic() - began:.0f} s, {dict(Counter(v.outcome for v in best_of))}")
    for v in best_of:
        if v.outcome == "survives": say(f"    survives: {v.key}")
    return best_of

def say(line): print(line, file=sys.stderr, flush=True)

NOTICED = ("a difference", "no value", "equivalent", "not asked", "known", "survives", "fails")

def best(several):
    "A version that several cells meet: noticed if one of them notices"
    return min(several, key=lambda v: NOTICED.index(v.outcome))

def met(verdicts): return [best([Verdict(*v) for v in vs]) for vs in zip(*verdicts)]

def run(tags, jobs):
    "The verdicts over many displays, in order"
    cells, work = evaluated(), {}
    for t in tags: work.setdefault(cells[t], []).append(t)
    if jobs == 1: found = [v for job in work.items() for v in of_page(job)]
    else:
        with get_context("fork").Pool(jobs, maxtasksperchild=1) as pool: found = [v for vs in pool.imap_unordered(of_page, work.items(), 1) for v in vs]
    order = {t: i for i, t in enumerate(tags)}
    return sorted(found, key=lambda v: order[v.tag])

def table(found):
    "The score page by page"
    rows, pages, at = ["| page | displays | wrong versions | a difference | no value | equivalent | not asked | survive | noticed | by a number |", "|---|---|---|---|---|---|---|---|---|---|"], {}, evaluated()
    for v in found: pages.setdefault(nb_id(at[v.tag]).removesuffix(".ipynb") if v.tag in at else page_of(v.tag), []).append(v)
    for page, vs in [*pages.items(), ("all", found)]:
        n = Counter(v.outcome for v in vs)
        noticed, alive = n["a difference"] + n["no value"], n["survives"] + n["known"]
        score, by_number = (f"{100*n/max(1, noticed + alive):.1f} %" for n in (noticed, n["a difference"]))
        rows.append(f"| {page} | {len({v.tag for v in vs})} | {len(vs)} | {n['a difference']} | {n['no value']} | {n['equivalent']} | {n['not asked']} | {alive} | {score} | {by_number} |")
    return "\n".join(rows)

def stale(found, whole):
    "Entries of the table that match no surviving version"
    used = {v.key for v in found if v.outcome in ("equivalent", "known")}
    return [k for k in EQUIVALENT | SURVIVORS if k not in used and (whole or k.split(" | ")[0] in {v.tag for v in found})]

def main():
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("tags", nargs="*", help="tags, or pages such as 06_elbo; all by default")
    ask.add_argument("--jobs", type=int, default=2)
    ask.add_argument("--list", action="store_true", help="every version with its outcome")
    args = ask.parse_args()
    every = [t for t in tags() if t in evaluated()]
    if unknown := set(args.tags) - {*every, *map(page_of, every)}: ask.error(f"no cell evaluates {', '.join(sorted(unknown))}: give tags, or pages such as 06_elbo")
    asked = [t for t in every if not args.tags or t in args.tags or page_of(t) in args.tags]
    found = run(asked, args.jobs)
    for v in found:
        if args.list or v.outcome in ("survives", "known", "fails"): print(f"{v.outcome}: {v.key}\n    {v.latex}")
    print(table(found))
    how = Counter(v.outcome for v in found)
    old = stale(found, not args.tags)
    for k in old: print(f"tools/formulas_equivalent.py: no surviving version is {k!r} any more")
    return bool(old or how["survives"] or how["fails"])

if __name__ == "__main__": sys.exit(main())
