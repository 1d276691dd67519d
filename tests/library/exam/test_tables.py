"Tables: what spreadsheets and platforms write is read, and what is written no spreadsheet spoils or runs."
import csv
import io
import re
import zipfile
from xml.etree import ElementTree

import pytest
from bad_input import bad_input_tests

from vaegan.exam.tables import csv_bytes, read_table, xlsx_bytes

READ = {
    "comma": (b"id,name\n07,Ada\n", ",", "utf-8"), "semicolon": (b"id;name\r\n07;Ada\r\n", ";", "utf-8"), "tab": (b"id\tname\n07\tAda\n", "\t", "utf-8"),
    "pipe": (b"id|name\n07|Ada", "|", "utf-8"), "sep": (b"sep=;\r\nid;name\r\n07;Ada", ";", "utf-8"), "sep of a word": (b'"sep=,"\nid,name\n07,Ada\n', ",", "utf-8"),
    "bom": (b"\xef\xbb\xbfid,name\n07,Ada\n", ",", "utf-8-sig"), "utf-16": ("id\tname\n07\tAda\n".encode("utf-16"), "\t", "utf-16"),
    "utf-16 bare": ("id\tname\n07\tAda\n".encode("utf-16-le"), "\t", "utf-16-le"), "utf-16 big": ("id\tname\n07\tAda\n".encode("utf-16-be"), "\t", "utf-16-be"),
    "old mac": (b"id,name\r07,Ada\r", ",", "utf-8"), "title above": (b"Autumn term;;\n\nid;name\n07;Ada", ";", "utf-8"), "capitals": (b" ID ,Name\n07,Ada\n", ",", "utf-8"),
    "trailing": (b"id,name,\n07,Ada,,,\n", ",", "utf-8"), "commas in semicolons": (b'name;id\n"Ada, B, C";07\n', ";", "utf-8")}

@pytest.mark.parametrize("form", READ)
def test_every_form_is_read(form, tmp_path):
    data, delimiter, encoding = READ[form]
    (tmp_path/"t.csv").write_bytes(data)
    t = read_table(tmp_path/"t.csv", ["id"], "--students")
    (_, cells), = t.rows
    assert (t.delimiter, t.encoding, cells[t.at]) == (delimiter, encoding, "07") and len(t.columns) == 2

def test_old_windows(tmp_path):
    (tmp_path/"t.csv").write_bytes("id;name\n1;Müller\n2;O’Hara\n".encode("cp1252"))
    t = read_table(tmp_path/"t.csv", ["id"], "--students")
    assert t.encoding == "cp1252" and [row[1] for _, row in t.rows] == ["Müller", "O’Hara"]

REFUSED = {"workbook": (b"PK\x03\x04rest", "save the table as CSV"), "old workbook": (b"\xd0\xcf\x11\xe0\xa1", "save the table as CSV"), "picture": (b"\x89PNG\r\n\x81\x8d", "no text"), "empty": (b"", "one column named id, got nothing"),
           "other columns": (b"name;age\nAda;3\n", "got name, age"), "two": (b"id,ID\n1,2\n", "one column named id"), "quote": (b'id,name\n1,"Ada\n', "line 2: no CSV"),
           "more": (b"id,name\n1,Lima, Ana\n", "line 2: expected 2 columns, got 3"), "huge cell": (b"id\n" + b"a"*200_000, "line 2: no CSV"), "half of utf-16": (b"\xff\xfei\0d\0\n", "no text")}

@pytest.mark.parametrize("form", REFUSED)
def test_what_is_no_table_is_said(form, tmp_path):
    data, word = REFUSED[form]
    (tmp_path/"t.csv").write_bytes(data)
    with pytest.raises(ValueError, match=re.escape(word)) as e: read_table(tmp_path/"t.csv", ["id"], "--students")
    assert str(e.value).startswith("--students: ") and "\n" not in str(e.value)

def test_a_huge_file_is_not_read(tmp_path):
    with open(tmp_path/"t.csv", "wb") as f: f.truncate(10**10)
    with pytest.raises(ValueError, match="10 MB"): read_table(tmp_path/"t.csv", ["id"], "--students")

FORMULAS = ["=cmd|' /C calc'!A0", "+1+cmd()", "-2+3", "@SUM(1)", "\t=1", "\r=1", " =1", "＝1", "=1\n2", "a;=1+1", 'a","=1+1']

def test_no_cell_is_run():
    "Nor split into cells in a country with another delimiter"
    data = csv_bytes(["x"], [dict(x=f) for f in FORMULAS]).decode("utf-8-sig")
    for line, f in zip(data.splitlines()[1:], FORMULAS, strict=True):
        assert line[0] == line[-1] == '"' and re.match(r'"(\'|\w)', line), f
    cells = [c for row in csv.reader(io.StringIO(data)) for c in row]
    assert len(cells) == 1 + len(FORMULAS) and not [c for c in cells if c.lstrip()[:1] in tuple("=+-@＝")]

def test_a_fraction_is_no_date():
    for typed in ("1/2", "7/12", " 3 / 4", "3-4", "1:2"): assert f"'{typed}".encode() in csv_bytes(["x"], [dict(x=typed)])

def test_what_is_no_formula_stays():
    for kept in ("2/3/2001", "1/2*x", "a/b", "007", "-0.5", "+491701234", "+49 170 1234", "a+b@x.org", "-", "Müller, Ada", "O'Hara"):
        assert list(csv.reader(io.StringIO(csv_bytes(["x"], [dict(x=kept)]).decode("utf-8-sig"))))[1] == [kept]

def test_numbers_are_as_the_country_writes_them():
    rows = [dict(a=2, b=.5, c=3.)]
    assert b'2,0.5,3' in csv_bytes([*"abc"], rows) and b'2;"0,5";3' in csv_bytes([*"abc"], rows, ";")
    assert csv_bytes(["a"], rows).startswith(b"\xef\xbb\xbf") and csv_bytes(["a"], rows, "\t", "utf-16-le").decode("utf-16") == '"a"\r\n2\r\n'

def test_a_workbook_holds_texts_and_numbers():
    rows = [dict(id="007", n=2.5, answer="=1+1 <&> \x0b\ud800 \n"), dict(id="0815", n=3, answer="x"*40_000)]
    with zipfile.ZipFile(io.BytesIO(xlsx_bytes([*rows[0]], rows, "a & b"))) as z:
        trees = {n: ElementTree.fromstring(z.read(n)) for n in z.namelist()}
        assert z.testzip() is None and {i.date_time for i in z.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    ns = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    cells = [[(c.get("t"), "".join(c.itertext())) for c in r] for r in trees["xl/worksheets/sheet1.xml"].iter(f"{ns}row")]
    assert cells[0] == [("inlineStr", "id"), ("inlineStr", "n"), ("inlineStr", "answer")]
    assert cells[1][:2] == [("inlineStr", "007"), (None, "2.5")] and cells[1][2][1].startswith("=1+1 <&>") and len(cells[2][2][1]) == 32767
    parts = {o.get("PartName") for o in trees["[Content_Types].xml"] if o.get("PartName")}
    assert parts == {"/xl/workbook.xml", "/xl/worksheets/sheet1.xml"} and parts <= {f"/{n}" for n in trees}

# ---------------------------------------------------------------------------------------------------------- bad input
NO_ROW = {
    "exam.tables.Table": "a plain record",
    "exam.tables.read_table": "whatever the file is stands in the message; test_what_is_no_table_is_said in tests/library/exam/test_tables.py",
    "exam.tables.column_name": "takes a cell of a heading",
    "exam.tables.packed": "takes bytes",
    "exam.tables.csv_bytes": "takes rows that grading made",
    "exam.tables.xlsx_bytes": "takes rows that grading made",
}
bad_input_tests({}, NO_ROW)
