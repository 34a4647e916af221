# SPDX-License-Identifier: Apache-2.0
# Maps in Go: their descriptions for the table of maps, and their program
# (docs/adr/0027). Where no Go is they are left out, by name.
GO_NEEDS   := go 1.19
GO_PACKAGE := golang-go
GO_IDS     := $(shell sed -n 's/^\(go_[a-z_]*\)	.*/\1/p' impls/go/maps.tsv)
GOLANG     := $(shell tests/go/find_go.sh newest)
GO_VERSION := $(if $(GOLANG),$(shell GOTOOLCHAIN=local $(GOLANG) env GOVERSION))
# Of this build; of this program (MAPS_BUILT); left out for want of Go.
GO_MAPS    := $(if $(GOLANG),$(GO_IDS))
GO_MISSING := $(if $(GOLANG),,$(GO_IDS))
GO_LINKED   = $(filter $(GO_MAPS),$(sort $(MAPS_BUILT)))
GO_ROWS     = awk -v ids='$(3)' -v go='$(GO_VERSION)' -f impls/go/rows.awk impls/go/maps.tsv;

GO_HERE = GOTOOLCHAIN=local GOFLAGS=-buildvcs=false GOPROXY=off CGO_ENABLED=0 \
  GOPATH=$(abspath build/go-path) GOCACHE=$(abspath build/go-cache)

$(OUT)/readmostly-go: $(wildcard impls/go/*.go) impls/go/go.mod
	@mkdir -p $(@D)
	@echo '  GO     $@'
	@cd impls/go && $(GO_HERE) $(GOLANG) build -o $(abspath $@) .

all: $(if $(GO_LINKED),$(OUT)/readmostly-go)
