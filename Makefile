# `make run` drives a simulated robot; `make test` checks everything. `make help` lists the rest.

VENV := target/venv
BENCH_VENV := target/bench-venv
BINARY := target/debug/joywire
BOARD := target/uno
FUZZ_SECONDS := 300
# What `make bench` is told beyond that, such as BENCH_ARGS='--quick --measures latency'.
BENCH_ARGS :=
STEP = @printf '\n== %s ==\n'

.PHONY: help run test tools fmt lint firmware firmware-sim rust instructions fuzz-a-little fuzz page interop browser test-vm screenshots bench bench-publish bench-log clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 15

run: ## drive a simulated robot at https://localhost:8080
	cargo run

test: ## everything below, from formatting to the virtual machine; installs what is missing
	+@MAKE='$(MAKE)' tests/stages.sh tools lint firmware rust instructions fuzz-a-little page interop browser test-vm
	$(STEP) 'all of it passed: formatting, lints, firmware, Rust tests and World, boards, instruction counts, fuzzing, page types and units, official clients, browser, virtual machine'

tools: ## installs what the tests need, or says what to install
	$(STEP) 'tools'
	@tests/tools.sh

fmt: ## formats the Rust code
	cargo fmt

lint: ## formatting and clippy, warnings are errors
	$(STEP) 'formatting and lints'
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	cargo clippy --no-default-features -- -D warnings

firmware: ## the Arduino library and its examples, and the boards that stand in for hardware
	$(STEP) 'firmware'
	$(MAKE) --silent -C firmware uno boards oracle

firmware-sim: firmware ## an emulated Arduino Uno; drive it from another terminal with the command that it prints
	@echo 'drive it with: cargo run -- --serial $(BOARD)'
	@target/firmware/board-uno --boot 1500 --link $(BOARD) target/firmware/uno/TwoMotors.elf

fuzz: ## every parser and both robots under libFuzzer, FUZZ_SECONDS (300) each
	fuzz/run.sh $(FUZZ_SECONDS)

fuzz-a-little:
	$(STEP) 'fuzzing, a little'
	fuzz/run.sh 5

rust: firmware ## Rust tests: units, properties, pilot, robot, cable, boards, relay, command line, World, architecture
	$(STEP) 'Rust tests'
	cargo test

instructions: ## instructions of a step, a frame and a relayed event against their budget; JOYWIRE_WRITE=1 renews it
	$(STEP) 'instructions'
	cargo bench --profile dev --bench pieces -- --instructions

page: node_modules ## the page: types and unit tests
	$(STEP) 'page: types and unit tests'
	npm test

interop: node_modules $(VENV)/ready ## all Socket.IO clients against the real program, as a table; the examples on a robot
	$(STEP) 'Socket.IO clients'
	cargo build --bins --examples
	JOYWIRE_BIN=$(BINARY) JOYWIRE_PYTHON=$(VENV)/bin/python npm run test:interop

browser: node_modules firmware ## the real page in Chromium on a phone profile; screenshots go to target/screenshots
	$(STEP) 'browser'
	cargo build
	JOYWIRE_BIN=$(BINARY) npm run test:browser

test-vm: node_modules firmware ## plugs pulled in a virtual machine: USB and gamepads of a real kernel, judged by an Uno's pins
	$(STEP) 'virtual machine'
	cargo build
	JOYWIRE_BIN=$(BINARY) npm run test:vm

bench: tools node_modules $(BENCH_VENV)/ready firmware ## speed side by side with the original and with the floors below both, as tables; three quarters of an hour
	$(STEP) 'speed, side by side'
	cargo bench --bench speed -- $(BENCH_ARGS)

bench-publish: ## writes what `make bench` found into BENCHMARKS.md; BENCH_FILES="a.json b.json" for several
	node bench/publish.mjs $(BENCH_FILES)

bench-log: node_modules ## the driver's latency with the message log on against off, in turns, as a ratio
	cargo build --release
	JOYWIRE_BIN=target/release/joywire npm run --silent bench:compare

screenshots: browser ## renews the pictures in docs/
	for name in pairing watching driving devices; do cp target/screenshots/docs-$$name.png docs/$$name.png; done

clean: ## removes everything that was built
	rm -rf target node_modules

node_modules: package-lock.json .npmrc
	npm ci --no-audit --no-fund
	@touch node_modules

$(VENV)/ready: tests/interop/requirements.txt
	python3 -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r tests/interop/requirements.txt
	@touch $@

$(BENCH_VENV)/ready: bench/original/requirements.txt
	python3 -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r bench/original/requirements.txt
	@touch $@
