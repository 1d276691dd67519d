"The tour from Python; tests/whole/test_tour.py starts it as its user does"
import pytest
from bad_input import DATA, INT, bad_input_tests, row

from vaegan.cli import main
from vaegan.tour import tour


@pytest.mark.parametrize("where", ["file", "under a file", "/proc/tour"])
def test_unwritable_out(where, tmp_path, capfd):
    (tmp_path/"file").write_text("mine")
    out = {"file": tmp_path/"file", "under a file": tmp_path/"file"/"sub"/"tour"}.get(where, where)
    assert main(["tour", "--out", str(out)]) == 2
    err = capfd.readouterr().err
    assert err.count("\n") == 1 and str(out) in err
    assert (tmp_path/"file").read_text() == "mine" and len(list(tmp_path.iterdir())) == 1

def test_missing_data(tmp_path, capfd, monkeypatch):
    monkeypatch.setenv("VAEGAN_DATA", str(tmp_path/"nothing"))
    assert main(["tour", "--data", "mnist", "--out", str(tmp_path/"out")]) == 2
    err = capfd.readouterr().err
    assert err.count("\n") == 1 and "VAEGAN_DATA" in err and not list(tmp_path.iterdir())

def test_a_failure_removes_the_folder_it_made(tmp_path, monkeypatch):
    def fail(*_): raise RuntimeError("broken")
    monkeypatch.setitem(tour.__wrapped__.__globals__["PARTS"], "VAE", fail)
    with pytest.raises(RuntimeError): tour(out=tmp_path/"a"/"b", progress=False, log=lambda s: None)
    assert not list(tmp_path.iterdir())

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {
    "tour.train_tour_vae": row(dict(data=DATA, epochs=1, seed=0, progress=False), epochs=INT(), seed=[None, 1.5]),
    "tour.train_tour_gan": row(dict(data=DATA, epochs=1, seed=0, progress=False), epochs=INT(), seed=[None, 1.5]),
    "tour.tour": row(dict(data="digits", epochs=1, seed=0), data=["cats", None], epochs=INT(), seed=[-1, 1.5, "3", 2**64]),
}
NO_ROW = {
}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
