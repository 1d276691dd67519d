"Package metadata comes from settings.ini: edit that, not this."
from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup

here = Path(__file__).parent
ini = ConfigParser(delimiters=["="])
ini.read(here/"settings.ini", encoding="utf-8")
cfg = ini["DEFAULT"]
spdx = dict(apache2="Apache-2.0", mit="MIT", bsd3="BSD-3-Clause", gpl3="GPL-3.0-only")
status = "Planning,Pre-Alpha,Alpha,Beta,Production/Stable,Mature,Inactive".split(",")
n = int(cfg["status"])

setup(
    version=cfg["version"],
    license_expression=spdx[cfg["license"]],
    author=cfg["author"], author_email=cfg["author_email"],
    keywords=cfg["keywords"].split(),
    long_description=(here/"README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    install_requires=cfg["requirements"].split(),
    extras_require=dict(dev=cfg["dev_requirements"].split(), bench=cfg["bench_requirements"].split()),
    entry_points=dict(nbdev=[f"{cfg['lib_path']}={cfg['lib_path']}._modidx:d"],
                      console_scripts=cfg["console_scripts"].split()),
    classifiers=[f"Development Status :: {n} - {status[n-1]}", f"Intended Audience :: {cfg['audience']}",
                 f"Natural Language :: {cfg['language']}", "Programming Language :: Python :: 3"],
    packages=find_packages(include=[cfg["lib_path"], cfg["lib_path"]+".*"]),
    package_data={cfg["lib_path"]: ["py.typed", "displays.json", "examples.md", "stored/*.json", "js/*.js", "js/*/*.js"]},
)
