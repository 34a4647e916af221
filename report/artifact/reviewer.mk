# SPDX-License-Identifier: Apache-2.0
# The commands of an artifact (ARTIFACT.md). They write to WORK, never into the artifact.
WORK   ?= $(patsubst %/,%,$(CURDIR))-work
PYTHON ?= $(shell sources/report/find_python.sh)
REPORT  = cd sources && PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m report artifact

.PHONY: verify rebuild kick claim
verify:
	@cd sources && PYTHONDONTWRITEBYTECODE=1 $(or $(PYTHON),python3) -m report artifact inspect '$(CURDIR)'

rebuild:
	@$(REPORT) again '$(CURDIR)'

kick: verify rebuild
	@sources/runner/reviewer.sh '$(CURDIR)' '$(WORK)' kick

claim:
	@sources/runner/reviewer.sh '$(CURDIR)' '$(WORK)' '$(ID)'
