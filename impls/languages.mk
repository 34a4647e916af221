# SPDX-License-Identifier: Apache-2.0
# Maps in other languages (docs/adr/0027, 0031): impls/LANGUAGE/maps.tsv has a row
# for each; its column `needs` is needed as the libraries of a map in C are, and
# LANGUAGE.mk builds their program, readmostly-LANGUAGE. Ids begin with LANGUAGE_.
LANGUAGES := $(patsubst impls/%/maps.tsv,%,$(wildcard impls/*/maps.tsv))
LANGUAGE_ROWS := $(LANGUAGES:%=impls/%/maps.tsv)
ELSEWHERE_NEEDS := $(shell awk -F '\t' '!/^[\#]/ { gsub(" ", ":", $$10); print $$1 "=" $$10 }' $(LANGUAGE_ROWS))
ELSEWHERE_ALL := $(foreach row,$(ELSEWHERE_NEEDS),$(firstword $(subst =, ,$(row))))
# Of this build; of this program (MAPS_BUILT); the rest is skipped.
ELSEWHERE := $(foreach id,$(ELSEWHERE_ALL),$(if $(call has,$(id)),$(id)))
ELSEWHERE_LINKED = $(filter $(ELSEWHERE),$(sort $(MAPS_BUILT)))
SKIPPED += $(filter-out $(ELSEWHERE),$(ELSEWHERE_ALL))

lies_at    = $(shell $(PKG) --variable=path $(1))
version_of = $(shell $(PKG) --modversion $(1))
# What a row's source begins with.
ELSEWHERE_VERSIONS = $(foreach need,$(sort $(foreach id,$(ELSEWHERE),$(firstword $(call needs,$(id))))),$(need)=$(call version_of,$(need)))
elsewhere_rows = $(if $(1),awk -v ids='$(1)' -v versions='$(ELSEWHERE_VERSIONS)' -f impls/rows.awk $(LANGUAGE_ROWS),:)

include $(foreach language,$(LANGUAGES),impls/$(language)/$(language).mk)
all programs: $(foreach language,$(LANGUAGES),$(if $(filter $(language)_%,$(ELSEWHERE_LINKED)),$(OUT)/readmostly-$(language)))
