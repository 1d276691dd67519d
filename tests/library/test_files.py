"Files: whole or not at all, whoever else writes, whatever goes wrong"
import os
import stat
import threading

import pytest
from bad_input import bad_input_tests

from vaegan.files import new_folder, write_file, write_files


def test_a_file_is_on_the_disk_before_it_gets_its_name(tmp_path, monkeypatch):
    done, fsync, replace = [], os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (done.append(("bytes", os.fstat(fd).st_size)), fsync(fd))[1])
    monkeypatch.setattr(os, "replace", lambda a, b: (done.append(("name", os.path.basename(b))), replace(a, b))[1])
    write_files(tmp_path, {"a": b"123", "b": b"12345"})
    assert done == [("bytes", 3), ("bytes", 5), ("name", "a"), ("name", "b")]
    assert (tmp_path/"a").read_bytes() == b"123" and sorted(os.listdir(tmp_path)) == ["a", "b"]

@pytest.mark.parametrize("step", ["fsync", "chmod", "replace"])
def test_what_goes_wrong_leaves_the_old_file_and_nothing_else(step, tmp_path, monkeypatch):
    write_file(tmp_path/"a", b"old")
    def fail(*args): raise OSError("disk full")
    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="disk full"): write_file(tmp_path/"a", b"new")
    assert os.listdir(tmp_path) == ["a"] and (tmp_path/"a").read_bytes() == b"old"

def test_several_writers_never_mix(tmp_path):
    "Each has a temporary file of its own: whoever comes last wins, whole"
    texts = [bytes([65 + i])*50_000 for i in range(8)]
    threads = [threading.Thread(target=lambda t=t: [write_file(tmp_path/"a", t) for _ in range(20)]) for t in texts]
    for t in threads: t.start()
    seen = {(tmp_path/"a").read_bytes() for _ in range(200) if (tmp_path/"a").exists()}
    for t in threads: t.join()
    assert seen | {(tmp_path/"a").read_bytes()} <= set(texts) and os.listdir(tmp_path) == ["a"]

@pytest.mark.skipif(os.name == "nt", reason="rights work differently there")
def test_rights_and_links_stay(tmp_path):
    write_file(tmp_path/"a", b"1")
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((tmp_path/"a").stat().st_mode) == 0o666 & ~mask
    (tmp_path/"a").chmod(0o640)
    (tmp_path/"link").symlink_to("a")
    write_file(tmp_path/"link", b"2")
    assert (tmp_path/"link").is_symlink() and (tmp_path/"a").read_bytes() == b"2" and stat.S_IMODE((tmp_path/"a").stat().st_mode) == 0o640

def test_a_folder_made_for_nothing_is_removed(tmp_path):
    with pytest.raises(KeyError), new_folder(tmp_path/"a"/"b"): raise KeyError
    assert not list(tmp_path.iterdir())
    with pytest.raises(KeyError), new_folder(tmp_path/"a"/"b") as d:
        (d/"kept").write_text("1")
        raise KeyError
    assert (tmp_path/"a"/"b"/"kept").exists()
    with new_folder(tmp_path/"c") as d: assert d == tmp_path/"c" and not list(d.iterdir())
    assert (tmp_path/"c").is_dir()
    (tmp_path/"file").write_text("")
    with pytest.raises(OSError), new_folder(tmp_path/"file"/"x"): pass
    with pytest.raises(OSError), new_folder(tmp_path/"file"): pass

# ---------------------------------------------------------------------------------------------------------- bad input
NO_ROW = {
    "files.write_file": "a path and bytes: what the system says is passed on; above",
    "files.home": "a path; test_a_path_is_meant_as_a_shell_means_it",
    "files.new_folder": "a path: what the system says is passed on; above",
}
bad_input_tests({}, NO_ROW)
