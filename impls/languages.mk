# SPDX-License-Identifier: Apache-2.0
# Maps in other languages (docs/adr/0027): impls/LANGUAGE/maps.tsv has a row for each. Each
# language has one program, readmostly-LANGUAGE, to which each map is a link. Ids begin with
# LANGUAGE_. Go has three programs of the same source, for three compilers: the newest installed
# one, the newest with the classic maps (1.19 to 1.23) if it differs, and the one in $GO. Their ids
# are go_X, go_classic_X and go_other_X. Maps of newer libraries are in programs of their own, so
# that these do not change the others: readmostly-go-new and readmostly-rust-new.
GO_ARMS  = go go-classic go-new go-other
OF       = $(foreach id,$(FOREIGN),$(if $(filter $(1),$(NEEDS_$(id))),$(id)))
TOOLS    = $(sort $(foreach id,$(FOREIGN),$(firstword $(NEEDS_$(id))) $(filter java rust %-new,$(NEEDS_$(id)))))
VERSIONS = $(foreach tool,$(TOOLS),$(tool)=$(call version_of,$(tool)))
libs_of  = $(sort $(foreach id,$(call OF,$(1)),$(NEEDS_$(id))))
define language_rules # PROGRAM without readmostly-, LANGUAGE, suffix of the program for key-differs
$(addprefix $(PROGRAMS)/plain/,$(call OF,$(1))): %: $(PLACE)/readmostly-$(1) | %.json
	$$(call step,LINK) ln -sf ../../readmostly-$(1) $$@
# This is a separate rule because make regards a link as being as new as its program.
$(patsubst %,$(PROGRAMS)/plain/%.json,$(call OF,$(1))): $(PLACE)/readmostly-$(1) impls/$(2)/maps.tsv impls/rows.awk
	@mkdir -p $$(@D) && awk -v id=$$(basename $$(@F)) -v versions='$$(VERSIONS)' -f impls/rows.awk impls/$(2)/maps.tsv | runner/seal.sh >$$@$$(NEW) && \
	  mv $$@$$(NEW) $$@
# Programs for keys with key-differs. In Go they are compiled separately, as in C.
$(addprefix $(PROGRAMS)/placed/,$(call OF,$(1))): $(PLACE)/readmostly-$(1)$(3)
	$$(call step,LINK) ln -sf ../../$$(<F) $$@
endef
$(foreach arm,java rust rust-new,$(if $(call OF,$(arm)),$(eval $(call language_rules,$(arm),$(arm:-new=)))))

space    := $(subst ,, )
GO_FLAGS := -buildvcs=false -trimpath
GO_HERE  = GOROOT= GOTOOLCHAIN=local GOFLAGS='$(GO_FLAGS)' GOPROXY=off CGO_ENABLED=0 \
  GOPATH='$(abspath $(KEPT)/go-path)' GOCACHE='$(abspath $(KEPT)/go-cache)'
# -B writes a build id, which linkers of older Go versions leave out.
define go_rules # ARM
$(call language_rules,$(1),go,-placed)
# A Go program supports all sizes of values.
$(foreach size,$(SIZES),$(addprefix $(PROGRAMS)/x$(size)/,$(call OF,$(1)))): $(PLACE)/readmostly-$(1)
	$$(call step,LINK) ln -sf ../../$$(<F) $$@
$(BUILD)/$(1).compiler: FORCE
	$$(call stamp,$$(call path_of,$(1)) $$(call version_of,$(1)) $$(GO_FLAGS))
$(PLACE)/readmostly-$(1) $(PLACE)/readmostly-$(1)-placed: $(wildcard impls/go/*.go impls/go/*.s) impls/go/go.mod $(BUILD)/$(1).compiler
	$$(call step,GO) id=$$$$(cat $$^ | sha1sum | cut -c1-40) && cd impls/go && $$(GO_HERE) $$(call path_of,$(1)) build \
	  $$(addprefix -tags ,$$(subst $$(space),$$(comma),$$(strip $$(if $$(filter %-placed,$$@),placed) $(if $(filter go-new,$(1)),$$(GO_WITH))))) \
	  $(if $(filter go-new,$(1)),-modfile='$$(abspath $$(BUILD)/go-new.mod)') \
	  -ldflags "-B 0x$$$$id -X main.arm=$(patsubst go-%,%_,$(filter go-classic go-other,$(1)))" -o '$$(abspath $$@)'$$(NEW) . && mv '$$(abspath $$@)'$$(NEW) '$$(abspath $$@)'
endef
# Libraries, which are also build tags, and a go.mod that names their folders.
GO_WITH = $(filter xsync orcaman,$(call libs_of,go-new))
$(BUILD)/go-new.mod: FORCE
	@mkdir -p $(@D) && impls/go/libraries.sh $(foreach l,$(GO_WITH),$(call path_of,$(l))) >$@$(NEW) && $(replace)
$(PLACE)/readmostly-go-new $(PLACE)/readmostly-go-new-placed: $(BUILD)/go-new.mod
$(foreach arm,$(GO_ARMS),$(if $(call OF,$(arm)),$(eval $(call go_rules,$(arm)))))

# Classes, and a script that starts the virtual machine. A map with a missing library is not
# compiled.
JAVA_JARS    = $(foreach jar,$(filter gson jctools,$(call libs_of,java)),$(call path_of,$(jar)))
JAVA_SOURCES = $(filter-out $(if $(filter java_nbhm_long,$(FOREIGN)),,%/JavaNbhmLong.java), \
  $(wildcard impls/java/*.java))
$(PLACE)/readmostly-java: $(wildcard impls/java/*.java) impls/java/launch.sh
	$(call step,JAVA) jars=$$(echo $(JAVA_JARS) | tr ' ' ':') && rm -rf $(PLACE)/java && \
	  javac --release 17 -Xlint:all $(if $(CI),-Werror) -d $(PLACE)/java -cp "$$jars" $(JAVA_SOURCES) && \
	  sed "s|CLASSPATH|$$jars|" impls/java/launch.sh >$@$(NEW) && chmod +x $@$(NEW) && mv $@$(NEW) $@

RUST_CRATES = $(patsubst crate-%,%,$(filter-out crate-libc crate-serde-json,$(filter crate-%,$(call libs_of,$(1)))))
$(PLACE)/readmostly-rust: $(wildcard impls/rust/*)
	$(call step,RUST) CARGO_TARGET_DIR='$(abspath $(KEPT)/cargo)' RUST_VERSION=$(call version_of,rust) \
	  impls/rust/build.sh impls/rust $@ $(call RUST_CRATES,rust)
$(PLACE)/readmostly-rust-new: $(wildcard impls/rust/*)
	$(call step,RUST) CARGO_TARGET_DIR='$(abspath $(KEPT)/cargo-new)' RUST_VERSION=$(call version_of,rust-new) \
	  UNPACKED='$(abspath build/peers)' impls/rust/build.sh impls/rust $@ $(call RUST_CRATES,rust-new)
