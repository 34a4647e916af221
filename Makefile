# Readmostly. `make help` lists what there is to make.
CC      ?= cc
ifeq ($(origin CC),default)
CC      := gcc
endif
OPT     ?= -O2 -g
SANITIZE ?=
BUILD   ?= build/$(notdir $(CC))
WARN    := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
           -Wmissing-prototypes $(if $(CI),-Werror)
# Fixed alignment: without it an unrelated edit moves results by 1.9 %
# (docs/adr/0008). No jump tables: check-dispatch reads every indirect jump.
ALIGN   := -falign-functions=64 -falign-loops=32 \
           $(if $(findstring clang,$(CC)),,-falign-jumps=32) -fno-jump-tables
CFLAGS  ?= $(OPT) $(ALIGN) $(SANITIZE)
LIBRARIES := hwloc inih jansson zlib
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -I. -pthread $(WARN) $(CFLAGS)

# A map is built where pkg-config knows every library on its `needs:` line.
# IMPL=path/to/map.c adds a map from outside the tree (fixtures use it, too).
needs   = $(shell sed -n 's/^.*needs: *\([a-z].*[^ */]\).*$$/\1/p' $(1))
has     = $(if $(call needs,$(1)),$(shell pkg-config --exists \
          $(call needs,$(1)) 2>/dev/null && echo yes),yes)
IMPL      ?=
ALL_IMPLS := $(sort $(wildcard impls/*.c)) $(IMPL)
IMPLS     := $(foreach f,$(ALL_IMPLS),$(if $(call has,$(f)),$(f)))
SKIPPED   := $(filter-out $(IMPLS),$(ALL_IMPLS))
NAMES     := $(sort $(notdir $(IMPLS:%.c=%)))
MAP_LIBS  := $(sort $(foreach f,$(IMPLS),$(call needs,$(f))))
LDLIBS    = $(shell pkg-config --libs $(LIBRARIES) $(MAP_LIBS)) -lm -ldl

RUNNER  := $(filter-out runner/main.c %_helper.c,$(wildcard runner/*.c runner/*/*.c))
OBJS    := $(patsubst %.c,$(BUILD)/%.o,$(RUNNER) $(IMPLS)) $(BUILD)/impl_table.o \
           $(BUILD)/events_tsv.o
TESTS   := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/test_*.c))

.PHONY: all help clean FORCE
all: $(BUILD)/readmostly  ## build what this machine can
	@$(foreach f,$(SKIPPED),echo "skip: $(f) needs $(call needs,$(f))";)

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 26

clean:  ## remove everything built
	rm -rf build

# The table of maps is written from the file names: adding a map is adding
# a file. It is replaced only when it differs, so that nothing relinks.
$(BUILD)/impl_table.c: FORCE
	@mkdir -p $(@D)
	@{ echo '#include "runner/impl_table.h"'; \
	   for n in $(NAMES); do echo "extern const struct rm_impl rm_impl_$$n;"; done; \
	   echo 'const struct rm_impl *const rm_impl_table[] = {'; \
	   for n in $(NAMES); do echo "	&rm_impl_$$n,"; done; \
	   echo '};'; \
	   echo 'const size_t rm_impl_count = $(words $(NAMES));'; \
	   echo 'const struct rm_skipped rm_skipped_table[] = {'; \
	   $(foreach f,$(SKIPPED),echo '	{ "$(notdir $(f:%.c=%))", "$(call needs,$(f))" },';) \
	   echo '	{ NULL, NULL },'; \
	   echo '};'; \
	   echo 'const size_t rm_skipped_count = $(words $(SKIPPED));'; } >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(BUILD)/readmostly: $(BUILD)/runner/main.o $(OBJS)
	$(CC) $(ALL_CFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/tests/test_%: $(BUILD)/tests/test_%.o $(OBJS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -o $@ $^ $(LDLIBS)

# Plays every bad end of a trial for the tests of the campaign.
$(BUILD)/tests/fake_trial: tests/fixtures/fake_trial.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -o $@ $< -ljansson
$(BUILD)/tests/test_launch $(BUILD)/tests/test_campaign: | $(BUILD)/tests/fake_trial

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The event map is compiled in, so that an installed binary finds it anywhere.
$(BUILD)/events_tsv.c: runner/counters/events.tsv Makefile
	@mkdir -p $(@D)
	@{ echo 'extern const unsigned char rm_events_tsv[];'; \
	   echo 'const unsigned char rm_events_tsv[] = {'; \
	   od -An -v -tx1 $< | sed 's/ \(..\)/0x\1,/g'; echo '0 };'; } >$@

$(BUILD)/events_tsv.o: $(BUILD)/events_tsv.c
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

# GPL-3.0-or-later, a program of its own: liblikwid is loaded with dlopen only.
LIKWID_OBJS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard runner/counters/*_helper.c))
all: $(if $(LIKWID_OBJS),$(BUILD)/readmostly-likwid)
$(BUILD)/readmostly-likwid: $(LIKWID_OBJS)
	$(CC) $(ALL_CFLAGS) -o $@ $^ -ldl

$(BUILD)/impl_table.o: $(BUILD)/impl_table.c
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
