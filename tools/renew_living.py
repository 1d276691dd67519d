"Puts the programs of vaegan/js into the living pictures stored in the notebooks, without running them again (`make prepare`)."
import json
import re

from notebooks import NBS, nb_id

from vaegan.living import html_block

PARTS = re.compile(r'<div class="vaegan-living" data-living="(.*?)-\w{8}">(<img [^>]*>)<script type="application/json">(.*?)</script></div>', re.S)

def renewed(text):
    "A stored block with the program as it is now"
    name, img, numbers = PARTS.match(text).groups()
    return html_block(name, numbers, img)

def write(nb):
    "Renew the blocks of one notebook; say whether any was out of date"
    d, stale = json.loads(nb.read_text(encoding="utf-8")), False
    for data in (o["data"] for c in d["cells"] for o in c.get("outputs", []) if "vaegan-living" in "".join(o.get("data", {}).get("text/html", ""))):
        old = "".join(data["text/html"])
        if (new := renewed(old)) != old: data["text/html"], stale = new.splitlines(keepends=True), True
    if stale: nb.write_text(json.dumps(d, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return stale

if __name__ == "__main__":
    for nb in NBS:
        if write(nb): print("renewed the living pictures of", nb_id(nb))
