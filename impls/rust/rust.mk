# SPDX-License-Identifier: Apache-2.0
# The program of maps in Rust (impls/languages.mk).
RUST_CRATES = $(patsubst crate-%,%,$(filter crate-arc-swap crate-concread crate-dashmap,$(sort \
  $(foreach id,$(filter rust_%,$(ELSEWHERE)),$(call needs,$(id))))))

$(OUT)/readmostly-rust: $(wildcard impls/rust/*)
	@mkdir -p $(@D)
	@echo '  RUST   $@'
	@CARGO_TARGET_DIR='$(abspath $(KEPT)/cargo)' RUST_VERSION=$(call version_of,rust) \
	  impls/rust/build.sh impls/rust $@ $(RUST_CRATES)
