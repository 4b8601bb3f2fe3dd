# The pinned tools, each made by a rule, so that make installs what is missing and nothing twice.
# Slow builds are stored outside the checkout, by version: a second clone finds them there.

CACHE := $(or $(THREESCALE_EDGE_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/threescale-edge)

WORKER_BUILD_VERSION := 0.8.7
# The tool must be of exactly the version of the library in Cargo.lock.
WASM_BINDGEN_VERSION := $(shell awk '/^name = "wasm-bindgen"$$/ { getline; gsub(/"/, "", $$3); print $$3 }' Cargo.lock)
CARGO_FUZZ_VERSION := 0.13.2
CARGO_CYCLONEDX_VERSION := 0.5.9
# Used where the machine's own Node is older than wrangler needs.
NODE_VERSION := 24.21.0
NODE_NEEDED := 22.12

NODE := $(shell node -e 'const [major, minor] = process.versions.node.split(".").map(Number), \
	[needed, least] = "$(NODE_NEEDED)".split(".").map(Number); \
	if (major > needed || (major === needed && minor >= least)) console.log(process.execPath)' 2>/dev/null)
ifeq ($(NODE),)
NODE := $(CACHE)/node-$(NODE_VERSION)/node_modules/node/bin/node
endif

WORKER_BUILD := $(CACHE)/worker-build-$(WORKER_BUILD_VERSION)/bin/worker-build
WASM_BINDGEN := $(CACHE)/wasm-bindgen-$(WASM_BINDGEN_VERSION)/bin/wasm-bindgen
CARGO_FUZZ := $(CACHE)/cargo-fuzz-$(CARGO_FUZZ_VERSION)/bin/cargo-fuzz
CARGO_CYCLONEDX := $(CACHE)/cargo-cyclonedx-$(CARGO_CYCLONEDX_VERSION)/bin/cargo-cyclonedx
WASM_TARGET := $(CACHE)/wasm32-$(shell rustc --version 2>/dev/null | tr -c 'a-zA-Z0-9.\n' '-')
NODE_MODULES := node_modules/.package-lock.json
# Python with the SDKs that tests read our events with. tools/languages makes it.
export PYTHON_WITH_SDKS := $(CACHE)/python-$(shell cksum < tests/sdk/requirements.txt | cut -d ' ' -f 1)/bin/python

# wrangler, wasm-opt and esbuild run on the Node chosen above.
export PATH := $(dir $(NODE)):$(PATH)
export WRANGLER := $(NODE) $(CURDIR)/node_modules/wrangler/bin/wrangler.js
# wrangler needs no account and no network for local work.
export WRANGLER_SEND_METRICS := false
export CLOUDFLARE_CF_FETCH_ENABLED := false
# worker-build downloads nothing when it is told where its tools are.
export WASM_BINDGEN_BIN := $(WASM_BINDGEN)
export ESBUILD_BIN := $(CURDIR)/node_modules/.bin/esbuild

WASM_OPT := node_modules/.bin/wasm-opt
# The features that rustc's wasm32-unknown-unknown and wasm-bindgen emit.
WASM_FEATURES := --enable-bulk-memory --enable-bulk-memory-opt --enable-sign-ext --enable-mutable-globals \
	--enable-nontrapping-float-to-int --enable-reference-types --enable-multivalue --enable-exception-handling

# Panics name source files: without this, by where they are on this machine, and two builds of a commit would differ.
REPRODUCIBLE = CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="--remap-path-prefix=$(CURDIR)=/threescale-edge \
	--remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=/cargo \
	--remap-path-prefix=$(shell rustc --print sysroot 2>/dev/null)=/rust"

# A registry that is slow for a minute is asked again.
NPM := npm --loglevel=error --no-audit --no-fund --fetch-retries=5

TOOLS := $(NODE) $(NODE_MODULES) $(WASM_TARGET) $(WORKER_BUILD) $(WASM_BINDGEN)

.PHONY: prerequisites
prerequisites:
	@tools/prerequisites

$(CACHE)/node-%/node_modules/node/bin/node: | prerequisites
	@echo "installing Node $* from npm (the machine's own is older than $(NODE_NEEDED))"
	@mkdir -p $(CACHE)/node-$*
	@$(NPM) install --prefix $(CACHE)/node-$* node@$*
	@test -x $@ && touch $@

$(NODE_MODULES): package-lock.json | prerequisites $(NODE)
	@echo "installing wrangler, binaryen, esbuild and the SDKs of events from npm"
	@$(NPM) ci
	@touch $@

$(WASM_TARGET): | prerequisites
	@test -d "$$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown/lib" || rustup target add wasm32-unknown-unknown
	@mkdir -p $(CACHE) && touch $@

# Built without optimisation or debug information: a third of the time, and fast enough.
# One target folder for all, since they share most of what they depend on.
# $(1): its name, $(2): its version, $(3): what cargo is to install.
cargo-install = @echo "building $(1) $(2) (once on this machine, one to three minutes)"; \
	CARGO_PROFILE_DEV_DEBUG=0 cargo install --locked --debug --quiet --root $(CACHE)/$(1)-$(2) \
		--target-dir $(CACHE)/target $(3)

$(WORKER_BUILD): | prerequisites
	$(call cargo-install,worker-build,$(WORKER_BUILD_VERSION),worker-build@$(WORKER_BUILD_VERSION))

$(WASM_BINDGEN): | prerequisites $(WORKER_BUILD)
	@grep -q '"=$(WASM_BINDGEN_VERSION)"' tools/wasm-bindgen/Cargo.toml || { \
		echo "tools/wasm-bindgen/Cargo.toml must name wasm-bindgen-cli $(WASM_BINDGEN_VERSION), as Cargo.lock does" >&2; exit 1; }
	$(call cargo-install,wasm-bindgen,$(WASM_BINDGEN_VERSION),--path tools/wasm-bindgen)

$(CARGO_FUZZ): | prerequisites
	$(call cargo-install,cargo-fuzz,$(CARGO_FUZZ_VERSION),cargo-fuzz@$(CARGO_FUZZ_VERSION))

$(CARGO_CYCLONEDX): | prerequisites
	$(call cargo-install,cargo-cyclonedx,$(CARGO_CYCLONEDX_VERSION),cargo-cyclonedx@$(CARGO_CYCLONEDX_VERSION))
