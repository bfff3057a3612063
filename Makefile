# Every target creates what it needs: Python >= 3.11, make and git are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
ARGS ?=
# Every process of a house would compile all of it anew where bytecode may not be kept.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help up test test-packs test-previous test-ops check bench load docs types built format lock lock-packs clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

up: $(VENV)/.runtime built ## Run the whole house: PostgreSQL, Valkey, API (ARGS="--port 8001")
	@exec "$(CURDIR)/$(BIN)/esteio" up $(ARGS)

test: $(VENV)/.dev console/node_modules/.dev built ## Run every test on real engines (ARGS="-k limits")
	@{ command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null \
		|| echo "There is no Chromium on PATH: the pages are not tried in a browser."
	@$(BIN)/python -m pytest -n logical --dist loadfile $(ARGS)

test-packs: $(VENV)/.dev ## Prove every template pack with every set of add-ons, not a sample
	@PACKS=all $(BIN)/python -m pytest -n logical --dist loadfile tests/capsules/packs $(ARGS)

test-previous: $(VENV)/.dev ## Run the previous release's code on this schema, beside this code
	@$(BIN)/python -m pytest -n 0 -rs tests/migrations/test_previous.py $(ARGS)

test-ops: $(VENV)/.dev ## Run the long operational tests: OPS=full makes their long versions run (ARGS="tests/backups")
	@OPS=full $(BIN)/python -m pytest -n 0 -rs $(or $(ARGS),$(OPS_TESTS))

OPS_TESTS = $(wildcard tests/backups tests/deploy tests/doctor tests/migrations tests/telemetry tests/load)

check: $(VENV)/.dev console/node_modules/.dev types ## Lint, types, floors: what CI runs beside the tests
	@$(BIN)/python hatch_build.py npm run --silent check
	@$(BIN)/ruff check src tests bench hatch_build.py
	@$(BIN)/ruff format --check src tests bench hatch_build.py
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: $(VENV)/.dev console/node_modules/.dev ## Rewrite the code in the house style
	@$(BIN)/python hatch_build.py npm run --silent format
	@$(BIN)/ruff check --fix src tests bench hatch_build.py
	@$(BIN)/ruff format src tests bench hatch_build.py

bench: .venv-bench/.ready ## Measure against the peers, side by side (writes bench/results.json, docs/performance.md)
	@.venv-bench/bin/python -m bench $(ARGS)

load: $(VENV)/.dev ## Put the whole house under load behind nginx, with k6 (ARGS="mixed --rate 100 --seconds 600")
	@$(BIN)/python -m bench.under_load $(ARGS)

# What browsers run is built when the package is installed, and here when it has changed since.
built: $(VENV)/.runtime
	@$(BIN)/python hatch_build.py build

# For the console all that any deployment may have, so also what is there for developing alone.
types: console/node_modules/.dev ## Write the types of the API for the console (console/src/api/schema.ts)
	@mkdir -p docs/openapi
	@ESTEIO_DEVELOPMENT__STAND_INS=none $(PRINTING) $(BIN)/esteio openapi --version v2 > docs/openapi/console.json
	@$(BIN)/python hatch_build.py npm run --silent types

docs: $(VENV)/.dev ## Write .env.example and the OpenAPI documents (docs/openapi/)
	@$(BIN)/esteio check-config --example > .env.example
	@mkdir -p docs/openapi
	@for v in v1 v2; do $(PRINTING) $(BIN)/esteio openapi --version $$v > docs/openapi/$$v.json; done

PRINTING = ESTEIO_SECRET_KEY=only-for-printing-the-documents-0000 ESTEIO_DATABASE__URL=postgresql:///esteio \
	ESTEIO_REDIS__URL=redis://localhost

lock-packs: $(VENV)/.dev ## Resolve the dependencies of the Python packs anew
	@$(PIP) install uv
	@$(BIN)/python -m tests.capsules.packs.lock

lock: $(VENV)/.dev ## Resolve the dependencies anew (hashes, no addresses)
	@$(PIP) install uv
	@$(BIN)/python -m uv pip compile $(LOCK_FLAGS) --all-extras pyproject.toml -o requirements.lock
	@$(BIN)/python -m uv pip compile $(LOCK_FLAGS) --all-extras --group dev pyproject.toml -c requirements.lock -o requirements-dev.lock
	@$(BIN)/python -m uv pip compile $(LOCK_FLAGS) bench/requirements.in -c requirements-dev.lock -o bench/requirements.lock
	@$(BIN)/python -m uv pip compile $(LOCK_FLAGS) $(IMAGE_EXTRAS) pyproject.toml -c requirements.lock -o deploy/docker/requirements.lock
	@$(BIN)/python -m uv pip compile $(SCAN_FLAGS) .github/scan/pip-audit.in -o .github/scan/pip-audit.lock
	@$(BIN)/python -m uv pip compile $(SCAN_FLAGS) .github/scan/wapiti.in -o .github/scan/wapiti.lock

LOCK_FLAGS := --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links --no-emit-build-options

# What the image has: every product, and no engines.
IMAGE_EXTRAS := $(foreach extra,pets store outages petstory capsules tracing zipkin sentry backup build,--extra $(extra))
SCAN_FLAGS := --quiet --universal --python-version 3.13 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links --no-emit-build-options

clean: ## Remove the virtual environments and caches (the data in .esteio stay)
	@rm -rf $(VENV) .venv-bench .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Esteio needs Python 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { rm -rf $(VENV); echo "This Python cannot make virtual environments: install your system's python3-venv package."; exit 1; }

$(VENV)/.runtime: $(BIN)/python requirements.lock pyproject.toml hatch_build.py
	@echo "Installing Esteio into $(VENV) ..."
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

console/node_modules/.dev: $(VENV)/.dev console/package-lock.json
	@$(BIN)/python hatch_build.py npm ci
	@touch $@

.venv-bench/.ready: bench/requirements.lock pyproject.toml
	@$(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r bench/requirements.lock
	@.venv-bench/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --no-build-isolation --editable .
	@touch $@
