# All targets install what they need in .venv. They require make and Python
# 3.11 or newer with its venv module, but no git and no compiler.
#
#   make demo            demonstrate Valence with two simulated pod managers
#   make demo-mixed      the same with pod managers of three kinds
#   make test            run all checks and all tests
#   make help            list the other targets

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

# pbr reads the version from a git tag. This is the version without a tag.
ifeq ($(if $(wildcard .git),$(shell git describe --tags --abbrev=0 2>/dev/null)),)
export PBR_VERSION ?= 0.1.0.dev0
endif

# These stamp files record what is installed for which version of Python.
VERSION := $(shell $(PYTHON) -c 'import sys; \
	sys.exit("too old") if sys.version_info < (3, 11) else \
	print(f"{sys.version_info[0]}.{sys.version_info[1]}")' 2>/dev/null)
ifeq ($(VERSION),)
$(error $(PYTHON) is not Python 3.11 or newer: set PYTHON=...)
endif
CREATED := $(VENV)/.made-$(VERSION)
INSTALLED := $(VENV)/.installed-$(VERSION)
TESTABLE := $(VENV)/.testable-$(VERSION)
# The other packages; the demo needs only the simulator.
SUBPACKAGES := $(patsubst %/setup.cfg,%,$(wildcard simulator/setup.cfg \
	client/setup.cfg dashboard/setup.cfg))
UNIT := valence/tests/unit
# With -q twice, pip prints only errors.
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq install \
	--use-pep517 --prefer-binary

.DEFAULT_GOAL := help
.PHONY: help venv demo demo-mixed test test-crash test-fuzz test-install \
	test-stack test-lowest test-pythons audit lint unit coverage mutants \
	docs screenshots man samples migration note benchmark pre-commit clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | \
	    sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

$(CREATED):
	@echo 'Creating $(VENV) with Python $(VERSION)'
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(INSTALLED): $(CREATED) requirements.txt setup.cfg simulator/requirements.txt \
		simulator/setup.cfg
	@echo 'Installing Valence and the simulator in $(VENV)'
	@$(PIP) -r requirements.txt -r simulator/requirements.txt \
	    -e . -e ./simulator
	@touch $@

$(TESTABLE): $(INSTALLED) test-requirements.txt doc/requirements.txt \
		$(SUBPACKAGES:%=%/requirements.txt) $(SUBPACKAGES:%=%/setup.cfg) \
		$(SUBPACKAGES:%=%/test-requirements.txt)
	@echo 'Installing the requirements of checks, tests and docs in $(VENV)'
	@$(PIP) -r test-requirements.txt -r doc/requirements.txt \
	    $(SUBPACKAGES:%=-r %/requirements.txt) \
	    $(SUBPACKAGES:%=-r %/test-requirements.txt) $(SUBPACKAGES:%=-e ./%)
	@touch $@

venv: $(TESTABLE) ## install everything in ./.venv

demo: $(INSTALLED) ## demonstrate Valence with simulated pod managers
	@exec $(BIN)/python -m tools.demo

demo-mixed: $(INSTALLED) ## the same with pod managers of three kinds
	@exec $(BIN)/python -m tools.demo mixed

test: $(TESTABLE) ## run all checks and all tests
	@$(BIN)/python tools/test.py

lint: $(TESTABLE) ## run all checks, or CHECKS='ruff mypy'
	@$(BIN)/python tools/lint.py $(CHECKS)

unit: $(TESTABLE) ## run all tests, or those that match TESTS=regex
	@$(BIN)/python tools/test.py --no-lint $(if $(TESTS),'$(TESTS)')

coverage: $(TESTABLE) ## measure what the unit tests cover of the conductor
	@$(BIN)/coverage erase
	@PYTHON='$(BIN)/coverage run' $(BIN)/stestr --test-path $(UNIT) run
	@$(BIN)/coverage combine -q
	@$(BIN)/coverage report --skip-covered --fail-under 80 \
	    --include 'valence/conductor/*,valence/scheduler/*'

mutants: $(TESTABLE) ## run the unit tests on mutants, or those of MODULES=names
	@$(PIP) -r tools/mutants-requirements.txt
	@$(BIN)/python tools/mutants.py $(MODULES)

test-crash: $(TESTABLE) ## run the long tests of crashes and races
	@VALENCE_TEST_CRASH=full $(BIN)/python tools/test.py --no-lint \
	    functional.crash functional.database.test_sync

test-fuzz: $(TESTABLE) ## send 50,000 requests made from the OpenAPI document
	@VALENCE_TEST_FUZZ=full $(BIN)/python tools/test.py --no-lint \
	    functional.document test_random_answers

test-install: $(TESTABLE) ## follow the pages of installation on new hosts
	@$(BIN)/python -m tools.installation $(OPTIONS)

test-stack: $(TESTABLE) ## create servers of a real Nova on composed nodes
	@VALENCE_TEST_STACK=full $(BIN)/python tools/test.py --no-lint \
	    functional.nova
	@cat build/test-stack.txt

test-lowest: ## test the lowest versions of all requirements
	@$(PYTHON) tools/environments.py lowest

test-pythons: ## test each version of Python that is installed
	@$(PYTHON) tools/environments.py pythons

AUDIT := .environments/audit
audit: $(TESTABLE) ## look for known vulnerabilities of what is installed
	@$(PYTHON) -m venv $(AUDIT)
	@$(AUDIT)/bin/python -m pip --disable-pip-version-check -qq install \
	    -r tools/audit-requirements.txt
	@$(BIN)/python tools/audit.py $(AUDIT)

docs: $(TESTABLE) ## build the documentation in doc/build/html
	@$(BIN)/python tools/lint.py docs

screenshots: $(TESTABLE) ## recreate the screenshots of the documentation
	@cd dashboard && $(abspath $(BIN))/python -m \
	    valence_dashboard.tests.functional.screenshots \
	    $(abspath doc/source)

man: $(TESTABLE) ## build the manual page of the client, to be installed with it
	@$(BIN)/sphinx-build -W -q -b man -d client/doc/build/doctrees \
	    client/doc/source client/man
	@rm -f client/man/.buildinfo*

samples: $(TESTABLE) ## regenerate the files that are generated from the code
	@$(BIN)/python tools/generate.py

migration: $(TESTABLE) ## generate a database migration, MESSAGE='...'
	@$(BIN)/python tools/migration.py '$(MESSAGE)'

note: $(TESTABLE) ## create a release note, SLUG=its-name
	@$(BIN)/reno new '$(SLUG)'

BENCHMARKS ?= $(filter-out __init__ common, \
	$(basename $(notdir $(wildcard benchmarks/*.py))))
benchmark: $(TESTABLE) ## run all benchmarks, or BENCHMARKS=...
	@$(PIP) -r benchmarks/requirements.txt
	@for name in $(BENCHMARKS); do \
	    $(BIN)/python -m benchmarks.$$name || exit; done

pre-commit: $(TESTABLE) ## install the git hook that runs the checks
	@$(BIN)/pre-commit install

clean: ## remove installed and generated files
	rm -rf $(VENV) .environments .stestr .mypy_cache .ruff_cache .tox build \
	    doc/build mutants releasenotes/build *.egg-info client/man $(SUBPACKAGES:%=%/.stestr) \
	    $(SUBPACKAGES:%=%/build) $(SUBPACKAGES:%=%/*.egg-info)
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
