"Feedback: what was said after the exam, and nothing that runs."
import re
from html.parser import HTMLParser

from bad_input import bad_input_tests
from exam_class import cli, fill, table

from vaegan.exam.feedback import final_words
from vaegan.exam.judge import Verdict, judge
from vaegan.exam.learner import bank

HOSTILE = ["<script>alert(1)</script>", "</code></p><img src=x onerror=alert(1)>", "`$\\\\frac{1}{2}$` [x](javascript:alert(1))", "```\\n<b>", "=cmd()|'/C calc'!A0", "x"*1900]

class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen, self.attributes = set(), set()
    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.attributes |= {k for k, _ in attrs}

def test_nothing_in_a_page_runs(klass, capfd):
    d, key, truth = klass
    (d/"ada.ipynb").write_text(fill(d/"e/sheets/ada.ipynb", {f"q{i}": repr(h) for i, h in enumerate(HOSTILE, 1)}))
    assert cli(capfd, "grade", d/"e/key.json", d/"ada.ipynb", "--solutions", "--out", d/"g")[0] == 0
    page = (d/"g/feedback/ada.html").read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(page)
    assert tags.seen <= set("html head meta title style body h1 h2 p section span strong em code ul li pre svg path details summary".split()), tags.seen
    assert not [a for a in tags.attributes if a.startswith("on") or a in ("src", "href")] and "default-src 'none'" in page
    assert "&lt;script&gt;alert(1)" in page and len(page) < 400_000
    said = [r["answer"] for r in table(d/"g/feedback.csv")]
    assert len(said) == 6 and said[4].startswith("'=cmd") and max(map(len, said)) <= 201

def test_a_page_says_what_was_asked_and_what_was_right(klass, capfd):
    d, key, truth = klass
    (d/"ada.ipynb").write_text(fill(d/"e/sheets/ada.ipynb", truth["ada"] | {"q1": "..."}))
    for args, solved in (((), False), (("--solutions", "--force"), True)):
        assert cli(capfd, "grade", d/"e/key.json", d/"ada.ipynb", "--out", d/"g", *args)[0] == 0
        page = (d/"g/feedback/ada.html").read_text(encoding="utf-8")
        text = re.sub("<[^>]+>", " ", page)
        assert "Ada (ada)" in text and text.count("Right answer") == 6 and text.count("✓ Right.") == 5 and "No answer." in text
        assert ("<details" in page) == solved and all(q["title"].split("$")[0][:20] in page for q in key["students"]["ada"])

def test_after_the_exam_nobody_is_told_to_try_again():
    for v in (ex.variant(2) for ex in bank().values() if ex.kind != "code"):
        wrong = [a for a, _ in v.mistakes.values()]
        for a in [*wrong[:1 if v.kind == "symbolic" else None], "12345.678", "import os", "", ...]:
            said = final_words(judge(v, a))
            assert not re.search(r"(?i)\byet\b|\bhint\b|try again|run the cell|\bdots\b|pending", said), (v.id, a, said)
    assert final_words(Verdict("right", "")) == "Right." and final_words(Verdict("pending", "The marked cell is missing.")) == "No answer. The marked cell is missing."

# ---------------------------------------------------------------------------------------------------------- bad input
NO_ROW = {
    "exam.feedback.final_words": "takes a Verdict",
    "exam.feedback.feedback_page": "takes rows that grading made; test_nothing_in_a_page_runs in tests/library/exam/test_feedback.py",
}
bad_input_tests({}, NO_ROW)
