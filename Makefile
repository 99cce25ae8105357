# One word per action, the same here and in CI. Plain `make` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt

KERAS := .venv-keras
ZOO := .venv-zoo
TRACK := .venv-track
LONG := slow or ray or browser or large
PARALLEL := --numprocesses=logical --maxprocesses=4 --dist=loadfile
ONLY ?= limit one_photo warm near_copies wrong_labels audit head fit_on confidence streamed_head scale int8 script growth epoch serve coverage forget growing suggest forecast tutorial

.DEFAULT_GOAL := help
.PHONY: help setup format lint types test test-long test-large test-all coverage test-keras test-track test-zoo fuzz bench docs demo clean

help:  ## list the words
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 12

setup: $(VENV)/.dev  ## install everything for development into .venv
format: $(VENV)/.dev  ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only --quiet .
lint: $(VENV)/.dev  ## check format and style
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
types: $(VENV)/.dev  ## check the types
	$(BIN)/mypy
test: $(VENV)/.dev  ## run the quick tests (about seven minutes on two cores)
	$(BIN)/pytest -q $(PARALLEL) -m "not ($(LONG))"
test-long: $(VENV)/.dev  ## run the tests that are slow, start Ray or open a browser (about fifteen minutes)
	$(BIN)/pytest -q $(PARALLEL) -m "slow and not (ray or browser)"
	$(BIN)/pytest -q $(PARALLEL) --dist=loadgroup --maxprocesses=2 -m "ray or browser"
test-large: $(VENV)/.dev  ## run the tests that take minutes of a processor, such as a thousand classes
	$(BIN)/pytest -q -m large
test-keras: $(KERAS)/.tests  ## run the tests of exports to Keras and LiteRT, which need TensorFlow
	$(KERAS)/bin/pytest -q tests/exports/test_keras_model.py tests/exports/test_litert.py
test-zoo: $(ZOO)/.ready  ## run the tests of backbones from timm, which needs a stock torch (some gigabytes)
	$(ZOO)/bin/pytest -q tests/backbone/foreign/test_timm_zoo.py
test-track: $(TRACK)/.tests  ## run the tests of tracking by MLflow and TensorBoard, which need both
	$(TRACK)/bin/pytest -q tests/runs/test_tracking*.py tests/cli/test_track.py
test-all: lint types test test-long  ## lint, types and all tests but the large ones
coverage: $(VENV)/.dev  ## run all tests and write which lines they reach to htmlcov/
	$(BIN)/pytest -q --cov --cov-report=term:skip-covered --cov-report=html
fuzz: $(VENV)/.dev  ## give the program 22,000 damaged photos, classifiers, tables and shards (minutes; before a release)
	$(BIN)/python tools/fuzz $(FUZZ)
bench: $(VENV)/.dev $(if $(filter epoch tutorial,$(ONLY)),$(KERAS)/.ready)  ## measure into docs/benchmarks.md (ONLY="limit warm", PHOTOS=folder)
	@failed=; for name in $(ONLY); do \
	  $(BIN)/python benchmarks/$$name.py $(PHOTOS) || failed="$$failed $$name"; done; \
	if [ -n "$$failed" ]; then echo "Not held:$$failed"; exit 1; fi
docs: $(VENV)/.dev  ## make the pictures of the README and the tutorial (PHOTOS=folder of dogs and cats)
	$(BIN)/python tools/make_docs.py $(PHOTOS)
demo: $(VENV)/.demo  ## train on real photos of solar cells and say where the report is
	$(BIN)/headstart demo
clean:  ## remove .venv and what the tools left
	rm -rf $(VENV) $(KERAS) $(TRACK) $(ZOO) .mypy_cache .pytest_cache .ruff_cache .hypothesis dist build

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
$(VENV)/.demo: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing Headstart and the photos of the demo into $(VENV): about a minute."
	$(PIP) --editable '.[demo]'
	@touch $@
$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing Headstart and its tools of development into $(VENV): about two minutes."
	$(PIP) --editable '.[dev]'
	@touch $@ $(VENV)/.demo
$(KERAS)/.ready: benchmarks/rivals/requirements-keras.txt
	$(PYTHON) -m venv $(KERAS)
	$(KERAS)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@
$(ZOO)/.ready: pyproject.toml
	$(PYTHON) -m venv $(ZOO)
	$(ZOO)/bin/pip install --quiet --disable-pip-version-check --editable '.[zoo,int8]' pytest
	@touch $@
$(KERAS)/.tests: pyproject.toml constraints.txt $(KERAS)/.ready
	$(KERAS)/bin/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[int8,onnx]' pytest
	@touch $@
$(TRACK)/.tests: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(TRACK)
	$(TRACK)/bin/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[mlflow,tensorboard]' tensorboard pytest
	@touch $@
