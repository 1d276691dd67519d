"A class: lists as platforms write them, and one clear error for each that cannot be trusted."
import pytest
from bad_input import bad_input_tests, row
from exam_class import cli

from vaegan.exam.roster import Roster, read_roster

CLASSES = {
    "canvas": ('Student,ID,SIS User ID,Section,HW (7)\n    Points Possible,,,,10\n"Lima, Ana",5001,u1,S1,\n"Ode, Bo",5002,u2,S1,3\n', ["5001", "5002"], "Lima, Ana"),
    "canvas, posting": ('Student,ID,Section\n,,Manual Posting\n    Points Possible,,(read only)\n"Lima, Ana",5001,S1\n', ["5001"], "Lima, Ana"),
    "moodle": ("First name,Surname,ID number,Email address\nAna,Lima,0012,ana@x.org\nBo,Ode,0013,bo@x.org\n", ["0012", "0013"], "Ana Lima"),
    "registrar": ("Matrikelnummer;Nachname;Vorname\n00123;Müller;Jörg\n", ["00123"], "Jörg Müller"),
    "blackboard": ('"Last Name"\t"First Name"\t"Username"\n"Lima"\t"Ana"\t"al12"\n', ["al12"], "Ana Lima"),
    "moodle, German": ("Vorname,Nachname,ID-Nummer,E-Mail-Adresse\nJörg,Müller,0012,j@x.de\n", ["0012"], "Jörg Müller"),
    "moodle, German, no number": ("Vorname;Nachname;Anmeldename\nJörg;Müller;jmue\n", ["jmue"], "Jörg Müller"),
    "moodle, French": ("Prénom,Nom,Numéro d'identification,Adresse de courriel\nÉloïse,Lefèvre,0012,e@x.fr\n", ["0012"], "Éloïse Lefèvre"),
    "moodle, Spanish": ("Nombre,Apellido(s),Número de ID\nAna,Núñez,7\n", ["7"], "Ana Núñez"),
    "excel, German": ("Matrikelnr;Name;Vorname\n007;Müller;Jörg\n", ["007"], "Jörg Müller"),
    "excel, French": ("N° étudiant;Nom;Prénom\n0219;Lefèvre;Éloïse\n", ["0219"], "Éloïse Lefèvre"),
    "gradescope": ("First Name,Last Name,SID,Email\nAna,Lima,12,ana@x.org\n", ["12"], "Ana Lima"),
    "brightspace": ("OrgDefinedId,Username,Last Name,First Name,End-of-Line Indicator\n#101,#al12,Lima,Ana,#\n", ["al12"], "Ana Lima"),
    "google form": ("Timestamp,Email Address,Name\n2026/11/01,ana@x.org,Ana Lima\n", ["ana@x.org"], "Ana Lima"),
    "kept zeros": ("id,name\n\"=\"\"0012\"\"\",Ana\n'0013,Bo\n", ["0012", "0013"], "Ana"),
    "mail": ("id\nana+uni@x.org\nbo@x.org", ["ana+uni@x.org", "bo@x.org"], ""),
    "short rows": ("id,name,note\na1,Ana\n\nb2\n , \nc3,Cy,x\n", ["a1", "b2", "c3"], "Ana")}

@pytest.mark.parametrize("platform", CLASSES)
def test_lists_of_platforms(platform, tmp_path, capfd):
    text, ids, name = CLASSES[platform]
    (tmp_path/"r.csv").write_text(text, encoding="utf-8")
    roster = read_roster(tmp_path/"r.csv")
    assert [*roster.people] == ids and roster.name(ids[0]) == name
    assert [*roster.cells(ids[0])] == [*roster.columns]
    assert cli(capfd, "exam", "--n", 1, "--students", tmp_path/"r.csv", "--out", tmp_path/"e")[0] == 0
    assert sorted(f.stem for f in (tmp_path/"e/sheets").iterdir()) == sorted(ids)

BAD = {"empty": (b"", "id"), "header only": (b"id\n", "nobody"), "blank": (b"id\n\n , \n", "nobody"), "no id": (b"name\nAda\n", "name the column of ids by --id"), "two ids": (b"id,id\na,b\n", "id"),
       "collision": (b"id\nada\nbob\nAda\n", "line 4: the id 'Ada' collides with line 2"), "same": (b"id;n\n7;a\n8;b\n7;a\n", "line 4: the id '7' collides with line 2"),
       "path": (b"id\n../ada\n", "line 2"), "dots": (b"id\n..\n", "line 2"), "slash first": (b"id\n/b\n", "line 2"), "star": (b"id\na*b\n", "letters, digits, blanks"), "other code": (b"id\n\xa7\xb6\n", "line 2"), "nul": (b"id\na\0b\n", "line 2"),
       "long": (b"id\n" + b"a"*65 + b"\n", "line 2"), "quote": (b'id\n"ada\n', "CSV"), "excel": (b"PK\x03\x04\xff", "UTF-8"), "no id in the middle": (b"id,name\na,Ada\n,Bob\n", "line 3: no id; if another column holds ids, name it by --id"),
       "no id at first": (b"id,name\n,Ada\nb,Bob\n", "line 2"), "shortened": (b"id\n1.23457E+12\n", "a spreadsheet has rounded it"), "device": (b"id\nnul\n", "no file may be called"),
       "formula": (b"id\n=1+1\n", "line 2"), "plus first": (b"id\n+49\n", "line 2"), "comma": (b"id,name\na,Lima, Ana\n", "line 2: expected 2 columns, got 3")}

@pytest.mark.parametrize("name", BAD)
def test_bad_rosters(name, tmp_path, capfd):
    data, word = BAD[name]
    (tmp_path/"r.csv").write_bytes(data)
    code, _, err = cli(capfd, "exam", "--n", 2, "--students", tmp_path/"r.csv", "--out", tmp_path/"e")
    assert code == 2 and err.count("\n") == 1 and "--students" in err and "r.csv" in err and word in err and not (tmp_path/"e").exists(), err

def test_a_column_of_another_name(tmp_path, capfd):
    (tmp_path/"r.csv").write_text("Kennung,id,Gruppe\nada,1,3\n")
    run = lambda *a: cli(capfd, "exam", "--n", 1, "--students", tmp_path/"r.csv", "--out", tmp_path/"e", *a)
    assert run("--id", "kennung")[0] == 0 and (tmp_path/"e/sheets/ada.ipynb").exists()
    code, _, err = run("--id", "Nummer")
    assert code == 2 and "Nummer" in err and "Kennung" in err
    assert cli(capfd, "exam", "--n", 1, "--id", "x", "--out", tmp_path/"f")[0] == 2 and not (tmp_path/"f").exists()

def test_a_name_is_no_markup():
    r = Roster(dict(a=("a", "<img src=x onerror=1> `$x$` *b* [c](d) _e_\nf")), ("id", "name"))
    assert not set("<>`$*[]_\n=") & set(r.name("a")) and r.name("nobody") == ""

@pytest.mark.parametrize("line, said", {'"Student, Test",777,abc': "Student, Test", ",,Average": "Average", "Total,,7": "", ",Total,7": "", "Ann Test,t,x": None, "Max,max-m,1": None}.items())
def test_lines_that_are_no_student(line, said, tmp_path, capfd):
    "A platform's test student and sums get no sheet, and that is said; a student who is called like one gets one"
    (tmp_path/"c.csv").write_text(f"Student,ID,Login\nAna,a,1\n{line}\n")
    code, out, _ = cli(capfd, "exam", "--questions", "kl-slope", "--students", tmp_path/"c.csv", "--out", tmp_path/"e")
    sheets = len([*(tmp_path/"e/sheets").iterdir()])
    if said is None: assert code == 0 and sheets == 2 and "No sheet for" not in out
    else: assert code == 0 and sheets == 1 and "No sheet for this line of" in out and said in out

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {"exam.roster.read_roster": row(dict(path="roster.csv", id_column="id"), path=[3, None], id_column=None)}
NO_ROW = {
    "exam.roster.bare_id": "takes any text; test_ids_as_the_world_writes_them in tests/library/exam/test_grading.py",
    "exam.roster.file_stems": "takes any texts; test_names_of_files_are_no_paths in tests/library/exam/test_grading.py",
    "exam.roster.passed_over": "asks the table that read_roster has read; test_lines_that_are_no_student in tests/library/exam/test_roster.py",
    "exam.roster.Roster": "a plain record",
    "exam.roster.Roster.name": "a student that is not in it has no name; test_a_name_is_no_markup in tests/library/exam/test_roster.py",
    "exam.roster.Roster.called": "a student that is not in it is called by the id alone",
    "exam.roster.squeezed": "takes any text",
    "exam.roster.Roster.cells": "a student that is not in it has no cells",
    "exam.roster.Roster.as_json": "takes nothing",
    "exam.roster.Roster.joined": "takes rows of another Roster; test_a_latecomer_changes_nothing in tests/library/exam/test_plan.py",
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
