# Every target makes .venv by itself on first use. Needs Python >= 3.11 and make, nothing else;
# the tests of the living pictures also a Chromium (apt-get install chromium), and are skipped without one.
#   make tour   a VAE and a GAN on real digits, then one page of pictures: tour/index.html
#   make test   everything that is checked by default        make slow   the long checks too (MNIST, npm)
#   make lab    the notebooks in JupyterLab                  make docs   the site (needs Quarto)
#   make slides   the lecture in two decks, from marked cells of the lessons: _slides/vae.html and _slides/gan.html
#   make site-test   the rendered pages in _docs, in a Chromium, not part of `make test` (SITE="-k elbo" for some of them)
#   make bench  speed, side by side                          make prepare   modules, exercise pages, contents and README
#   make constraints   renew constraints.txt                 make clean     remove what can be made again
#   make figures       the house in figures: guards, lengths of cells and lines, seconds of the last `make test`
#   make mutants-formulas   which wrong versions of the displayed equations their checks notice (minutes)
#   make mutants   how sharp the tests are (hours; MUTANTS="--quick --sample 20" for an impression in minutes)
SHELL  := /bin/bash
BIN    := .venv/bin
READY  := .venv/.ready
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
TOUR   ?=
BENCH  ?=
TESTS  ?= tests
MUTANTS ?=
SITE   ?=
LOUD   := UV_COMPILE_BYTECODE=1 $(BIN)/uv pip install --python $(BIN)/python
UV     := $(LOUD) --quiet

.PHONY: tour test slow mutants mutants-formulas lab docs slides site-test bench prepare figures constraints clean

tour: $(READY)
	@echo "Training a VAE and a GAN on real digits, for about half a minute; PyTorch takes a few seconds to start."
	@$(BIN)/vaegan tour $(TOUR)

test: $(READY)
	PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 MPLBACKEND=agg $(BIN)/python tools/timed.py $(BIN)/python -m pytest --numprocesses 2 --dist worksteal $(TESTS)

slow: $(READY)
	PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 MPLBACKEND=agg $(BIN)/python -m pytest -m "not site" $(TESTS)

mutants: $(READY)
	OMP_NUM_THREADS=1 MPLBACKEND=agg $(BIN)/python tools/mutants.py $(MUTANTS)

mutants-formulas: $(READY)
	OMP_NUM_THREADS=1 MPLBACKEND=agg $(BIN)/python tools/mutants_formulas.py $(MUTANTS)

lab: $(READY)
	$(UV) --constraint constraints.txt jupyterlab
	$(BIN)/jupyter lab nbs

docs: $(READY)
	@command -v quarto >/dev/null || { echo "make docs needs Quarto >= 1.6: get it from quarto.org, then run this again"; exit 1; }
	rm -rf _proc
	PATH="$(CURDIR)/$(BIN):$$PATH" PYTHONPATH="$(CURDIR)/tools" $(BIN)/nbdev-docs
	$(BIN)/python tools/finish_site.py
	$(BIN)/python tools/slides.py _docs/slides

slides: $(READY)
	$(BIN)/python tools/slides.py

site-test: $(READY)
	PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 MPLBACKEND=agg $(BIN)/python -m pytest -m site -rs --numprocesses 2 --dist worksteal tests/site $(SITE)

bench: $(READY)
	$(UV) --editable '.[bench]' || echo "Pythae, Pyro and NumPyro could not be installed: without them"
	$(BIN)/python benchmarks/bench.py --threads 1 2 --store $(BENCH)

prepare: $(READY)
	$(BIN)/nbdev-export
	$(BIN)/nbdev-clean
	$(BIN)/python tools/write_displays.py
	$(BIN)/python tools/renew_living.py
	$(BIN)/python tools/write_stored.py
	$(BIN)/python tools/write_exercises.py
	$(BIN)/python tools/write_references.py
	$(BIN)/python tools/write_contents.py
	$(BIN)/python tools/write_home.py
	$(BIN)/python tools/write_readme.py

figures: $(READY)
	@$(BIN)/python tools/figures.py

constraints: $(READY)
	$(BIN)/python tools/write_constraints.py --upgrade

clean:
	rm -rf .venv _proc _docs _slides build dist *.egg-info tour

$(READY): settings.ini pyproject.toml setup.py constraints.txt
	@[ -n "$(PYTHON)" ] || { echo "vaegan needs Python 3.11 or newer on the PATH (or: make PYTHON=/path/to/python ...)"; exit 1; }
	@echo "Installing into .venv: the first time about 6 GB, most of it PyTorch, which takes minutes. First the installer, uv."
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	@[ -x $(BIN)/uv ] || { sed -n '/^uv==/,/[^\\]$$/p' constraints.txt > .venv/uv.txt && $(BIN)/python -m pip install --quiet --require-hashes -r .venv/uv.txt; }
	@echo "Now everything else, by the list in constraints.txt; each large package is named as it comes."
	@set -o pipefail; $(LOUD) --require-hashes --requirement constraints.txt 2>&1 | { grep --line-buffered -v '^ [-+~] ' || true; }
	@$(UV) --no-deps --no-build-isolation --editable .
	@echo "Installed: $$(du -sh .venv | cut -f1) in .venv."
	@touch $@
