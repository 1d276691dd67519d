"What is on each page of a PDF that Chromium wrote, without a library for PDFs."
import re
import zlib


def pages(pdf):
    "For each page: how many pieces of text and how many pictures are drawn on it"
    objects = {int(n): body for n, body in re.findall(rb"(?s)(?:^|\n)(\d+) 0 obj\r?\n?(.*?)endobj", pdf)}
    out = []
    for body in objects.values():
        if not re.search(rb"/Type\s*/Page\b(?!s)", body): continue
        contents = re.search(rb"/Contents\s+(?:\[([^\]]*)\]|(\d+) 0 R)", body)
        refs = [int(n) for n in re.findall(rb"(\d+) 0 R", contents[0])] if contents else []
        drawn = b"\n".join(stream(objects[n]) for n in refs)
        out.append((len(re.findall(rb"\bT[jJ]\b", drawn)), len(re.findall(rb"/\S+ Do\b", drawn))))
    return out

def stream(body):
    raw = re.search(rb"(?s)stream\r?\n(.*?)\r?\n?endstream", body)[1]
    return zlib.decompressobj().decompress(raw) if b"/FlateDecode" in body else raw

def links(pdf):
    "For each page: the addresses that its links lead to, in the order of the page"
    objects = {int(n): body for n, body in re.findall(rb"(?s)(?:^|\n)(\d+) 0 obj\r?\n?(.*?)endobj", pdf)}
    found = lambda body: [a.decode() for a in re.findall(rb"/URI\s*\(([^)]*)\)", body)]
    out = []
    for body in objects.values():
        if not re.search(rb"/Type\s*/Page\b(?!s)", body): continue
        annots = re.search(rb"(?s)/Annots\s+(?:\[(.*?)\]|(\d+) 0 R)", body)
        there = (annots[1] if annots[1] is not None else objects[int(annots[2])]) if annots else b""
        out.append([a for n in re.findall(rb"(\d+) 0 R", there) for a in found(objects[int(n)])] + found(there))
    return out
