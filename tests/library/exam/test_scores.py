"Scores: counted by students, in the order of the list."
from bad_input import bad_input_tests
from exam_class import table

from vaegan.exam.roster import Roster
from vaegan.exam.scores import score_files, summary_line


def a_row(student, status, score="", file=""): return dict(student=student, status=status, score=score, of=2, q1=score, file=file)

def test_students_are_counted():
    rows = [a_row(f"s{i}", "graded", 1, f"s{i}.ipynb") for i in range(27)] + [a_row(s, "no submission") for s in ("x", "y", "z")]
    assert summary_line(rows) == "27 of 30 students graded, 3 missing: x, y, z"
    assert summary_line(rows[:27]) == "27 of 27 students graded" and summary_line(rows[:1]) == "1 of 1 student graded"
    more = [a_row("s0", "an earlier attempt", "", "old.ipynb"), a_row("", "empty file", "", "e.ipynb"), a_row("u", "two sheets that differ", "", "u.ipynb")]
    assert summary_line(rows + more) == "27 of 31 students graded, 3 missing: x, y, z, 1 without a sheet that can be graded: u; 3 files could not be graded"
    assert summary_line([a_row(f"s{i}", "no submission") for i in range(40)]).endswith("s11, …")

def test_columns_of_the_list_that_are_ours_are_renamed(tmp_path):
    people = Roster(dict(ada=("ada", "9", "x")), ("id", "score", "q1"), "\t", "utf-16")
    for n, data in score_files([a_row("ada", "graded", 1, "a.ipynb"), a_row("", "empty file", "", "=b.ipynb")], [], people, ["q1"]).items(): (tmp_path/n).write_bytes(data)
    rows = table(tmp_path/"scores.csv", "\t", "utf-16")
    assert [*rows[0]] == ["id", "score (roster)", "q1 (roster)", "student", "status", "score", "of", "q1", "file"]
    assert rows[0]["score (roster)"] == "9" and rows[0]["score"] == "1" and rows[1]["file"] == "'=b.ipynb" and rows[1]["id"] == ""
    assert table(tmp_path/"missing.csv", "\t", "utf-16") == [] and (tmp_path/"summary.png").read_bytes()[:4] == b"\x89PNG"

# ---------------------------------------------------------------------------------------------------------- bad input
NO_ROW = {"exam.scores.summary_line": "takes rows that grading made", "exam.scores.score_files": "takes rows that grading made"}
bad_input_tests({}, NO_ROW)
