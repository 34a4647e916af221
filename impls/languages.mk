# SPDX-License-Identifier: Apache-2.0
# Maps in other languages (docs/adr/0027, 0031): impls/LANGUAGE/maps.tsv has a row for each, and a language one
# program, readmostly-LANGUAGE, which each of its maps has a link to. Ids begin with LANGUAGE_.
OF       = $(filter $(1)_%,$(FOREIGN))
TOOLS    = $(sort $(foreach id,$(FOREIGN),$(firstword $(NEEDS_$(id)))))
VERSIONS = $(foreach tool,$(TOOLS),$(tool)=$(call version_of,$(tool)))
libs_of  = $(sort $(foreach id,$(call OF,$(1)),$(NEEDS_$(id))))
define language_rules # NAME
$(addprefix $(PROGRAMS)/plain/,$(call OF,$(1))): $(PLACE)/readmostly-$(1) impls/$(1)/maps.tsv impls/rows.awk
	$$(call say,LINK) ln -sf ../../readmostly-$(1) $$@ && \
	  awk -v id=$$(@F) -v versions='$$(VERSIONS)' -f impls/rows.awk impls/$(1)/maps.tsv >$$@.json$$(NEW) && \
	  mv $$@.json$$(NEW) $$@.json
# Keys that differ elsewhere (key-differs). In Go they are compiled apart, as in C.
$(addprefix $(PROGRAMS)/placed/,$(call OF,$(1))): $(PLACE)/readmostly-$(1)$(2)
	$$(call say,LINK) ln -sf ../../$$(<F) $$@
endef
$(foreach language,go java rust,$(if $(call OF,$(language)),$(eval $(call language_rules,$(language),$(if $(filter go,$(language)),-placed)))))

GO_HERE  = GOTOOLCHAIN=local GOFLAGS=-buildvcs=false GOPROXY=off CGO_ENABLED=0 \
  GOPATH='$(abspath $(KEPT)/go-path)' GOCACHE='$(abspath $(KEPT)/go-cache)'
$(PLACE)/readmostly-go $(PLACE)/readmostly-go-placed: $(wildcard impls/go/*.go impls/go/*.s) impls/go/go.mod
	$(call say,GO) cd impls/go && $(GO_HERE) $(call lies_at,go) build $(if $(filter %-placed,$@),-tags placed) -o '$(abspath $@)' .

# Classes, and a script that starts the virtual machine. A map whose library is missing is not compiled.
JAVA_JARS    = $(foreach jar,$(filter gson jctools,$(call libs_of,java)),$(call lies_at,$(jar)))
JAVA_SOURCES = $(filter-out $(if $(filter java_nbhm_long,$(FOREIGN)),,%/JavaNbhmLong.java), \
  $(wildcard impls/java/*.java))
$(PLACE)/readmostly-java: $(wildcard impls/java/*.java) impls/java/launch.sh
	$(call say,JAVA) jars=$$(echo $(JAVA_JARS) | tr ' ' ':') && rm -rf $(PLACE)/java && \
	  javac --release 17 -Xlint:all $(if $(CI),-Werror) -d $(PLACE)/java -cp "$$jars" $(JAVA_SOURCES) && \
	  sed "s|CLASSPATH|$$jars|" impls/java/launch.sh >$@$(NEW) && chmod +x $@$(NEW) && mv $@$(NEW) $@

RUST_CRATES = $(patsubst crate-%,%,$(filter crate-arc-swap crate-concread crate-dashmap,$(call libs_of,rust)))
$(PLACE)/readmostly-rust: $(wildcard impls/rust/*)
	$(call say,RUST) CARGO_TARGET_DIR='$(abspath $(KEPT)/cargo)' RUST_VERSION=$(call version_of,rust) \
	  impls/rust/build.sh impls/rust $@ $(RUST_CRATES)
