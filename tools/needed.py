"""The cells that a cell needs: those that bind or change a name which it, or a cell that it needs, reads; and what sets the scene. With them
alone a check runs in a moment, without its page's training."""
import ast

from site_folds import is_setting, prepares, statements


def owner(node):
    "The name at the root of x.y[0].z()"
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)): node = node.func if isinstance(node, ast.Call) else node.value
    return {node.id} if isinstance(node, ast.Name) else set()

def names(cell):
    "(names that a cell reads, names that it binds or changes)"
    reads, binds = set(), set()
    for n in (n for s in statements(cell) for n in ast.walk(s)):
        if isinstance(n, ast.Name): (reads if isinstance(n.ctx, ast.Load) else binds).add(n.id)
        elif isinstance(n, (ast.FunctionDef, ast.ClassDef)): binds.add(n.name)
        elif isinstance(n, (ast.Import, ast.ImportFrom)): binds |= {(a.asname or a.name).split(".")[0] for a in n.names}
        elif isinstance(n, (ast.Attribute, ast.Subscript)) and isinstance(n.ctx, ast.Store): binds |= owner(n.value)
        elif isinstance(n, ast.Expr) and isinstance(n.value, ast.Call): binds |= owner(n.value.func)       # x.append(…), opt.step()
    return reads, binds

def sets_the_scene(cell): return prepares(cell) or any(map(is_setting, statements(cell)))

def needed(cells, at):
    "Places of the cells that the cell at a place needs, and its own, in order"
    wanted, found = names(cells[at])[0], {at}
    above = [(i, *names(cells[i]), sets_the_scene(cells[i])) for i in range(at - 1, -1, -1)]
    while more := [(i, reads) for i, reads, binds, scene in above if i not in found and (scene or binds & wanted)]:
        i, reads = more[0]      # once more from below: a function may call what stands behind it
        wanted |= reads
        found.add(i)
    return sorted(found)
