"Every page, as it lies before a reader: four widths, light and dark."
import pytest
from site_views import faults, told

pytestmark = pytest.mark.site

def test_page(name, tab, base, record_property):
    found = faults(tab(reduced_motion="reduce"), base, name)
    for kind, where in found.items(): record_property(kind, (name, len(where)))
    assert not found, f"{name}\n{told(found)}"
