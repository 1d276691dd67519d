"A tree of a formula on one line with all its brackets, so that one can look at how it was read."
from functools import singledispatch

from vaegan.formula import tree as t
from vaegan.formula.write import plain


@singledispatch
def shape(node):
    r"""`\log 2x + 1` is `(log{2·x} + 1)`. A call is `f{…}`; what may be a call or a product too."""
    return plain(node).replace(" ", "")

def some(nodes, between=", "): return between.join(map(shape, nodes))

@shape.register
def _(node: t.Words): return f"“{node.text.strip()}”"

@shape.register
def _(node: t.Fence):
    inner = "".join(shape(a) + (sep and f"{sep} ") for a, sep in zip(node.args, (*node.seps, "")))
    sub = f"_{shape(node.sub)}" if node.sub else ""
    if node.open in ("(", "[", "{", ""): return inner if len(node.args) == 1 else f"⟨{inner}⟩"
    return {"|": "abs", "||": "norm", r"\{": "set", r"\lfloor": "floor", r"\lceil": "ceil", r"\langle": "inner"}[node.open] + sub + f"{{{inner}}}"

@shape.register
def _(node: t.Call):
    inner = shape(node.body)
    return f"{shape(node.head)}{{{inner[1:-1] if inner.startswith('⟨') else inner}}}"

@shape.register
def _(node: t.Sum):
    out = "".join(f" {s} {shape(x)}" if s else f" {shape(x)}" for s, x in zip(node.signs, node.terms))
    return f"({out.strip()})"

@shape.register
def _(node: t.Product):
    joint = {r"\odot": "⊙", r"\otimes": "⊗", r"\times": "×"}
    out = shape(node.factors[0])
    for j, f in zip(node.joints, node.factors[1:]): out += joint.get(j, "·") + shape(f)
    return f"({out})"

@shape.register
def _(node: t.Quotient): return f"({shape(node.top)}/{shape(node.bottom)})"

@shape.register
def _(node: t.Power): return f"{shape(node.base)}^{'T' if plain(node.exponent) == 'top' else shape(node.exponent)}"

@shape.register
def _(node: t.Root): return f"root{shape(node.degree) if node.degree else ''}{{{shape(node.body)}}}"

@shape.register
def _(node: t.BigOp):
    sub = f"_{shape(node.sub)}" if node.sub else ""
    sup = f"^{shape(node.sup)}" if node.sup else ""
    return f"{node.op}{sub}{sup}[{shape(node.body)}{' d' + shape(node.over) if node.over else ''}]"

@shape.register
def _(node: t.Derivative):
    order = shape(node.order) if node.order else ""
    return f"D{order}_{some(node.by)}[{shape(node.of) if node.of else ''}]"

@shape.register
def _(node: t.Matrix): return "[" + "; ".join(some(row) for row in node.rows) + "]"

@shape.register
def _(node: t.Labelled): return shape(node.body)

@shape.register
def _(node: t.Relation):
    out = shape(node.sides[0]) if node.sides[0] else "…"
    for op, side in zip(node.ops, node.sides[1:]):
        out += f" {dict([(chr(92) + 'le', '≤'), (chr(92) + 'ge', '≥'), (chr(92) + 'approx', '≈'), (chr(92) + 'sim', '~'), (chr(92) + 'to', '→'), (chr(92) + 'in', '∈')]).get(op, op)} {shape(side)}"
    return out

@shape.register
def _(node: t.Remark): return " ".join(map(shape, node.parts))

@shape.register
def _(node: t.Display): return " ¦ ".join(map(shape, node.clauses))
