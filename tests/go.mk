# SPDX-License-Identifier: Apache-2.0
# Equality with Go and its speed (docs/go-equality.md). Without a Go of the
# right age the recorded logs are what the maps in C are compared with.
GO := $(shell tests/go/find_go.sh)
GO_BUILD = cd tests/go && GOTOOLCHAIN=local GOFLAGS=-buildvcs=false GOPROXY=off \
  GOPATH=$(abspath build/go-path) GOCACHE=$(abspath build/go-cache)
GO_SOURCES := $(wildcard tests/go/*/*.go tests/go/*/*.s tests/go/go.mod)
GO_PROGRAMS := $(if $(GO),$(BUILD)/go/replay $(BUILD)/go/trial)
EQUAL_TESTS := $(BUILD)/tests/test_equal_syncmap $(BUILD)/tests/test_equal_gomap

$(BUILD)/go/%: $(GO_SOURCES)
	@mkdir -p $(@D)
	@echo '  GO     $@'
	@$(GO_BUILD) $(GO) build -o $(abspath $@) ./$*

$(EQUAL_TESTS): | $(GO_PROGRAMS)

# Both Go versions; the operations of 1.20 and 1.23 need the newer.
.PHONY: go-logs
go-logs: $(EQUAL_TESTS)  ## record Go's maps anew: needs Go 1.19 and 1.23
	@tests/go/record.sh $(BUILD)

.PHONY: port-speed
port-speed: $(BUILD)/readmostly $(GO_PROGRAMS)  ## real Go against the ports, by the trial protocol: needs Go
	@test -n "$(GO)" || { echo "port-speed: no Go 1.19 to 1.23 here" >&2; exit 2; }
	@test -n "$(PYTHON)" || { echo "port-speed: no Python with numpy and scipy" >&2; exit 2; }
	@$(PYTHON) -m report.port_speed --port $(BUILD)/readmostly --go $(BUILD)/go/trial --lock $(LOCK) $(ARGS)
