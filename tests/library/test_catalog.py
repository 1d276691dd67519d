"What a name stands for"
import pytest
from bad_input import bad_input_tests, row

from vaegan.catalog import DATA_SETS, RECIPES, named


def test_names_are_looked_up():
    assert named("name", "nll-90", RECIPES["vae"]) is RECIPES["vae"]["nll-90"] and named("name", None, RECIPES["gan"]) is RECIPES["gan"]["relativistic"]
    assert all(r.about and r.settings for table in RECIPES.values() for r in table.values()) and all(d.about and d.epochs > 0 < d.tour_epochs for d in DATA_SETS.values())
    with pytest.raises(ValueError, match="^data: expected one of digits, mnist, fashion-mnist, got 'cats'$"): named("data", "cats", DATA_SETS)

# ---------------------------------------------------------------------------------------------------------- bad input
ROWS = {"catalog.named": row(dict(arg="name", name="digits", table=DATA_SETS), call=lambda arg, name, table: named("name", name, table), arg=None, name=["cats", 3], table=None)}
ROWS["catalog.recipes_of"] = row(dict(kind="vae"), kind=["cats"])
NO_ROW = {"catalog.DataSet": "a plain record", "catalog.Recipe": "a plain record"}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)
