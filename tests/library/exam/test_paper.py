"Paper: nothing split or cut off, every page says whose it is, keys are marked as keys; on A4 and on Letter, in a Chromium."
import re

import pytest
from bad_input import bad_input_tests, kl_question, row
from exam_class import cli, table, tree
from paper import links, pages

from vaegan.exam.exercise import Exercise
from vaegan.exam.learner import bank
from vaegan.exam.paper import Head, Paper, answer_table, how_on_paper, paper_page
from vaegan.exam.variant import LETTERED

LONG = ["kl-to-prior", "vae-area-repair", "argue-direction", "draw-bug", "who-gets-gradients", "elbo-bug", "evaluate-iw-bound", "elbo-two-states", "kl-two-bumps", "covariance-outputs", "kl-slope", "exam-tanh"]
asked = lambda seed: [ex.variant(seed) for i in LONG if (ex := bank().get(i))]
papers = lambda solved=False, students=("ada", "bob"): [Paper(asked(k), "e1", s, Head("Midterm", name=s.title()), solved) for k, s in enumerate(students)]

# A link at the beginning and one at the end of everything that must not be torn apart
MARKED = """() => document.querySelectorAll('.question:not(.solved), .asked, li, pre, h2').forEach((e, k) => {
    for (const [where, what] of [['afterbegin', 'from'], ['beforeend', 'to']]) e.insertAdjacentHTML(where, `<a href="https://x/${k}/${what}">.</a>`) })"""

@pytest.mark.parametrize("format, solved", [("A4", False), ("Letter", False), ("A4", True)])
def test_printed(format, solved, browser):
    tab = browser.new_page(viewport=dict(width=658, height=900))      # A4 less its margins
    tab.set_content(paper_page(papers(solved, ("ada", "bob")[:1 + (format == "A4" and not solved)])))
    assert tab.evaluate("() => [...document.querySelectorAll('.field, h2 .worth')].every(e => e.getClientRects().length === 1)"), "a blank stands beside its name"
    tab.emulate_media(media="print")
    assert tab.evaluate("() => document.body.scrollWidth <= innerWidth && [...document.querySelectorAll('pre, table')].every(e => e.scrollWidth <= e.clientWidth + 1)"), "nothing is cut off at the right"
    assert not tab.locator(".note:visible").count()
    tab.evaluate(MARKED)
    pdf = tab.pdf(format=format)
    plain = pages(pdf)
    assert len(plain) >= 4 and all(words > 3 for words, _ in plain), "no blank page"
    at = [dict.fromkeys(a.removeprefix("https://x/") for a in page) for page in links(pdf)]
    where = {a: k for k, page in enumerate(at) for a in page}
    whole = {a.split("/")[0] for a in where}
    assert len(whole) > 30 and all(where[f"{k}/from"] == where[f"{k}/to"] for k in whole), "a question, an option or a block of code is on one page"
    tab.context.close()

def test_every_page_says_whose_it_is(browser):
    "Margins: title, name, exam and number on each page, also on the second of a sheet; a page without them has fewer words"
    tab, page = browser.new_page(), paper_page(papers())
    count = lambda s: (tab.set_content(s), pages(tab.pdf(format="A4")))[1]
    bare = re.sub(r"@(top|bottom)-(left|right)\{content:[^;]*;", r"@\1-\2{content:none;", page)
    assert bare != page and all(a > b + 2 for (a, _), (b, _) in zip(count(page), count(bare), strict=True))
    tab.context.close()
    one = paper_page(papers(students=["ada"]))
    assert 'content:"Midterm"' in one and 'content:"Ada \\28 ada\\29 "' in one and 'content:"Exam e1\\2c  ada"' in one and "counter(pages)" in one
    assert all(f"counter(of{k})" in page for k in (0, 1)) and 'SOLUTIONS\\3a  Midterm' in paper_page(papers(True))
    line = Paper(asked(0), "e1", head=Head(name_line=True))
    assert "Name\\3a  \\5f " in paper_page([line]) and 'class="line"' in paper_page([line]).split("<h2>")[0]

@pytest.mark.parametrize("name", ['"}</style><script>alert(1)</script></div><h1>李 明\n', "*/ } body { display: none } a\\"])
def test_a_name_is_only_a_text(name, browser):
    tab = browser.new_page()
    p = Paper([kl_question.variant(0)], "e1", name, Head(name, name=name))
    for html in (paper_page([p]), paper_page([p, p]), answer_table([p])):
        tab.set_content(html)
        assert tab.locator("h1").count() == len(re.findall("<h1>", html)) <= 2 and tab.locator("h1").first.is_visible() and not tab.locator("script").count() and html.count("</style>") == 1
    tab.context.close()

@pytest.mark.parametrize("ex", [ex for ex in bank().values() if ex.kind != "code"], ids=lambda ex: ex.id)
def test_a_question_can_be_answered_with_a_pen(ex: Exercise):
    v = ex.variant(1)
    html = paper_page([Paper([v], "e", "ada")])
    assert "</svg>" not in html or not re.search(r'<code>[^<]*\\', html)
    assert '"' not in how_on_paper(v) and ("line" in (room := html.split("</div>", 1)[1]) or "rule" in room or v.kind in LETTERED)
    assert all(f"<strong>({k})</strong>" in html for k in v.options)
    widest = [float(w) for w in re.findall(r'<svg role="img" [^>]*?width="([\d.]+)"', html)]
    assert max(widest, default=0) < 500, "a formula is broken before it leaves the page"

def test_answers_at_a_glance():
    html, text = answer_table(papers()), lambda s: re.sub("<[^>]*>", "", s)
    assert "Not for students" in html and "ANSWERS" in html
    rows = [[text(c) for c in re.findall(r"(?s)<t[dh]>(.*?)</t[dh]>", r)] for r in re.findall(r"(?s)<tr>(.*?)</tr>", html)]
    for p in papers():
        mine = [c for r in rows if r[0] == f"{p.student.title()} ({p.student})" for c in r[1:]]
        assert len(mine) == len(p.questions) and all(c == ("by hand" if v.kind == "argued" else v.answer) for v, c in zip(p.questions, mine) if v.kind in (*LETTERED, "argued"))
    assert "1 - s/2" in text(answer_table([Paper([bank()["latent-shrink"].variant(0)], "e1")])), "what can be copied stays as it is"

def test_the_command(tmp_path, roster, capfd):
    code, out, _ = cli(capfd, "exam", "--n", 2, "--students", roster, "--print", "--solutions", "--out", tmp_path/"sheets")
    files, students = tree(tmp_path/"sheets"), ("ada", "bob", "cleo")
    assert code == 0 and files.keys() == {"key.json", "points.csv", "answers.html", "sheets.html", "solutions.html", *(f"{k}/{s}.html" for k in ("sheets", "solutions") for s in students)}
    assert out.startswith("3 sheets in ") and all(f in out for f in ("sheets.html", "solutions.html", "answers.html")) and "browser" in out
    assert all(name in files["sheets.html"].decode() for name in students) and b"<script" not in b"".join(files.values())
    assert all((tmp_path/"sheets"/f).stat().st_mode & 0o77 == 0 for f in files if not f.startswith("sheets")), "only the teacher reads what holds answers"
    code, out, _ = cli(capfd, "exam", "--n", 2, "--print", "--format", "ipynb", "--out", tmp_path/"one")
    assert code == 0 and tree(tmp_path/"one").keys() == {"key.json", "points.csv", "answers.html", "sheets.html", "sheets/exam.ipynb"} and "sheets.html" in out

def test_an_exam_on_paper_from_its_sheets_to_its_scores(tmp_path, roster, capfd):
    at, args = tmp_path/"e", ("--students", roster, "--print", "--out", tmp_path/"e")
    cli(capfd, "exam", "--questions", "kl-to-prior,covariance-outputs", *args)
    code, _, err = cli(capfd, "grade", at/"key.json", "--out", tmp_path/"g")
    assert code == 2 and "marks by hand" in err and not (tmp_path/"g").exists()
    text = (at/"points.csv").read_text(encoding="utf-8-sig").splitlines()
    (at/"points.csv").write_text("\n".join([text[0], *(line.replace('"",""', '1,"0,5"') if "bob" in line else line for line in text[1:])]), encoding="utf-8")
    cli(capfd, "exam", "--again", at/"key.json", *args, "--force")
    assert "0,5" in (at/"points.csv").read_text(encoding="utf-8-sig"), "points that are there are not touched"
    (at/"points.csv").rename(at/"marks.csv")
    code, out, _ = cli(capfd, "grade", at/"key.json", "--out", tmp_path/"g")
    rows = {r["student"]: r for r in table(tmp_path/"g/scores.csv")}
    assert code == 0 and "1 of 3 students graded, 2 missing" in out and (rows["bob"]["score"], rows["bob"]["q2"], rows["ada"]["score"]) == ("1.5", "0.5", "")
    page = (tmp_path/"g/feedback/bob.html").read_text(encoding="utf-8")
    assert "1.5 of 3 points" in page and "given by hand:</strong> 0.5 of 2" in page and "No answer" not in page
    (at/"marks.csv").write_text("student,q1,q9\nbob,1,1\n")
    code, _, err = cli(capfd, "grade", at/"key.json", "--out", tmp_path/"h")
    assert code == 2 and "line 2: expected a question, q1 to q2, got 'q9'" in err

def test_on_paper_without_a_list_of_the_class(tmp_path, capfd):
    "Who there is stands in the table of points"
    cli(capfd, "exam", "--questions", "kl-to-prior", "--print", "--out", tmp_path/"e")
    (tmp_path/"e/marks.csv").write_text("student,q1\nZoe,1\nYan,0\nIda,\n")
    code, out, _ = cli(capfd, "grade", tmp_path/"e/key.json", "--out", tmp_path/"g")
    assert code == 0 and [(r["student"], r["score"]) for r in table(tmp_path/"g/scores.csv")] == [("Zoe", "1"), ("Yan", "0")]

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {
    "exam.paper.paper_page": row(dict(papers=[Paper([kl_question.variant(0)], "e1")]), papers=[[], [3], None]),
    "exam.paper.answer_table": row(dict(papers=[Paper([kl_question.variant(0)], "e1")]), papers=[[], [3], None]),
}
NO_ROW = {
    "exam.paper.Head": "a plain record",
    "exam.paper.Paper": "a plain record",
    "exam.paper.how_on_paper": "every kind of question: test_a_question_can_be_answered_with_a_pen in tests/library/exam/test_paper.py",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
