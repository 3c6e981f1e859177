# Everything a newcomer or CI does, in one place. All it makes lies in .venv/ and var/.

PYTHON ?=
PY := .venv/bin/python
INSTALLED := .venv/.installed
UV_VERSION := 0.13.9
UV := var/uv/bin/uv
COMPILE := $(UV) pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo serve test check bench soak lock clean

help: ## print this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10
	@echo
	@echo 'ARGS="..." is handed on to demo, serve, test, bench and soak: make test ARGS="tests/domain -k stops"'

setup: $(INSTALLED) ## make .venv with the locked dependencies (every other target does it when needed)

$(INSTALLED): requirements-dev.lock tools/setup
	@tools/setup "$(PYTHON)" requirements-dev.lock
	@touch $@

demo: $(INSTALLED) ## play a case of each program over real HTTP in simulated time; PROGRAM=three_zero only that one
	@$(PY) -m demo $(PROGRAM) $(ARGS)

serve: $(INSTALLED) ## serve sample data on loopback, with a page to log in; ARGS="--at 2026-09-30T08:30" sets the clock
	@$(PY) -m demo.serve $(ARGS)

test: $(INSTALLED) ## run the suite on SQLite and on PostgreSQL
	@$(PY) -m pytest $(ARGS)

check: $(INSTALLED) ## style, types, layers, migrations, dependencies
	@echo '== ruff: rules'         && $(PY) -m ruff check .
	@echo '== ruff: format'        && $(PY) -m ruff format --check .
	@echo '== mypy'                && $(PY) -m mypy
	@echo '== layers'              && .venv/bin/lint-imports --cache-dir var/importlinter
	@echo '== migrations'          && $(PY) -m migrations.drift
	@echo '== dependencies: used'  && $(PY) -m deptry .
	@echo '== dependencies: agree' && $(PY) -m pip --disable-pip-version-check check

bench: $(INSTALLED) ## print the benchmarks' ratios
	@$(PY) -m benchmarks $(ARGS)

soak: $(INSTALLED) ## the long campaigns: hundreds of random cases; processes and PostgreSQL dying under 20,000 messages; a month of pushes; SEED=n repeats one
	@STEWARD_SOAK_WALKS=300 STEWARD_SOAK_MESSAGES=4000 $(PY) -m pytest tests/engine \
		tests/notifications/test_killed_dispatcher.py --durations=5 $(ARGS)
	@$(PY) -m tests.campaign $(if $(SEED),--seed $(SEED))
	@$(PY) -m tests.pushes $(if $(SEED),--seed $(SEED))

lock: $(UV) ## resolve the ranges of pyproject.toml anew; ARGS=--upgrade takes the newest
	@$(COMPILE) $(ARGS) --output-file requirements.lock
	@$(COMPILE) $(ARGS) --extra dev --constraint requirements.lock --output-file requirements-dev.lock
	@echo 'requirements.lock and requirements-dev.lock are up to date'

$(UV): tools/setup
	@echo '== uv $(UV_VERSION), which writes the lock files'
	@tools/setup --venv "$(PYTHON)" var/uv
	@var/uv/bin/python -m pip --disable-pip-version-check install --quiet uv==$(UV_VERSION)

clean: ## remove everything that was made here, .venv and the demo's data included
	@rm -rf .venv var
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
