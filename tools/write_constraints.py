"""Renew constraints.txt: `make constraints`. Versions and hashes of the development environment, for Linux and macOS, Python
3.11 and later; the first line says which requirements it was made from, and tests/whole/test_supply.py whether they still are."""
import hashlib
import re
import subprocess
import sys
from pathlib import Path

from notebooks import ROOT, cfg

FILE = ROOT/"constraints.txt"
FLAGS = ["--universal", "--python-version", cfg["min_python"], "--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url", "--extra", "dev"]

def digest():
    "What the file depends on, as sixteen letters"
    wanted = sorted((cfg["requirements"] + " " + cfg["dev_requirements"]).split())
    return hashlib.sha256("\n".join([*wanted, *FLAGS]).encode()).hexdigest()[:16]

def pins(text=None):
    "name -> list of (version, marker, hashes)"
    out = {}
    for name, version, marker, hashes in re.findall(r"^([\w.-]+)==([^\s;]+)(?: ; (.*?))?((?: \\\n +--hash=\S+)*)$", text or FILE.read_text(encoding="utf-8"), re.M):
        out.setdefault(name, []).append((version, marker, re.findall(r"--hash=(\S+)", hashes)))
    return out

if __name__ == "__main__":
    uv = Path(sys.prefix)/"bin"/"uv"
    old = FILE.read_bytes() if FILE.exists() else b""
    try:
        subprocess.run([uv, "pip", "compile", "--quiet", *FLAGS, *sys.argv[1:], "pyproject.toml", "--output-file", FILE], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        FILE.write_text(f"# made by `make constraints` from requirements {digest()}\n" + FILE.read_text(encoding="utf-8"), encoding="utf-8")
    except BaseException:
        FILE.write_bytes(old)
        raise
