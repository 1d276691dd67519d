"What the site shows of a cell's outputs: Markdown, tables and pictures, nothing that asks another server for a script."
import re

def unnested(text):
    "nbdev links every name of the library in backticks, also where it already stands in a link: the page's own link stays"
    while (new := re.sub(r"\[([^\[\]\n]*)\[(`[^`\n]+`)\]\([^)\n]*\)(?=[^\[\]\n]*(?:\[`[^`\n]+`\]\([^)\n]*\)[^\[\]\n]*)*\]\()", r"[\1\2", text)) != text: text = new
    return text

def quiet(outputs):
    "Outputs as Markdown or pictures: Quarto answers HTML or widgets in a notebook with scripts from other servers"
    for o in outputs:
        data = o.get("data", {})
        widget = data.pop("application/vnd.jupyter.widget-view+json", None)
        if "text/markdown" in data: data["text/markdown"] = unnested("".join(data["text/markdown"]))
        html = data.pop("text/html", None)
        if html and "text/markdown" not in data and not any(k.startswith("image/") for k in data):
            html = "".join(html)
            fence = "`"*max(3, 1 + max(map(len, re.findall("`+", html)), default=0))
            data["text/markdown"] = f"{fence}{{=html}}\n{html.strip()}\n{fence}\n"
        if not (widget and data.keys() <= {"text/plain"}): yield o
