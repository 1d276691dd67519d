"""vaegan/stored: what slow cells showed when they were run, from the notebooks (`make prepare`); tests/pages/test_stored.py compares.
A slow cell that was cleared, or that shows its stored output with a label instead of a run, gets its stored output back. A cell whose
code was changed while its output stayed keeps the code that was run, and is named: run it, or, if the change cannot touch the output,
`python tools/write_stored.py --accept nbs/NAME.ipynb`."""
import ast
import json
import sys

from notebooks import NBS, ROOT, nb_id

from vaegan.slow import code_of, is_replay, is_slow

FOLDER = ROOT/"vaegan"/"stored"

def path(nb): return FOLDER/(nb_id(nb).removesuffix(".ipynb").replace("/", "-") + ".json")
def read(file): return json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
def written(data): return json.dumps(data, indent=1, ensure_ascii=False) + "\n"
def source(cell): return "".join(cell["source"])
def everything(): return {e["code"]: e for f in sorted(FOLDER.glob("*.json")) for e in read(f)}
def slow_cells(d): return [c for c in d["cells"] if c["cell_type"] == "code" and is_slow(source(c))]

def content(outputs):
    "What is to be seen, however the front end wrote it down"
    text = lambda v: "".join(v) if isinstance(v, list) else v
    return [{k: text(v) for k, v in o.get("data", dict(text=o.get("text"))).items()} for o in outputs]

def same_code(a, b):
    "Do two cells differ in nothing but comments and layout?"
    try: return ast.dump(ast.parse(a)) == ast.dump(ast.parse(b))
    except SyntaxError: return a == b

def entry(nb, cell, old, accept=False):
    "The entry of a slow cell, given the one that there was"
    code, outputs = code_of(source(cell)), cell["outputs"]
    if old is None: return dict(notebook=nb_id(nb), cell=cell["id"], code=code, outputs=outputs)
    cleared = not outputs and same_code(code, old["code"])
    if is_replay(outputs) or cleared or content(outputs) == content(old["outputs"]):
        run = code if accept or same_code(code, old["code"]) else old["code"]
        return dict(old, notebook=nb_id(nb), cell=cell["id"], code=run)
    return dict(notebook=nb_id(nb), cell=cell["id"], code=code, outputs=outputs)

def settled(nb, d, stored, elsewhere={}, accept=False):
    "The entries of a notebook's slow cells, and what there is to say; puts stored outputs back into `d`"
    by_id = {e["cell"]: e for e in stored}
    entries, said = [], []
    for c in slow_cells(d):
        old = by_id.get(c["id"]) or elsewhere.get(code_of(source(c)))     # a moved cell
        if old is None and is_replay(c["outputs"]):
            said.append(f"{nb_id(nb)}: cell {c['id']} shows a label, and vaegan/stored has no entry of it: bring that back from git, or run the cell with VAEGAN_SLOW=1")
            continue
        entries.append(e := entry(nb, c, old, accept))
        if content(c["outputs"]) != content(e["outputs"]): c["outputs"] = e["outputs"]
        if e["code"] != code_of(source(c)): said.append(f"{nb_id(nb)}: cell {c['id']} has changed since its output was stored: run it, or --accept")
    return entries, said

def write(nb, accept=False):
    "Bring the stored outputs of a notebook and the notebook together; what there is to say"
    text = nb.read_text(encoding="utf-8")
    d = json.loads(text)
    entries, said = settled(nb, d, read(path(nb)), everything(), accept)
    if d != json.loads(text):
        nb.write_text(written(d), encoding="utf-8")
        said.append(f"{nb_id(nb)}: put the stored outputs back")
    if entries:
        FOLDER.mkdir(exist_ok=True)
        path(nb).write_text(written(entries), encoding="utf-8")
    return said

def main(names, accept):
    nbs = [nb for nb in NBS if not names or nb.name in {n.rpartition("/")[2] for n in names}]
    for nb in nbs:
        for line in write(nb, accept): print(line)
    if not names:
        for old in set(FOLDER.glob("*.json")) - {path(nb) for nb in NBS if slow_cells(json.loads(nb.read_text(encoding="utf-8")))}: old.unlink()

if __name__ == "__main__": main([a for a in sys.argv[1:] if a != "--accept"], "--accept" in sys.argv)
