# One word per action, the same here and in CI. Plain `make` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help setup format lint types test test-all bench docs demo clean

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
test: $(VENV)/.dev  ## run the tests
	$(BIN)/pytest -q
test-all: lint types test  ## lint, types and tests
bench: $(VENV)/.dev  ## measure: benchmarks that assert their own claims
	$(BIN)/python benchmarks/extraction.py
docs: $(VENV)/.dev  ## make the pictures of the README and the tutorial (PHOTOS=folder of dogs and cats)
	$(BIN)/python tools/make_docs.py $(PHOTOS)
demo: $(VENV)/.demo  ## train on real photos of solar cells and say where the report is
	$(BIN)/headstart demo
clean:  ## remove .venv and what the tools left
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis dist build

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
$(VENV)/.demo: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) --editable '.[demo]'
	@touch $@
$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) --editable '.[dev]'
	@touch $@ $(VENV)/.demo
