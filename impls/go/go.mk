# SPDX-License-Identifier: Apache-2.0
# The program of maps in Go (impls/languages.mk).
GOLANG    = $(call lies_at,go)
GO_LINKED = $(filter go_%,$(ELSEWHERE_LINKED))
GO_HERE   = GOTOOLCHAIN=local GOFLAGS=-buildvcs=false GOPROXY=off CGO_ENABLED=0 \
  GOPATH='$(abspath $(KEPT)/go-path)' GOCACHE='$(abspath $(KEPT)/go-cache)'

$(OUT)/readmostly-go: $(wildcard impls/go/*.go) impls/go/go.mod
	@mkdir -p $(@D)
	@echo '  GO     $@'
	@cd impls/go && $(GO_HERE) $(GOLANG) build -o '$(abspath $@)' .
