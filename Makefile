# All that can be asked of this checkout; `make` alone lists it, and CONTRIBUTING.md says when to use which.
# Written for GNU make 3.81 and later. What needs thought is a short script in .ci/.

DATA ?= data
FEEDS ?= auto
FUZZ_SECONDS ?= 5

# Left out of `make test`, which has to end within a quarter of an hour.
LONG = tests/ops/backup tests/ops/verifying tests/ops/standing tests/ops/consoles/test_routes.py tests/rehearsal/test_soak.py \
	tests/feeds/test_new_venue.py tests/faults/test_neighbours.py tests/access/cluster/test_processes.py tests/access/test_account_month.py

VENV = .venv
PY = $(VENV)/bin/python
CRATES = engine engine/fuzz bench/load
ENGINE_SOURCES = engine/Cargo.toml engine/Cargo.lock $(shell find engine/src -name '*.rs')
# rustup puts cargo here, and a shell opened before its installation does not know that yet.
export PATH := $(PATH):$(HOME)/.cargo/bin
# PyO3 looks for an interpreter to learn its ABI from. It shall be ours, not whichever python3 comes first on the PATH.
export PYO3_PYTHON := $(CURDIR)/$(PY)
# Where a shell forbids Python to keep what it compiled, each of the tests' many processes compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help:  ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

.PHONY: run build test long check bench fuzz lock docs fix clean
run: build  ## start everything and show moving prices; Ctrl-C stops it in order
	@$(VENV)/bin/beast serve --feeds $(FEEDS) --data-dir $(DATA)

build: $(VENV)/.engine  ## make .venv and the engine; done again only when what they are made from changed
	@:

test: packages  ## install what the tests need, then every check and every test
	@$(MAKE) --no-print-directory -j2 --output-sync=target check
	@$(MAKE) --no-print-directory tests

# In this order the processors have work while one of them links the engine.
check: rust types build architecture format lint locks stub reference fuzz  ## everything that judges the code without running the product

bench: build  ## measure against the references of bench/, as ratios
	@$(PY) -m bench

fuzz: $(VENV)/.checks build  ## throw made-up bytes at every reader; FUZZ_SECONDS=3600 for an hour each
	@.ci/packages c++
	@FUZZ_SECONDS=$(FUZZ_SECONDS) $(PY) -m tests.fuzz

lock: $(VENV)/.locking  ## bring the lock files in step with pyproject.toml; UPGRADE=1 takes newer releases
	@.ci/lock

docs: $(VENV)/.checks build  ## write docs/reference again
	@$(PY) -m docs.generate

fix: $(VENV)/.checks  ## format, and mend what the linters can mend alone
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .
	@for crate in $(CRATES); do cargo fmt --manifest-path $$crate/Cargo.toml || exit 1; done

clean:  ## remove all that was built; data/ stays
	rm -rf $(VENV) engine/target engine/fuzz/target bench/*/target trinity_beast/*.so dist
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis

# The parts of `make check` and `make test`, each of which may be asked for alone.
.PHONY: packages format lint types stub reference locks rust architecture tests
packages:
	@.ci/packages postgresql
	@.ci/packages c++

format: $(VENV)/.checks
	@$(PY) -m ruff format --check .
	@for crate in $(CRATES); do cargo fmt --check --manifest-path $$crate/Cargo.toml || exit 1; done

lint: $(VENV)/.checks
	@$(PY) -m ruff check .

types: $(VENV)/.checks
	@$(PY) -m mypy

stub: $(VENV)/.checks build
	@$(PY) -m mypy.stubtest trinity_beast.engine --mypy-config-file pyproject.toml

reference: $(VENV)/.checks build
	@$(PY) -m docs.generate --check

locks: $(VENV)/.checks
	@$(PY) -m pytest -q tests/test_locks.py

architecture: $(VENV)/.checks build
	@$(PY) -m pytest -q tests/architecture

rust: $(VENV)/.run
	@.ci/packages c++
	@cargo clippy --locked --quiet --manifest-path engine/Cargo.toml --all-targets -- -D warnings
	@cargo clippy --locked --quiet --manifest-path engine/Cargo.toml --features extension -- -D warnings
	@cargo clippy --locked --quiet --manifest-path bench/load/Cargo.toml --all-targets -- -D warnings
	@cargo test --locked --quiet --manifest-path engine/Cargo.toml

tests: $(VENV)/.checks build
	@$(PY) -m pytest -n 2 --dist loadfile --ignore tests/architecture --ignore tests/test_locks.py $(addprefix --ignore ,$(LONG))

long: $(VENV)/.checks build  ## the tests that bring whole nodes up and down for minutes: backups, verify, outages, a soak
	@$(PY) -m pytest -n 2 --dist loadfile $(LONG)

# A stamp is touched when its step has succeeded, so that a warm start asks neither pip nor maturin nor cargo.
# Scripts in .venv/bin name the place they were made in: a checkout that was moved makes them again.
ifneq ($(shell test -x $(PY) && cat $(VENV)/.made 2>/dev/null),$(CURDIR))
.PHONY: $(VENV)/.made
endif

$(VENV)/.made:
	@.ci/needs cargo && python=$$(.ci/needs python) && rm -rf $(VENV) && "$$python" -m venv $(VENV)
	@echo "$(CURDIR)" > $@

$(VENV)/.run: $(VENV)/.made requirements/run.lock
	@echo "Installing the packages of requirements/run.lock into $(VENV)" >&2
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.lock
	@touch $@

$(VENV)/.checks: $(VENV)/.run requirements/checks.lock
	@echo "Installing the packages of requirements/checks.lock into $(VENV)" >&2
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/checks.lock
	@touch $@

$(VENV)/.locking: $(VENV)/.made requirements/locking.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/locking.lock
	@touch $@

ifeq ($(wildcard trinity_beast/engine.abi3.so),)
.PHONY: $(VENV)/.engine
endif

$(VENV)/.engine: $(VENV)/.run $(ENGINE_SOURCES) pyproject.toml
	@.ci/needs cargo
	@echo "Building the engine (a minute or two the first time)" >&2
	@PIP_QUIET=1 $(VENV)/bin/maturin develop --release --locked --quiet
	@touch $@
