"Every file that came is told of, and none of them stops the others."
import io
import json
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from bad_input import bad_input_tests

from vaegan.exam.uploads import handed_in_files

SHEET = json.dumps({"cells": [dict(n=i) for i in range(400)]}).encode()

def zipped(files, compression=zipfile.ZIP_DEFLATED):
    f = io.BytesIO()
    with zipfile.ZipFile(f, "w", compression) as z:
        for name, data in files.items(): z.writestr(name, data)
    return f.getvalue()

def came(folder, **files):
    for name, data in files.items(): (folder/name.replace("__", ".")).write_bytes(data)
    return {f.name[len(str(folder)) + 1:]: f for f in handed_in_files([folder])}

@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_archive_is_one_line(tmp_path, compression):
    "The first of two sheets has lost some bytes; the other one, and the rest of the class, are read"
    data = bytearray(zipped({"a.ipynb": SHEET, "b.ipynb": SHEET}, compression))
    data[50:90] = bytes(b ^ 255 for b in data[50:90])
    files = came(tmp_path, good__ipynb=SHEET, bad__zip=bytes(data))
    assert "damaged in the archive" in files["bad.zip/a.ipynb"].why and files["bad.zip/b.ipynb"].data == files["good.ipynb"].data == SHEET

def test_archives_that_swell(tmp_path):
    "In sum, too; and what is no notebook is not kept in memory"
    many = zipped({f"{i}.ipynb": b"0"*20_000_000 for i in range(4)})
    files = came(tmp_path, all__zip=zipped({"Mal/many.zip": many, "Bo/exam.ipynb": SHEET}), own__zip=many)
    assert "60 MB" in files["all.zip/Mal/many.zip"].why and files["all.zip/Bo/exam.ipynb"].data == SHEET
    assert sum(len(f.data) for n, f in files.items() if n.startswith("own")) < 2000

def test_an_archive_that_lies_about_its_size(tmp_path):
    "300 kB that say they hold a thousand bytes and hold 300 MB: no more is unpacked than a file may have"
    data = bytearray(zipped({"a.ipynb": b"{" + b" "*300_000_000}))
    for at in (data.index(b"PK\3\4") + 22, data.rindex(b"PK\1\2") + 24): data[at:at + 4] = (1000).to_bytes(4, "little")
    tracemalloc.start()
    try: files, most = came(tmp_path, good__ipynb=SHEET, bomb__zip=bytes(data)), tracemalloc.get_traced_memory()[1]
    finally: tracemalloc.stop()
    assert files["bomb.zip/a.ipynb"].why and files["good.ipynb"].data == SHEET and most < 100e6

@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no such device here")
def test_a_link_to_a_device_is_not_read(tmp_path):
    (tmp_path/"x.ipynb").symlink_to("/dev/zero")
    files = came(tmp_path, good__ipynb=SHEET)
    assert "not a file" in files["x.ipynb"].why and files["good.ipynb"].data == SHEET

def test_by_what_it_holds(tmp_path):
    "Not by what it is called"
    files = came(tmp_path, a__txt=SHEET, b__json=SHEET, c=SHEET, d__json=b"{}", e=b"hi", f__ipynb=b"<html>", g__txt=b"hi", h__heic=b"1", i__ipynb=b"", j__ipynb=b"{}")
    assert [n for n, f in files.items() if f.data == SHEET] == ["a.txt", "b.json", "c"] and not {"d.json", "e"} & set(files)
    for name, kind in {"f.ipynb": "a web page", "g.txt": "plain text", "h.heic": "a picture"}.items(): assert files[name].why.startswith(kind) and "hand in the notebook itself" in files[name].why
    assert not files["i.ipynb"].why and files["j.ipynb"].data == b"{}", "what is wrong in a notebook is told where it is read"

def test_what_is_not_there():
    for paths in (["nowhere"], []):
        with pytest.raises(ValueError, match="submissions: expected"): handed_in_files(paths)

# ---------------------------------------------------------------------------------------------------------- bad input
bad_input_tests({}, {"exam.uploads.notebook_cells": "each fault is told by test_hostile_submissions in tests/library/exam/test_grading.py", "exam.uploads.handed_in_files": "checked by what it finds; a path that is not there is told in test_what_is_not_there", "exam.uploads.HandedIn": "a plain record"})
