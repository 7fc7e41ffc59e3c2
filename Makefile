# Accord. `make help` lists the targets.
SHELL := /bin/bash
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

SERVICES := membership ledger reinvestment risk kpi
VARIANT ?= release
VERSION ?= 0.4.0
BUILD := build/$(VARIANT)
GENERATED := build/generated

# --- compiler ------------------------------------------------------------------------------------
CC_debug := gcc
CC_release := gcc
CC_asan := gcc
CC_tsan := gcc
CC_cov := gcc
CC_fuzz := clang
CC := $(CC_$(VARIANT))

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
            -Wformat=2 -Wvla -fno-common
CFLAGS_debug := -Og -g3
CFLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
# A sanitizer hides from gcc how long a string is, and it then warns of what can't be.
CFLAGS_asan := -O1 -g3 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer \
               -Wno-format-truncation
CFLAGS_tsan := -O1 -g3 -fsanitize=thread -fno-omit-frame-pointer -Wno-format-truncation
CFLAGS_cov := -O0 -g3 --coverage
CFLAGS_fuzz := -O1 -g3 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined \
               -fno-omit-frame-pointer
LDFLAGS_release := -pie -Wl,-z,relro,-z,now
LDFLAGS_asan := -fsanitize=address,undefined
LDFLAGS_tsan := -fsanitize=thread
LDFLAGS_cov := --coverage
LDFLAGS_fuzz := -fsanitize=address,undefined
# The sanitizers bring allocators of their own.
ALLOCATOR_release := -ljemalloc


NEEDS_PACKAGES := $(filter-out help deps clean clean-data run test faults soak lint bench,$(or $(MAKECMDGOALS),all))
ifneq ($(NEEDS_PACKAGES),)
PACKAGE_CFLAGS := $(shell pkg-config --cflags libulfius libmicrohttpd jansson libpq librhonabwy gnutls libcurl libpcre2-8 2>/dev/null)
PACKAGE_LIBS := $(shell pkg-config --libs libulfius libmicrohttpd jansson libpq librhonabwy gnutls libcurl libpcre2-8 2>/dev/null) -lnng -ljwt-gnutls -lcsv
endif
CFLAGS := -std=gnu17 -D_GNU_SOURCE $(WARNINGS) -I. -I$(GENERATED) $(PACKAGE_CFLAGS) $(CFLAGS_$(VARIANT)) -MMD -MP -pthread
LDFLAGS := $(LDFLAGS_$(VARIANT)) -pthread

# --- what is built ---------------------------------------------------------------------------------
# Modules that decide and never touch the world: no I/O, no clock, no randomness. tests/unit/rules
# links against these alone.
PURE := problem utf8 ids instant money access kinds terms $(PURE_MORE)
PURE_OBJECTS := $(PURE:%=$(BUILD)/common/%.o)

COMMON_SOURCES := $(wildcard common/*.c)
COMMON_OBJECTS := $(COMMON_SOURCES:%.c=$(BUILD)/%.o)
LIBRARY := $(BUILD)/libaccord.a
service_sources = $(wildcard services/$(1)/*.c services/$(1)/*/*.c)
service_objects = $(patsubst %.c,$(BUILD)/%.o,$(call service_sources,$(1)))
# A service without its main: what store tests link.
service_parts = $(filter-out $(BUILD)/services/$(1)/main.o,$(call service_objects,$(1)))
rules_objects = $(patsubst %.c,$(BUILD)/%.o,$(wildcard services/$(1)/rules.c services/$(1)/rules/*.c))

SERVICE_BINARIES := $(SERVICES:%=$(BUILD)/accord-%)
TOOLS := accord-token accord-verify accord-audit
TOOL_BINARIES := $(TOOLS:%=$(BUILD)/%)

.PHONY: all
all: $(SERVICE_BINARIES) $(TOOL_BINARIES) ## build the services and tools (VARIANT=release|debug|asan|tsan|cov|fuzz)

$(LIBRARY): $(COMMON_OBJECTS)
	@rm -f $@
	ar rcs $@ $^

define SERVICE_RULES
$(BUILD)/accord-$(1): $$(call service_objects,$(1)) $(LIBRARY)
	$$(CC) $$(LDFLAGS) -o $$@ $$^ $$(ALLOCATOR_$$(VARIANT)) $$(PACKAGE_LIBS)
$$(call service_objects,$(1)): | $(GENERATED)/services/$(1)/queries.h $(GENERATED)/services/$(1)/embedded.h
$(GENERATED)/services/$(1)/queries.h: services/$(1)/queries.sql common/tools/queries.py
	@mkdir -p $$(@D)
	python3 common/tools/queries.py $$< $$@
$(GENERATED)/services/$(1)/embedded.h: api-spec/$(1).yaml api-spec/common.yaml common/tools/embed.py \
    common/problem.def services/$(1)/schema/sqitch.plan common/schema/sqitch.plan
	@mkdir -p $$(@D)
	python3 common/tools/embed.py $(1) $$@
endef
$(foreach service,$(SERVICES),$(eval $(call SERVICE_RULES,$(service))))

# What /v1/openapi.json answers: all five specs in one document.
SPECS := $(SERVICES:%=api-spec/%.yaml) api-spec/common.yaml
$(GENERATED)/openapi.json: $(SPECS) common/tools/embed.py common/problem.def
	@mkdir -p $(@D)
	python3 common/tools/embed.py --merged $@
$(GENERATED)/services/membership/description.h: $(SPECS) common/tools/embed.py common/problem.def
	@mkdir -p $(@D)
	python3 common/tools/embed.py --description $@
$(BUILD)/services/membership/main.o: | $(GENERATED)/services/membership/description.h

$(GENERATED)/common/queries.h: common/queries.sql common/tools/queries.py
	@mkdir -p $(@D)
	python3 common/tools/queries.py $< $@
$(COMMON_OBJECTS): | $(GENERATED)/common/queries.h

$(TOOL_BINARIES): $(BUILD)/accord-%: $(BUILD)/common/tools/accord-%.o $(LIBRARY)
	$(CC) $(LDFLAGS) -o $@ $^ $(PACKAGE_LIBS)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c -o $@ $<

# A build of another version is another build.
$(BUILD)/common/version.o: CFLAGS += -DACCORD_VERSION='"$(VERSION)"'
$(BUILD)/common/version.o: $(BUILD)/version
$(BUILD)/version: FORCE
	@mkdir -p $(@D)
	@echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' >$@
.PHONY: FORCE
FORCE:

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# --- unit tests --------------------------------------------------------------------------------------
# tests/unit/rules/<service>_*.c link their service's rules and the pure modules, nothing else;
# tests/unit/common/*.c link the library; tests/store/<service>_*.c (or common_*.c) need PostgreSQL.
RULES_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/rules/*.c))
COMMON_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/common/*.c))
STORE_HARNESS := $(BUILD)/tests/store/harness.o
STORE_TESTS := $(filter-out $(STORE_HARNESS:%.o=%),$(patsubst %.c,$(BUILD)/%,$(wildcard tests/store/*.c)))
test_service = $(firstword $(subst _, ,$(notdir $(1))))

.SECONDEXPANSION:
$(RULES_TESTS): $(BUILD)/%: $(BUILD)/%.o $$(call rules_objects,$$(call test_service,$$*)) $(PURE_OBJECTS)
	$(CC) $(LDFLAGS) -o $@ $^ -lcmocka
$(COMMON_TESTS): $(BUILD)/%: $(BUILD)/%.o $(LIBRARY)
	$(CC) $(LDFLAGS) -o $@ $^ $(PACKAGE_LIBS) -lcmocka
$(STORE_TESTS): $(BUILD)/%: $(BUILD)/%.o $(STORE_HARNESS) $$(call service_parts,$$(call test_service,$$*)) $(LIBRARY)
	$(CC) $(LDFLAGS) -o $@ $^ $(PACKAGE_LIBS) -lcmocka

$(BUILD)/tests/ballots/ballots: $(BUILD)/tests/ballots/ballots.o $(call rules_objects,membership) $(PURE_OBJECTS)
	$(CC) $(LDFLAGS) -o $@ $^
$(BUILD)/tests/settlements/settlements: $(BUILD)/tests/settlements/settlements.o $(call rules_objects,ledger) $(LIBRARY)
	$(CC) $(LDFLAGS) -o $@ $^ $(PACKAGE_LIBS)

# Targets of libFuzzer: VARIANT=fuzz only.
FUZZ_TARGETS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/*.c))
$(FUZZ_TARGETS:%=%.o): | $(SERVICES:%=$(GENERATED)/services/%/embedded.h)
$(FUZZ_TARGETS): $(BUILD)/%: $(BUILD)/%.o $(call service_parts,kpi) $(LIBRARY)
	$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(PACKAGE_LIBS)

.PHONY: unit-tests store-tests fuzz-targets
fuzz-targets: $(FUZZ_TARGETS)
unit-tests: $(RULES_TESTS) $(COMMON_TESTS)
store-tests: $(STORE_TESTS)

# --- the two commands, and the rest -------------------------------------------------------------------
.PHONY: help deps run install test check-sql faults soak lint bench clean clean-data
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
deps: ## install what is missing from deploy/packages.txt (root)
	@deploy/install-packages run
run: ## install what is missing, build, start everything, play the example, stay in the foreground
	@deploy/run
install: all ## to DESTDIR and PREFIX (default /usr), with units; deploy/OPERATING.md
	@DESTDIR='$(DESTDIR)' PREFIX='$(or $(PREFIX),/usr)' BUILD='$(BUILD)' deploy/install-files
test: ## everything that CI runs
	@tests/run
check-sql: ## prepare every named query against a migrated database
	@tests/store/run check-sql
faults: ## kill, freeze, fill and restore under load; prints what was seen
	@tests/faults/run $(if $(SEED),--seed $(SEED))
soak: ## load, fuzzing, 1,000 kills, 10,000 cuts: about six hours (tests/soak says how to shorten it)
	@tests/soak
lint: ## format, static analysis, spec lint
	@tests/lint
bench: ## measure, print medians of paired runs
	@tests/bench/run
clean: ## remove what was built
	rm -rf build
clean-data: ## remove the data of make run (asks first)
	@deploy/clean-data
