"""Real colour images, fetched by pip and npm as they are configured here: python tools/real_images.py FOLDER

Writes FOLDER/photos and FOLDER/emoji, each with the subfolders `learn` and `held_out`, and FOLDER/SOURCES.md.
The photographs are cut into patches of 32 x 32; two whole photographs are held out, and of the emoji every tenth:
one emoji in all its skin tones is on one side."""
import subprocess
import sys
import tarfile
import zipfile
from hashlib import sha256
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

SKIMAGE, EMOJI = "scikit-image==0.26.0", "emoji-datasource-google@16.0.0"
LEARN = "china flower astronaut coffee motorcycle_left".split()
HELD_OUT = "chelsea rocket".split()
SIDE = 32
TONES = "1f3fb 1f3fc 1f3fd 1f3fe 1f3ff".split()

SOURCES = f"""# Sources and licences

Photographs, cut into patches of {SIDE} x {SIDE}:

- `china`, `flower` come with scikit-learn (`sklearn/datasets/images`, README.txt there): CC BY 2.0, by danielbuechele and
  by vultilion.
- `astronaut`, `chelsea`, `coffee`, `rocket`, `motorcycle_left` come with {SKIMAGE} (`skimage/data`); what is said of them
  in `skimage.data`: `astronaut` (NASA), no known restrictions, public domain; `chelsea` and `coffee`, CC0; `rocket`
  (SpaceX), public domain; `motorcycle_left`, of the Middlebury stereo benchmark 2014 (Scharstein et al.), no licence named.

Emoji: Google's Noto Emoji, Apache License 2.0, in the size 64 as npm's {EMOJI} has them (the package's code: MIT).
"""

def photographs(folder):
    "Name -> photograph, from the two packages that carry them"
    from PIL import Image
    pip = [sys.executable, "-m", "pip"] if find_spec("pip") else [which("pip") or sys.exit("pip is not here")]
    call = [*pip, "download", "--quiet", "--no-deps", "--only-binary=:all:", "--python-version=3.12", "--dest", folder]
    subprocess.run([*call, SKIMAGE], check=True)
    wheel = zipfile.ZipFile(next(Path(folder).glob("scikit_image*.whl")))
    beside = Path(find_spec("sklearn").origin).parent/"datasets"/"images"
    for name in LEARN + HELD_OUT:
        inside = [n for n in wheel.namelist() if Path(n).stem == name and Path(n).parent.name == "data"]
        data = BytesIO(wheel.read(inside[0])) if inside else beside/f"{name}.jpg"
        yield name, Image.open(data).convert("RGB")

def write_patches(folder, side=SIDE):
    "Patches side by side, without overlap, in files whose names say where they are from"
    with TemporaryDirectory() as tmp:
        for name, photo in photographs(tmp):
            part = Path(folder)/("held_out" if name in HELD_OUT else "learn")
            part.mkdir(parents=True, exist_ok=True)
            for top in range(0, photo.height - side + 1, side):
                for left in range(0, photo.width - side + 1, side):
                    photo.crop((left, top, left + side, top + side)).save(part/f"{name}-{top:03}-{left:03}.png")

def write_emoji(folder):
    "On white, each picture once; a tenth of them held out, by a hash of their name without the skin tone"
    from PIL import Image
    seen = set()
    with TemporaryDirectory() as tmp:
        subprocess.run([which("npm") or sys.exit("npm is not here"), "pack", "--silent", EMOJI], cwd=tmp, check=True,
                       stdout=subprocess.DEVNULL)
        with tarfile.open(next(Path(tmp).glob("*.tgz"))) as tar:
            for m in tar:
                if "/img/google/64/" not in m.name: continue
                img = Image.open(tar.extractfile(m)).convert("RGBA")
                img = Image.alpha_composite(Image.new("RGBA", img.size, "white"), img).convert("RGB")
                if img.tobytes() in seen: continue          # two flags are those of another country
                seen.add(img.tobytes())
                name = Path(m.name).stem
                key = "-".join(code for code in name.split("-") if code not in TONES)
                held = sha256(key.encode()).digest()[0] < 26
                part = Path(folder)/("held_out" if held else "learn")
                part.mkdir(parents=True, exist_ok=True)
                img.save(part/f"{name}.png")

if __name__ == "__main__":
    where = Path(sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__))
    write_patches(where/"photos")
    write_emoji(where/"emoji")
    (where/"SOURCES.md").write_text(SOURCES, encoding="utf-8")
