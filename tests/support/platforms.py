"""What the learning platforms do with an exported file, by rules drawn from their own import and grading code and from the
standard: each reader gives questions that can be answered. A question says what an answer earns, of 1, and what is said to it.

Moodle: question/format/xml and the types numerical, multichoice, multianswer. QTI 2.1: the standard's response processing.
Canvas: what its QTI importer keeps of 1.2. PrairieLearn: question.html, server.py and the elements that they use."""
import base64
import html
import io
import json
import math
import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

from vaegan.exam.export_items import Item, draw_variants, item_of
from vaegan.exam.learner import bank

# one of each kind of question; text and a picture that a stranger might put into them
SECRET = "0"*64
SAMPLE = ("exam-tanh", "kl-to-prior", "exam-relu-loss", "exam-logistic-bias", "exam-tanh-formula", "friction-modulus", "kl-code", "train-collapse")

def items(id, n=2): return [item_of(v, k) for k, v in enumerate(draw_variants(bank()[id], n, SECRET), 1)]

HOSTILE = "a ]]> <script>alert(1)</script> \x00\x0b\ud800 & \"'\ue0000\ue000 **x *y** z* `<b>` $a<b$"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="

# what no XML file may hold
BAD = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

@dataclass
class Question:
    "A question as a platform holds it: `judged` takes an option's text or a tuple of numbers, and gives (share, [what is said])"
    name:str
    kind:str
    points:float
    text:str
    judged:Callable
    options:tuple = ()

def _text(e): return "".join(e.itertext()) if e is not None else ""
def seen(markup): return " ".join(html.unescape(re.sub(r"<[^>]*>", "", markup)).split())

def well_formed(markup):
    "HTML that is shown: no script, no attribute but those of pictures"
    tags = {e.tag for e in ET.fromstring(f"<div>{markup}</div>").iter()}
    return tags <= {"div", "p", "pre", "code", "em", "strong", "ul", "li", "img", "h1", "h2", "h3"}

# ---------------------------------------------------------------------------------------------------------------- Moodle
PENALTIES = {0., .1, .2, .25, .3333333, .5, 1.}

def _html(e):
    "A field with HTML; every picture that it names is in it"
    assert e.get("format") in ("html", None) and len(e.findall("text")) == 1
    text = e.find("text").text or ""
    files = {f.get("name"): f for f in e.findall("file")}
    assert set(re.findall(r"@@PLUGINFILE@@/([^\"]+)", text)) == set(files)
    assert all(f.get("encoding") == "base64" and f.get("path") == "/" and base64.b64decode(f.text, validate=True) for f in files.values())
    return text

def _tolerated(x, answer, tol): return abs(x - answer) <= tol + 1e-14*max(1, abs(answer))

def _first(x, answers):
    "Moodle takes the first answer that fits: (share, what is said)"
    return next(((f, m) for a, tol, f, m in answers if _tolerated(x, a, tol)), (0., ""))

GAP = re.compile(r"\{(\d*):(?:NUMERICAL|NM):(.*?)(?<!\\)\}", re.S)
NUMBER = r"-?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eE][-+]?[0-9]+)?"
ALTERNATIVE = re.compile(rf"(=|%-?[0-9.]+%)?({NUMBER}):({NUMBER})(?:#(.*?))?(?<!\\)(?:~|$)", re.S)

def _gaps(text):
    "The gaps of a cloze: (weight, answers)"
    for weight, alternatives in GAP.findall(text):
        found, end = [], 0
        for m in ALTERNATIVE.finditer(alternatives):
            assert m.start() == end, f"Moodle does not read {alternatives[end:end + 60]!r}"
            end, share = m.end(), m[1] or "%0%"
            found.append((float(m[2]), float(m[3]), 1. if share == "=" else float(share.strip("%"))/100, html.unescape(m[4] or "")))
        assert end == len(alternatives) and sum(f == 1 for *_, f, _ in found) == 1
        yield float(weight or 1), found

def _moodle_question(q):
    text, kind = _html(q.find("questiontext")), q.get("type")
    gaps = [*_gaps(text)] if kind == "cloze" else []
    shown = GAP.sub("", text)
    assert well_formed(shown) and well_formed(_html(q.find("generalfeedback"))) and ("{1:" not in shown)
    assert float(q.find("penalty").text) in PENALTIES and float(q.find("defaultgrade").text) > 0
    assert all(well_formed(_html(h)) for h in q.findall("hint"))
    answers = q.findall("answer")
    assert all(a.get("fraction") in ("0", "100") for a in answers) and sum(a.get("fraction") == "100" for a in answers) == (kind in ("numerical", "multichoice"))
    share = lambda a: float(a.get("fraction"))/100
    if kind == "multichoice":
        assert q.find("single").text == "true" and len(answers) >= 2
        options = {_html(a): (share(a), [_html(a.find("feedback"))]) for a in answers}
        assert len(options) == len(answers)
        judged = options.__getitem__
    elif kind == "numerical":
        options, found = {}, [(float(a.find("text").text), float(a.find("tolerance").text), share(a), _html(a.find("feedback"))) for a in answers]
        judged = lambda xs: (lambda f, m: (f, [m]))(*_first(xs[0], found))
    elif kind == "cloze":
        options = {}
        def judged(xs):
            said = [_first(x, found) for x, (_, found) in zip(xs, gaps, strict=True)]
            return sum(w*f for (f, _), (w, _) in zip(said, gaps))/sum(w for w, _ in gaps), [m for _, m in said]
    else:
        assert kind == "essay" and not answers and _html(q.find("graderinfo"))
        options, judged = {}, None
    if kind == "cloze": assert sum(w for w, _ in gaps) == float(q.find("defaultgrade").text), "Moodle takes the marks of the gaps, whatever the file says"
    name = q.find("name/text").text
    assert 0 < len(name) <= 255 and "\n" not in name
    return Question(name, kind, float(q.find("defaultgrade").text), shown, judged, tuple(options))

def read_moodle(data):
    "category -> questions"
    root, found, here = ET.fromstring(data), {}, None
    assert root.tag == "quiz" and not BAD.search(data.decode("utf-8"))
    for q in root:
        if q.get("type") == "category":
            here = q.find("category/text").text
            assert here.startswith("$course$/top/") and here not in found
            found[here] = []
        else: found[here].append(_moodle_question(q))
    return found

# --------------------------------------------------------------------------------------------------------------- QTI 2.1
def _bare(data):
    "A tree without namespaces"
    root = ET.fromstring(data)
    assert not BAD.search(data.decode("utf-8"))
    for e in root.iter(): e.tag = e.tag.split("}")[-1]
    return root

ORDER = ["responseDeclaration", "outcomeDeclaration", "itemBody", "responseProcessing", "modalFeedback"]

class Processing:
    "An interpreter of the part of the standard's response processing that is used"
    def __init__(self, item, responses):
        self.kinds = {d.get("identifier"): d.get("baseType") for d in item.iter() if d.tag.endswith("Declaration")}
        assert responses.keys() <= {d.get("identifier") for d in item.iter("responseDeclaration")}
        self.values = {d.get("identifier"): 0. if d.get("baseType") == "float" else None for d in item.iter("outcomeDeclaration")} | responses
        for rule in item.find("responseProcessing"): self.condition(rule)

    def condition(self, rule):
        for k, branch in enumerate(rule):
            assert branch.tag == ("responseElseIf" if k else "responseIf")
            test, *then = branch
            if self.value(test):
                for s in then:
                    assert s.tag == "setOutcomeValue" and s.get("identifier") in self.kinds
                    self.values[s.get("identifier")] = self.value(s[0])
                return

    def value(self, e):
        kids = [self.value(k) for k in e]
        if e.tag == "variable": return self.values[e.get("identifier")]
        if e.tag == "baseValue": return float(e.text) if e.get("baseType") == "float" else e.text
        if e.tag == "sum": return sum(kids)
        if e.tag == "and": return all(kids)
        return dict(gte=lambda a, b: a >= b, lte=lambda a, b: a <= b, match=lambda a, b: a == b)[e.tag](*kids)

def _inner(e): return (e.text or "") + "".join(ET.tostring(k, "unicode") for k in e)

def _qti_question(data, names):
    item = _bare(data)
    tags = [e.tag for e in item]
    assert tags == sorted(tags, key=ORDER.index) and item.get("adaptive") == item.get("timeDependent") == "false"
    assert re.fullmatch(r"[A-Za-z_][\w.-]*", item.get("identifier")) and item.get("title")
    outcome = next(d for d in item.iter("outcomeDeclaration") if d.get("identifier") == "SCORE")
    body, most = item.find("itemBody"), float(outcome.get("normalMaximum"))
    assert {i.get("src") for i in body.iter("img")} <= {n.removeprefix("items/") for n in names}
    feedback = {(f.get("outcomeIdentifier"), f.get("identifier")): _inner(f.find("div")) for f in item.findall("modalFeedback")}
    options = {_inner(c): c.get("identifier") for c in body.iter("simpleChoice")}
    entries = [e.get("responseIdentifier") for e in body.iter("textEntryInteraction")]
    kind = "choice" if options else "numbers" if entries else "text"
    def judged(answer):
        responses = {"R1": options[answer]} if options else dict(zip(entries, answer, strict=True))
        done = Processing(item, responses).values
        return done["SCORE"]/most, [feedback[k, v] for k, v in done.items() if (k, v) in feedback]
    return Question(item.get("title"), kind, most, _inner(body), judged, tuple(options))

def _package(data):
    "Files of a package; the manifest lists each, once"
    z = zipfile.ZipFile(io.BytesIO(data))
    assert z.testzip() is None and not any(n.startswith("/") or ".." in n for n in z.namelist())
    files = {n: z.read(n) for n in z.namelist()}
    manifest = _bare(files["imsmanifest.xml"])
    assert [e.tag for e in manifest] == ["metadata", "organizations", "resources"]
    listed = [f.get("href") for f in manifest.iter("file")]
    names = [r.get("identifier") for r in manifest.iter("resource")]
    assert sorted(listed) == sorted(files.keys() - {"imsmanifest.xml"}) and len(set(names)) == len(names)
    assert {d.get("identifierref") for d in manifest.iter("dependency")} <= set(names)
    return files, {r.get("type"): r.get("href") for r in manifest.iter("resource")}

def read_qti(data):
    "section -> questions"
    files, types = _package(data)
    test = _bare(files[types["imsqti_test_xmlv2p1"]])
    sections = {}
    for s in test.iter("assessmentSection"):
        assert s[0].tag == "selection" and s[0].get("select") == "1"
        sections[s.get("title")] = [_qti_question(files[r.get("href")], files) for r in s.findall("assessmentItemRef")]
    assert sum(map(len, sections.values())) == sum(n.startswith("items/") and n.endswith(".xml") for n in files)
    return sections

# ---------------------------------------------------------------------------------------------------------------- Canvas
def _holds(e, answer):
    "Does a condition of QTI 1.2 hold?"
    if e.tag == "other": return True
    if e.tag in ("and", "or", "conditionvar"): return (any if e.tag == "or" else all)(_holds(k, answer) for k in e)
    assert e.get("respident") == "response1"
    if isinstance(answer, str): return e.tag == "varequal" and e.text == answer
    return dict(varequal=math.isclose, vargte=lambda a, b: a >= b, varlte=lambda a, b: a <= b)[e.tag](answer, float(e.text))

def _canvas_question(item, files):
    fields = {f.find("fieldlabel").text: f.find("fieldentry").text for f in item.iter("qtimetadatafield")}
    kind, points = fields["question_type"], float(fields["points_possible"])
    text = item.find("presentation/material/mattext")
    feedback = {f.get("ident"): _text(f.find("flow_mat/material/mattext")) for f in item.findall("itemfeedback")}
    options = {_text(r.find("material/mattext")): r.get("ident") for r in item.iter("response_label") if r.find("material") is not None}
    shown = [text.text, *options, *feedback.values()]
    assert text.get("texttype") == "text/html" and all(map(well_formed, shown))
    assert all(f"images/{n}" in files for t in shown for n in re.findall(r"%24IMS-CC-FILEBASE%24/images/([^\"]+)", t)) and "@@" not in "".join(shown)
    times = 10**int((re.findall(r"Give \\\(10\^\{(\d+)\}\\\) times that number", text.text) or ["0"])[0])
    def judged(answer):
        "What a student does who reads; then the page rounds what is typed to four decimals"
        answer, score, said = options[answer] if options else round(answer[0]*times, 4), 0., []
        for c in item.find("resprocessing").findall("respcondition"):
            if not _holds(c.find("conditionvar"), answer): continue
            said += [feedback[d.get("linkrefid")] for d in c.findall("displayfeedback")]
            score = max([score, *(float(s.text)/100 for s in c.findall("setvar"))])
            if c.get("continue") == "No": break
        return score, said
    return Question(item.get("title"), kind, points, text.text, judged, tuple(options))

def read_canvas(data):
    "group -> questions"
    files, types = _package(data)
    quiz = _bare(files[types["imsqti_xmlv1p2"]])
    for e in quiz.iter("respcondition"): assert "continue" in e.attrib
    groups, names = {}, [i.get("ident") for i in quiz.iter("item")]
    assert len(set(names)) == len(names)
    for s in quiz.findall("assessment/section/section"):
        pick = s.find("selection_ordering/selection")
        assert pick.find("selection_number").text == "1"
        groups[s.get("ident")] = found = [_canvas_question(i, files) for i in s.findall("item")]
        assert {q.points for q in found} == {float(pick.find("selection_extension/points_per_item").text)}
    return groups

# ---------------------------------------------------------------------------------------------------------- PrairieLearn
ATTRIBUTES = {"pl-number-input": "answers-name weight comparison rtol atol size show-help-text show-placeholder", "pl-multiple-choice": "answers-name", "pl-answer": "correct feedback",
              "pl-file-editor": "file-name ace-mode source-file-name", "pl-rich-text-editor": "file-name", "pl-hint": "show-after-submission", "pl-hidden-hints": "",
              "pl-manual-grading-only": "", "pl-question-panel": "", "pl-answer-panel": ""}     # an element refuses any other

def stops(tree, data):
    "What stops a question before it is seen"
    for e in (e for e in tree.iter() if e.tag.startswith("pl-")): assert set(e.attrib) <= set(ATTRIBUTES[e.tag].split()), (e.tag, e.attrib)
    names = [e.get("answers-name") for e in tree.iter() if e.get("answers-name")]
    assert len(set(names)) == len(names) and not set(names) & data["params"].keys() and set(data["correct_answers"]) <= set(names)
    for e in tree.iter("pl-multiple-choice"):
        said = ["".join(ET.tostring(a, "unicode").partition(">")[2:]).strip() for a in e]
        assert len(set(said)) == len(said) > 1 and {a.tag for a in e} == {"pl-answer"} and [a.get("correct") for a in e].count("true") == 1
    assert all(type(x) in (int, float) and math.isfinite(x) for x in data["correct_answers"].values())

def _filled(template, context):
    "The part of mustache that is used: sections, {{escaped}}, {{{as it is}}}"
    look = lambda name, c: c[name] if "." not in name else c[name.split(".")[0]][name.split(".")[1]]
    section = lambda m: "".join(_filled(m[2], context | x) for x in look(m[1], context))
    out = re.sub(r"\{\{#([\w.]+)\}\}\n(.*?)\{\{/\1\}\}\n", section, template, flags=re.S)
    out = re.sub(r"\{\{\{([\w.]+)\}\}\}", lambda m: str(look(m[1], context)).replace("{{", "{\0{"), out)
    return re.sub(r"\{\{([\w.]+)\}\}", lambda m: html.escape(str(look(m[1], context))), out).replace("\0", "")

def _prairielearn_question(folder, seed):
    program, path = {}, str(folder)
    exec(compile((folder/"server.py").read_text(encoding="utf-8"), str(folder/"server.py"), "exec"), program)
    info = json.loads((folder/"info.json").read_text(encoding="utf-8"))
    data = dict(options=dict(question_path=path, client_files_question_url="/files"), variant_seed=seed, params={}, correct_answers={},
                partial_scores={}, submitted_answers={})
    program["generate"](data)
    page = _filled((folder/"question.html").read_text(encoding="utf-8"), dict(params=data["params"]))
    tree = ET.fromstring(f"<div>{page}</div>")
    stops(tree, data)
    pictures = {i.get("src").removeprefix("/files/") for i in tree.iter("img")}
    assert pictures <= {p.name for p in folder.glob("clientFilesQuestion/*")}
    options = {_inner(a): a for a in tree.iter("pl-answer")}
    boxes = [*tree.iter("pl-number-input")]
    def judged(answer):
        if options: return float(options[answer].get("correct") == "true"), [options[answer].get("feedback")]
        data.update(submitted_answers=dict(zip((b.get("answers-name") for b in boxes), answer, strict=True)), partial_scores={})
        for b in boxes:
            name = b.get("answers-name")
            assert b.get("comparison") == "relabs" and b.get("rtol") == "0"
            right = abs(data["submitted_answers"][name] - data["correct_answers"][name]) <= float(b.get("atol"))
            data["partial_scores"][name] = dict(score=float(right))
        program["grade"](data)
        parts = data["partial_scores"].values()
        return sum(p["score"] for p in parts)/len(parts), [html.escape(p.get("feedback") or "", quote=False) for p in parts]
    return Question(info["title"], info.get("gradingMethod", "Internal"), 1., _inner(tree.find("pl-question-panel")), judged, tuple(options)), data["params"]["variant"]

def read_prairielearn(folder):
    "question -> variant -> question, as many as some hundred seeds draw"
    info = json.loads((folder/"info.json").read_text(encoding="utf-8"))
    assert {"uuid", "title", "topic", "type"} <= info.keys() <= {"uuid", "title", "topic", "tags", "type", "gradingMethod"} and info["type"] == "v3"
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", info["uuid"])
    n = len(json.loads((folder/"variants.json").read_text(encoding="utf-8")))
    found = {}
    for seed in range(40*n):
        q, k = _prairielearn_question(folder, seed)
        found.setdefault(k, q)
        if len(found) == n: break
    return [found[k] for k in range(n)]

# ------------------------------------------------------------------------------------------------------------ round trip
def complaints(q:Question, item:Item, told=True, near=(.99, 1.02)):
    "What a platform's question does that ours does not: the true answer is full, a mistake is told and earns nothing"
    if item.kind == "text": return
    if item.kind == "choice":
        for text, right, said in item.options:
            share, heard = q.judged(next(t for t in q.options if seen(t) == seen(text)))
            if share != float(right): yield f"{q.name}: {text[:30]!r} earns {share}"
            if said and seen(said) not in map(seen, heard): yield f"{q.name}: {said[:40]!r} is not told"
        return
    truth = tuple(b.value for b in item.boxes)
    for s in (0, *near, *(-s for s in near)):
        share, heard = q.judged(tuple(b.value + s*b.tol for b in item.boxes))
        wanted = float(abs(s) < 1 or all(b.tol == 0 for b in item.boxes))
        if not math.isclose(share, wanted, abs_tol=1e-9): yield f"{q.name}: {s} tolerances away earns {share}"
    for i, b in enumerate(item.boxes):
        for x, _, said in [w for w in b.wrong if w[0] != b.value]:
            share, heard = q.judged((*truth[:i], x, *truth[i + 1:]))
            if not math.isclose(share, 1 - 1/len(item.boxes), abs_tol=1e-9): yield f"{q.name}: {x} in box {i + 1} earns {share}"
            if told and seen(said) not in map(seen, heard): yield f"{q.name}: {x}: {said[:40]!r} is not told, but {heard}"
