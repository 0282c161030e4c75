# Everything here needs only make and a Python of version 3.11 or newer.
#   make demo     set up, start, print the links; Ctrl-C stops it
#   make setup    only set up what a server needs: packages and pages
#   make test     set up, run all tests, two at a time; make test ARGS="-k bus" runs some
#   make check    style, types and import rules
#   make bench    the figures; make chaos: the failure figures
#   make looks    draw the pages' kept pictures anew; make screens: those of the README
#   make lock     resolve the dependencies anew; make lock ARGS=--upgrade takes newer ones
#   make clean    remove what the above made; the demo's data in .tracker stays

.PHONY: demo setup test check bench chaos looks screens lock clean
.NOTPARALLEL:
SHELL := /bin/sh

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)

define setup
	@p="$(PYTHON)"; "$${p:-false}" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "make: tracker needs Python 3.11 or newer; install it, or say make PYTHON=/path/to/python3.11." >&2; exit 1; }; \
	"$$p" -I tracker/bootstrap.py $(1)
endef

demo:
	$(call setup,demo)
	@exec .venv/bin/tracker demo $(ARGS)

setup:
	$(call setup,demo)

test:
	$(call setup,test)
	@exec .venv/bin/python -m pytest -n 2 --dist loadfile $(ARGS)

check:
	$(call setup,check)
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

bench:
	$(call setup,test)
	@exec .venv/bin/python -m bench $(ARGS)

chaos:
	$(call setup,test)
	@exec .venv/bin/python -m bench.chaos $(ARGS)

looks:
	$(call setup,test)
	@exec .venv/bin/python -m tests.looks --write

screens:
	$(call setup,test)
	@exec .venv/bin/python -m tests.screens

lock:
	$(call setup,lock $(ARGS))

clean:
	$(call setup,clean)
