# Everything sets itself up in .venv: a machine needs make and Python 3.11 or
# newer with its venv module, no git and no compiler.
#
#   make demo            two simulated pod managers, and Valence at work on them
#   make demo-mixed      pod managers of three kinds, and the same node on each
#   make test            every check and every test
#   make help            the other targets

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

# pbr reads the version from a git tag; this is it where there is none.
ifeq ($(if $(wildcard .git),$(shell git describe --tags --abbrev=0 2>/dev/null)),)
export PBR_VERSION ?= 0.1.0.dev0
endif

# What is installed is told by two stamps that bear the version of Python.
VERSION := $(shell $(PYTHON) -c 'import sys; \
	sys.exit("too old") if sys.version_info < (3, 11) else \
	print(f"{sys.version_info[0]}.{sys.version_info[1]}")' 2>/dev/null)
ifeq ($(VERSION),)
$(error $(PYTHON) is not Python 3.11 or newer: give one with make PYTHON=...)
endif
MADE := $(VENV)/.made-$(VERSION)
INSTALLED := $(VENV)/.installed-$(VERSION)
TESTABLE := $(VENV)/.testable-$(VERSION)
# The packages beside Valence itself; the demo takes the simulator only.
PARTS := $(patsubst %/setup.cfg,%,$(wildcard simulator/setup.cfg \
	client/setup.cfg dashboard/setup.cfg))
# Told to be quiet twice, pip says only what went wrong.
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq install \
	--use-pep517 --prefer-binary

.DEFAULT_GOAL := help
.PHONY: help venv demo demo-mixed test test-crash lint unit docs samples migration note \
	benchmark pre-commit clean

help: ## show this
	@grep -hE '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | \
	    sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

$(MADE):
	@echo 'Making $(VENV) with Python $(VERSION)'
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(INSTALLED): $(MADE) requirements.txt setup.cfg simulator/requirements.txt \
		simulator/setup.cfg
	@echo 'Installing Valence and its simulator in $(VENV)'
	@$(PIP) -r requirements.txt -r simulator/requirements.txt \
	    -e . -e ./simulator
	@touch $@

$(TESTABLE): $(INSTALLED) test-requirements.txt doc/requirements.txt \
		$(PARTS:%=%/requirements.txt) $(PARTS:%=%/setup.cfg) \
		$(PARTS:%=%/test-requirements.txt)
	@echo 'Installing what checks, tests and documentation need in $(VENV)'
	@$(PIP) -r test-requirements.txt -r doc/requirements.txt \
	    $(PARTS:%=-r %/requirements.txt) \
	    $(PARTS:%=-r %/test-requirements.txt) $(PARTS:%=-e ./%)
	@touch $@

venv: $(TESTABLE) ## install everything in ./.venv

demo: $(INSTALLED) ## show Valence at work on simulated pod managers
	@exec $(BIN)/python -m tools.demo

demo-mixed: $(INSTALLED) ## the same on pod managers of three kinds at once
	@exec $(BIN)/python -m tools.demo mixed

test: $(TESTABLE) ## run every check and every test
	@$(BIN)/python tools/test.py

lint: $(TESTABLE) ## run the checks, or those that CHECKS='ruff mypy' names
	@$(BIN)/python tools/lint.py $(CHECKS)

unit: $(TESTABLE) ## run the tests, or those that TESTS=regex names
	@$(BIN)/python tools/test.py --no-lint $(if $(TESTS),'$(TESTS)')

test-crash: $(TESTABLE) ## kill, stop and race for as long as it takes
	@VALENCE_TEST_CRASH=full $(BIN)/python tools/test.py --no-lint \
	    functional.crash

docs: $(TESTABLE) ## build the documentation in doc/build/html
	@$(BIN)/python tools/lint.py docs

samples: $(TESTABLE) ## write anew what is generated from the code
	@$(BIN)/python tools/generate.py

migration: $(TESTABLE) ## write the migration that MESSAGE='...' describes
	@$(BIN)/python tools/migration.py '$(MESSAGE)'

note: $(TESTABLE) ## begin a release note, SLUG=its-name
	@$(BIN)/reno new '$(SLUG)'

BENCHMARKS ?= $(filter-out __init__ common, \
	$(basename $(notdir $(wildcard benchmarks/*.py))))
benchmark: $(TESTABLE) ## run the benchmarks, or those BENCHMARKS= names
	@$(PIP) -r benchmarks/requirements.txt
	@for name in $(BENCHMARKS); do \
	    $(BIN)/python -m benchmarks.$$name || exit; done

pre-commit: $(TESTABLE) ## have git run the checks before each commit
	@$(BIN)/pre-commit install

clean: ## remove what was made
	rm -rf $(VENV) .stestr .mypy_cache .ruff_cache .tox build doc/build \
	    releasenotes/build *.egg-info $(PARTS:%=%/.stestr) \
	    $(PARTS:%=%/build) $(PARTS:%=%/*.egg-info)
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
