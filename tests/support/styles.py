"""Code as people write it, one row a function: what tries it, and the names that must come out"""


def styles():
    "Rows, and the decorator that adds one"
    rows = []
    def code(probe, *want):
        "A row: what tries it, the names that must come out; none for right code"
        def add(f): rows.append((f, probe, set(want))); return f
        return add
    return rows, code

def ids(rows): return [f"{f.__name__}-{'-'.join(sorted(w)) or 'right'}" for f, _, w in rows]

def called(f, probe):
    "What a probe finds, and what that is called: mistakes, and verdicts that have none"
    found = probe(f, f.__name__)
    found = found if isinstance(found, list) else [found]
    return found, {m for x in found for m in x.mistakes} | {
        x.verdict for x in found if x.verdict in ("scaled", "untried") or x.verdict == "wrong" and not x.mistakes}
