# The project's commands. `make` alone lists them; tools/setup.mk installs the tools that they need.

SHELL := /bin/bash
.SHELLFLAGS := -eo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

include tools/setup.mk

# The inputs of the built Worker.
WORKER_CRATES := crates/console crates/edge-core crates/threescale
SOURCES := $(shell find src templates $(WORKER_CRATES:%=%/src) -type f) \
	Cargo.toml Cargo.lock $(WORKER_CRATES:%=%/Cargo.toml)
# The console's stylesheet, script and icon, and the schemas. htmx comes from npm.
ASSETS := $(wildcard static/* schemas/*.json)
# The JavaScript parsers that `make bench-parse` compares with.
BENCH_MODULES := benches/node_modules/.package-lock.json
# The twin of `make bench`, with its parser.
TWIN := benches/twin/target/index.js
# Prints each mistake in wrangler.toml and .dev.vars, with the Worker's own code.
CHECK_CONFIG := cargo run --quiet --locked -p check-config --
# The same for Node.js, in the package that has no Rust.
NODE_CHECK := target/package/check/check_config.js
# How long `make fuzz` tries each input, in seconds.
FUZZ_SECONDS := 60
# Where `make dev` listens, what `make send` sends there, and with which secret.
PORT := 8787
KIND := application.created
HOOK = http://localhost:$(PORT)/hooks/default?token=local-secret
# Which event `make events` shows whole: its id, a part of it, or `last`.
ID :=
# The upload's size that `make check` allows, in KiB compressed.
MAX_UPLOAD := 700

.PHONY: help dev send events build test check fuzz bench bench-quick bench-large bench-parse bench-shards bench-recovery chaos soak attack demo register deploy doctor package release reproducible wrangler clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

dev: build .dev.vars ## run the Worker on http://localhost:8787 (PORT=…), without an account
	@CHECK_CONFIG="$(CHECK_CONFIG)" tools/dev $(PORT)

send: ## send KIND=application.created, KIND=all or KIND=ping to `make dev` as 3scale does, each time of a new object
	@test -x target/debug/stand-in || echo "building the stand-in for 3scale: a minute, the first time"
	@THREESCALE_URL='$(HOOK)' cargo run --quiet --locked -p stand-in -- \
		$(if $(filter ping,$(KIND)),ping,send --fresh $(if $(filter all,$(KIND)),--all,--kind '$(KIND)'))

events: $(NODE_MODULES) ## list the events that `make dev` has stored in KV, or show one: ID=…, ID=last
	@$(NODE) tools/events.mjs $(ID)

build: build/index.js build/assets/_headers ## build the Worker into build/, and the console's assets into build/assets/

# One package: `cargo build` here means the test tools too, which are not for wasm.
build/index.js: $(SOURCES) | $(TOOLS)
	@echo "building the Worker"
	@$(REPRODUCIBLE) $(WORKER_BUILD) --release -- --package threescale-edge
	@# Functions that one generic was compiled to are alike: side by side they compress better, where the larger ones are
	@# not merged into their callers. Together that is 100 KiB of the upload.
	@$(WASM_OPT) $(WASM_FEATURES) -g --one-caller-inline-max-function-size=40 -Oz build/index_bg.wasm -o build/index_bg.wasm
	@$(WASM_OPT) $(WASM_FEATURES) -g --reorder-functions-by-name build/index_bg.wasm -o build/index_bg.wasm
	@$(WASM_OPT) $(WASM_FEATURES) --strip-debug --strip-producers build/index_bg.wasm -o build/index_bg.wasm
	@# What the runtime calls, and what worker-build made, as one file.
	@mv build/index.js build/worker.js && cp -r src/js build/js && mv build/worker.js build/js/
	@$(ESBUILD_BIN) build/js/entry.js --bundle --format=esm --minify --log-level=warning --inject:build/js/microtask.js \
		--external:cloudflare:workers --external:./index_bg.wasm --outfile=build/index.js
	@rm -r build/js
	@touch $@

# What the browser loads beside the pages. worker-build empties build/, so this comes after it.
build/assets/_headers: $(ASSETS) $(NODE_MODULES) build/index.js
	@rm -rf build/assets && mkdir -p build/assets/static build/assets/schemas
	@cp $(filter-out %/_headers,$(filter static/%,$(ASSETS))) node_modules/htmx.org/dist/htmx.min.js build/assets/static/
	@cp $(filter schemas/%,$(ASSETS)) build/assets/schemas/
	@cp static/_headers $@

$(NODE_CHECK): $(SOURCES) $(shell find crates/check-config -type f) | $(TOOLS)
	@echo "building the check of the configuration for Node.js"
	@$(REPRODUCIBLE) cargo build --quiet --locked --release --lib --package check-config --target wasm32-unknown-unknown
	@$(WASM_BINDGEN) --target nodejs --no-typescript --out-dir $(@D) target/wasm32-unknown-unknown/release/check_config.wasm
	@$(WASM_OPT) $(WASM_FEATURES) -Oz --strip-debug --strip-producers $(@D)/check_config_bg.wasm -o $(@D)/check_config_bg.wasm
	@touch $@

test: build package ## all tests: the rules natively, the built Worker in the real runtime
	@tools/languages $(PYTHON_WITH_SDKS)
	@export NOT_TESTED=$${NOT_TESTED-$$(tools/not-tested $(PYTHON_WITH_SDKS))} CHROMIUM; CHROMIUM=$$(tools/browser); cargo test --locked --workspace

check: build ## format, lints, documents, the upload's size
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	@# Separate workspaces. Nothing is linked here, so that libFuzzer, in C++, need not be built.
	cargo fmt --manifest-path benches/parse/Cargo.toml --all --check
	cargo fmt --manifest-path fuzz/Cargo.toml --check
	cargo clippy --locked --manifest-path benches/parse/Cargo.toml --workspace --all-targets -- -D warnings
	CUSTOM_LIBFUZZER_PATH=/not/needed cargo clippy --locked --manifest-path fuzz/Cargo.toml --bins -- -D warnings
	cargo clippy --locked --target wasm32-unknown-unknown --lib -p threescale-edge -p console -p edge-core -p threescale -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet
	cargo run --quiet --locked -p xtask -- all
	@find benches examples packages static tests tools \( -name '*.js' -o -name '*.mjs' \) -not -path '*/node_modules/*' -not -path '*/target/*' -print0 | xargs -0 -n 1 $(NODE) --check
	@tools/upload-size $(MAX_UPLOAD)

fuzz: $(CARGO_FUZZ) ## fuzz the parser, FUZZ_SECONDS (60) for each of its inputs; needs a nightly compiler
	@cd fuzz && for input in notification form failures; do \
		PATH=$(dir $(CARGO_FUZZ)):$$PATH cargo +nightly fuzz run $$input -- -max_total_time=$(FUZZ_SECONDS) \
			-print_final_stats=1 2>&1 | tail -n 8; \
	done

bench: build $(TWIN) ## what the Worker costs, beside the floor and a twin in JavaScript: some five minutes
	@cargo run --quiet --locked -p harness --bin bench -- full --results benches/results/bench.json \
		--chart benches/results/bench.svg $(ARGS)

bench-quick: build $(TWIN) ## whether an ingest became dearer, in a minute
	@cargo run --quiet --locked -p harness --bin bench -- quick $(ARGS)

bench-large: build $(TWIN) ## whether an inbox with 300,000 events is as fast as a small one; minutes to fill it
	@cargo run --quiet --locked -p harness --bin bench -- large --results benches/results/large.json $(ARGS)

bench-parse: $(BENCH_MODULES) $(NODE_MODULES) $(WASM_TARGET) ## the parser's speed compared with others, natively and as wasm in Node
	@WASM_OPT=$(WASM_OPT) WASM_FEATURES="$(WASM_FEATURES)" $(NODE) benches/parse/js/main.js

bench-shards: build ## events per second with 1, 4 and 16 inboxes for a source
	@cargo run --quiet --locked -p harness --bin bench-shards -- --results benches/results/shards.json $(ARGS)

bench-recovery: build ## the cost of recovering from a list of failures of 50 MB
	@cargo run --quiet --locked -p harness --bin bench-recovery -- --results benches/results/recovery.json $(ARGS)

chaos: build ## two minutes of kills and failures: is anything lost? What do broken destinations cost others?
	@cargo run --quiet --locked -p harness --bin chaos -- --results target/chaos.json $(ARGS)

soak: build ## the same for more than an hour, with 100,000 events for three destinations
	@cargo run --quiet --locked -p harness --bin chaos -- --events 100000 --seconds 4000 --drain 600 \
		--results target/soak.json $(ARGS)

attack: build ## hostile callers, origins and admin APIs, and mutated documents: does everything hold? Some five minutes
	@cargo run --quiet --locked -p harness --bin attack -- $(ARGS)

demo: build ## send all 16 kinds through the Worker to an origin and into KV, and show them
	@echo "building the demo: a minute or two, the first time"
	@cargo run --locked -p harness --bin demo

# The Worker's URL, the source whose hook is written to 3scale, and JSON with other settings.
URL :=
SOURCE := default
OPTIONS :=
register: ## write our URL with the current secret to 3scale: URL=https://… SOURCE=default, CONSOLE_TOKEN in the environment
	@tools/register '$(URL)' '$(SOURCE)' '$(OPTIONS)'

deploy: build $(NODE_CHECK) ## check, make missing secrets, deploy to your Cloudflare account, wait until it works (ARGS=--dry-run)
	@$(NODE) packages/threescale-edge/bin/threescale-edge.mjs deploy $(ARGS)

doctor: $(NODE_CHECK) $(NODE_MODULES) ## look at everything that may be wrong, and say what to do
	@$(NODE) packages/threescale-edge/bin/threescale-edge.mjs doctor $(ARGS)

# Both npm packages, as files to install from: target/packages/*.tgz.
PACKAGES := target/packages/.made
package: build $(PACKAGES) ## make the npm packages threescale-edge and create-threescale-edge: target/packages

$(PACKAGES): build/index.js $(NODE_CHECK) $(shell find packages schemas build/assets -type f 2>/dev/null) wrangler.toml CHANGELOG.md tools/package.mjs
	@$(NODE) tools/package.mjs
	@touch $@

VERSION :=
reproducible: ## build this commit twice, here and in another folder: are the releases equal? VERSION=x.y.z
	@tools/reproducible '$(VERSION)'

release: build $(NODE_CHECK) $(CARGO_CYCLONEDX) ## make what a release has: VERSION=x.y.z; target/release-x.y.z
	@# Each time, since the packages name the commit.
	@$(NODE) tools/package.mjs
	@CARGO_CYCLONEDX=$(CARGO_CYCLONEDX) tools/release '$(VERSION)'

wrangler: $(NODE_MODULES) ## the pinned wrangler, for instance: make wrangler ARGS='secret put CONSOLE_TOKEN'
	@$(WRANGLER) $(ARGS)

clean: ## remove what was built here (not the tools in $(CACHE))
	@rm -rf build .wrangler {.,benches/parse,benches/twin,fuzz}/target

$(BENCH_MODULES): benches/package-lock.json | prerequisites $(NODE)
	@echo "installing the JavaScript parsers to compare with"
	@$(NPM) ci --prefix benches
	@touch $@

$(TWIN): $(wildcard benches/twin/*.js) $(BENCH_MODULES) $(NODE_MODULES)
	@$(ESBUILD_BIN) benches/twin/index.js --bundle --format=esm --external:cloudflare:workers --outfile=$@ --log-level=warning

.dev.vars: | .dev.vars.example
	@cp .dev.vars.example $@
	@echo "made .dev.vars from .dev.vars.example: the secrets of this laptop"
