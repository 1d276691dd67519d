"Tables of prose that are too wide for a phone"
import site_cards


def table(head, *rows, more=""):
    line = lambda kind, r: "<tr>" + "".join(f"<{kind}>{c}</{kind}>" for c in r) + "</tr>"
    return f'<table class="table"{more}><thead>{line("th", head)}</thead><tbody>{"".join(line("td", r) for r in rows)}</tbody></table>'

LONG = ("<a href='x'>a-long-name/of-a-repository</a>, <code>and_its_longest_file.py</code>", "module, draw and loss_function(reconstruction): right", "yes &amp; no")
WIDE = table(("code", "what it says", "is it true?"), LONG, LONG)

def test_a_wide_table_of_prose_knows_its_titles():
    out = site_cards.carded(f"<p>x</p>{WIDE}")
    assert out.startswith('<p>x</p><table class="table cards" style="--h2:&#x27;what it says: &#x27;;--h3:&#x27;is it true? &#x27;">')
    assert out.endswith(WIDE.partition(">")[2]) and site_cards.carded(out) == out, "its cells stay, and twice is once"

def test_other_tables_stay():
    for same in (table(("a", "b", "c"), ("one", "two", "three"), ("one", "two", "three")), table(("code", "what it says"), LONG[:2], LONG[:2]), f'<div class="map">{WIDE}</div>',
                 WIDE.replace("<td>yes", '<td style="text-align: right;">yes'), WIDE.replace('class="table"', 'class="mutants sides"'), table(("a", "b", "c"), LONG)):
        assert site_cards.carded(same) == same
