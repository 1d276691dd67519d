"How nbs/search.js ranks what was found, in node: lessons and titles first, other names, slips and Greek letters"
import json
import re
import shutil
import subprocess

import finish_site
import pytest


def searched(tmp_path, items, queries):
    "What nbs/search.js finds among items, for each of the queries"
    module, script = (finish_site.ROOT/"nbs"/"search.js").as_uri(), tmp_path/"try.mjs"
    script.write_text(f"import {{Index}} from {json.dumps(module)}; const i = new Index(); for (const d of {json.dumps(items)}) i.add(d);"
                      f"console.log(JSON.stringify({json.dumps(queries)}.map(q => i.search(q).map(r => r.item))))", encoding="utf-8")
    return json.loads(subprocess.run(["node", script], capture_output=True, text=True, check=True).stdout)

@pytest.mark.skipif(not shutil.which("node"), reason="needs node")
def test_ranking_puts_lessons_and_titles_first(tmp_path):
    docs = [("api.html", "The library", "elbo_ppca", "", 2), ("exercises/linear.html", "An autoencoder with a saddle", "", "", 1), ("elbo.html", "The evidence lower bound (elbo)", "", "", 0),
            ("minimax.html", "The game", "Where is the saddle?", "", 0), ("elbo.html#eq-elbo", "The evidence lower bound (elbo)", "(ELBO)", "", 0),
            ("vae.html", "Autoencoders (vae)", "", "a saddle, reparametrisation", 0), ("kl.html", "Divergences", "(KL-STD)", "", 0), ("kl-2.html", "Exercises: KL-STD", "(KL-STD)", "", 1),
            ("gan.html", "The GAN", "", "its value is -log 4", 0), ("exercises/log.html", "Exercises: 4. A log", "", "", 1)]
    items = [dict(href=h, title=t, section=s, text=x, kind=k) for h, t, s, x, k in docs]
    queries = ["ELBO", "saddle", "reparameterization", "nothing", "kl-std", "log 4", "("]
    out = [" ".join(item["href"] for item in found) for found in searched(tmp_path, items, queries)]
    assert out[:6] == ["elbo.html#eq-elbo elbo.html api.html", "minimax.html exercises/linear.html vae.html", "vae.html", "", "kl.html kl-2.html", "gan.html exercises/log.html"]
    assert len(out[6].split()) == 5

ASKED = [("divergences.html#apart", "Divergences", "How far apart are two densities?", "A long way to it. "*30 + "KL is the mean of a log-ratio. It is never negative. And so on. "*9, 0),
         ("train.html#nan", "Training", "A stop", "A loss that is NaN stops the run &amp; says so.", 0), ("latent.html#further-reading", "Latents", "Further reading", "He (2019), posterior collapse.", 0),
         ("vae.html#beta", "The VAE", "What does β do?", "It may end in posterior collapse.", 0), ("index.html", "Home", "", "Why is my course so long? It is not.", 1),
         ("game.html#js", "The game", "An example of a kl_ratio", "The Jensen–Shannon divergence of the game saturates: KL divergence.", 0), ("own.html", "Your own images", "", "Train.", 2),
         ("nets.html", "Networks", "", "In one of our nets you train many images of your own for a long time. Own images.", 0), ("exam.html", "Exams for a class", "", "A key.", 2),
         ("divergences.html#kl", "Divergences", "The KL of two normal laws", "A sum.", 0),
         ("evaluate.html#frechet", "Evaluation", "A distance", "The Fréchet distance, blurred.", 0)]

@pytest.mark.skipif(not shutil.which("node"), reason="needs node")
def test_a_question_is_found_by_its_large_words_and_shown_where_they_stand(tmp_path):
    items = [dict(href=h, title=t, section=s, text=x, kind=k) for h, t, s, x, k in ASKED]
    queries = ["Why is my KL negative?", "my loss is nan", "posterior collapse", "why is my", "gradients negative divergences unheard", "nan amp", "unheard of"]
    negative, loss, collapse, small, most, amp, none = searched(tmp_path, items, queries)
    first = lambda found: found[0]["href"].split(".")[0]
    assert [first(f) for f in (negative, loss, collapse, small, most, amp)] == ["divergences", "train", "vae", "index", "divergences", "train"] and none == []
    assert [f["href"][:6] for f in collapse] == ["vae.ht", "latent"], "lessons before what they cite"
    text, mark = negative[0]["text"], "<mark class='search-match'>{}</mark>".format
    assert mark("KL") in text and mark("negative") in text and len(re.sub("<[^>]*>", "", text)) < 290 and text.startswith("… ") and text.endswith("…")
    asked = {"jensen-shannon": "game", "kl-ratio": "game", "kl_ratio": "game", "KL divergence": "divergences", "how to train on my own images": "own", "exam": "exam", "FID": "evaluate", "blurry": "evaluate",
             "beta": "vae", "ε beta": "vae", "β": "vae", "beta-VAE": "vae", "divergance": "divergences", "Jensne": "game", "exampel": "game"}
    others = searched(tmp_path, items, [*asked])
    assert {q: first(f) for q, f in zip(asked, others, strict=True)} == asked, "by another dash, name, letter, ending or a slip; an exam is no example"
    assert mark("Jensen–Shannon") in others[0][0]["text"]
    assert "&amp;" in amp[0]["text"] and items[0]["text"].startswith("A long way"), "no sign of HTML is taken apart, and what is known stays"

@pytest.mark.skipif(not shutil.which("node"), reason="needs node")
def test_what_speaks_of_it_comes_before_what_mentions_it(tmp_path):
    docs = [("data.html", "Images", "", "By Jensen’s inequality, of which later. " + "A long page. "*60, 0), ("elbo.html#jensen", "The bound", "Why below?", "Jensen’s inequality. Jensen’s gap. Whose inequality?", 0),
            ("data.html#exercises", "Images", "Exercises", "Save a model? Load it.", 0), ("runs.html#save", "Runs", "Kept", "Save a model, load a model.", 2), ("gan.html", "The GAN", "", "Who plays?", 0),
            ("dirac.html", "Games", "The Dirac-GAN: is a GAN like that?", "A GAN, a GAN.", 0), ("references.html", "References", "", "All works.", 2), ("references.html#k", "References", "K", "References of a model.", 2)]
    items = [dict(href=h, title=t, section=s, text=x, kind=k) for h, t, s, x, k in docs]
    asked = {"jensen's inequality": "elbo.html#jensen", "Why can't Jensen’s gap be negative?": "elbo.html#jensen", "what is a GAN?": "gan.html", "how do I save and load a model": "runs.html#save", "references": "references.html"}
    assert {q: found[0]["href"] for q, found in zip(asked, searched(tmp_path, items, [*asked]), strict=True)} == asked

@pytest.mark.skipif(not shutil.which("node"), reason="needs node")
def test_another_name_leads_before_those_who_only_say_it(tmp_path):
    docs = [("public.html", "Semi-supervised", "", "Semi-supervised code of others.", 2), ("uses.html#few", "Uses", "How many labels are needed?", "With few labels it is semi-supervised.", 0)]
    items = [dict(href=h, title=t, section=s, text=x, kind=k) for h, t, s, x, k in docs]
    for found in searched(tmp_path, items, ["semi-supervised", "Semi supervised learning", "semi-supervized"]):
        assert [item["href"] for item in found] == ["uses.html#few", "public.html"]

@pytest.mark.skipif(not shutil.which("node"), reason="needs node")
def test_where_nothing_is_found_the_reader_is_told_what_can_be(tmp_path):
    "On a page, by the search that its box asks"
    (tmp_path/"try.mjs").write_text("globalThis.document = {documentElement: {dataset: {}}, querySelector: () => null}; globalThis.addEventListener = () => {};"
        f"await import({json.dumps((finish_site.ROOT/'nbs'/'search.js').as_uri())}); const i = new Fuse([]); i.add({{href: 'a.html', title: 'A', section: '', text: 'words'}});"
        "console.log(JSON.stringify(['words', 'xylophone', ' '].map(q => i.search(q).map(r => r.item.href))))", encoding="utf-8")
    assert json.loads(subprocess.run(["node", tmp_path/"try.mjs"], capture_output=True, text=True, check=True).stdout) == [["a.html"], ["index.html#the-chapters"], []]
    assert any(re.fullmatch("#+ The chapters", line) for c in json.loads((finish_site.ROOT/"nbs"/"index.ipynb").read_text(encoding="utf-8"))["cells"] for line in "".join(c["source"]).splitlines())
