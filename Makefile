# Everything a clone needs: `make demo` and `make test` are the only commands to type.
# Wanted on the machine: git, make and python3 (3.11 or newer, with venv). All else lands in .venv and .lab.

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

VENV := .venv
BIN := $(VENV)/bin
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore $(BIN)/python -m pip --quiet
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header

# The first python that is new enough and can make an environment; a pyenv shim may exist and yet not run, so each is tried.
PYTHONS := python3.13 python3.12 python3.11 python3
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
CAN_VENV := import ensurepip, venv

.PHONY: help demo test lab lint format lock wheel clean

help: ## show this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1	/' | expand -t 16

demo: $(VENV)/.installed ## start the loopback demonstration and say where its reports are
	$(BIN)/u02 demo

test: $(VENV)/.tested lab ## lint, types, floors and every test; as root the lab tests too
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest

lab: $(VENV)/.installed ## fetch a public test suite into .lab; as root also the servers the lab starts (nothing is installed)
	@$(BIN)/python tests/suites.py
	@$(BIN)/python tests/lab/debs.py

lint: $(VENV)/.tested ## lint, types and floors alone
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.tested ## let ruff lay the code out
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(VENV)/.tested ## pin the newest allowed version of everything, with hashes
	$(PIP) install uv
	printf 'hatchling>=1.25\neditables>=0.5\n' | $(LOCK) --upgrade pyproject.toml - -o requirements.lock
	printf 'hatchling>=1.25\neditables>=0.5\n' | $(LOCK) --upgrade --extra dev -c requirements.lock pyproject.toml - -o requirements-dev.lock

wheel: $(VENV)/.installed ## build the wheel into dist/
	$(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist .

clean: ## remove the environment, the unpacked servers and all caches
	rm -rf $(VENV) .lab build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(VENV)/.made:
	@python=; for name in $(PYTHONS); do \
		"$$name" -c '$(NEW_ENOUGH)' >/dev/null 2>&1 || continue; \
		python=$$name; \
		"$$name" -c '$(CAN_VENV)' >/dev/null 2>&1 && break; \
	done; \
	if [ -z "$$python" ]; then echo "u02 needs Python 3.11 or newer: apt-get install python3 python3-venv" >&2; exit 1; fi; \
	if ! "$$python" -c '$(CAN_VENV)' >/dev/null 2>&1; then echo "Python cannot make an environment here: apt-get install python3-venv" >&2; exit 1; fi; \
	rm -rf $(VENV); \
	"$$python" -m venv $(VENV)
	@touch $@

# hatchling and editables stand in the locks, so that the project itself is built without fetching anything more.
$(VENV)/.installed: $(VENV)/.made requirements.lock pyproject.toml
	$(PIP) install --require-hashes --requirement requirements.lock
	$(PIP) install --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(VENV)/.tested: $(VENV)/.installed requirements-dev.lock
	$(PIP) install --require-hashes --requirement requirements-dev.lock
	@touch $@
