# `make demo` runs the main job, `make test` proves it. Both install what a fresh Debian or Ubuntu
# machine lacks (and say what), and share one build.

CARGO ?= cargo
DEMO_DIR ?= $(CURDIR)/target/demo

.PHONY: help demo test build deps lint fmt page-test client-test lab-smoke lab-test lab-service lab-bench

help:
	@echo "make demo    fetch documentation, index it, answer three questions ($(DEMO_DIR))"
	@echo "make test    run all tests"
	@echo "make page-test the web page in Chromium (npm; installs chromium where apt can)"
	@echo "make client-test OpenAI's and MCP's Python clients, and schemathesis (PyPI)"
	@echo "make build   build everything that the two above need"
	@echo "make lab-smoke the short part of it: the scenario that simulated and real hosts must agree on"
	@echo "make lab-test  operations on a real OpenZFS and libvirt host under emulation (root; builds it once)"
	@echo "make lab-service the service and its executor there, under systemd"
	@echo "make lab-bench times clones there beside the bare commands"
	@echo "make lint    check formatting and lints"
	@echo "make deps    install what building and running need"

# Build tools: protoc (LanceDB). Run time: mandoc (man pages), pip (where the model hub is out of reach).
deps:
	@sh kai/dist/install-deps.sh

# One invocation builds binaries and tests alike, so that nothing is built twice.
build: deps
	$(CARGO) build --workspace --all-targets --locked

demo: build
	@sh kai/dist/demo.sh target/debug/kai "$(DEMO_DIR)"

lint: deps
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

test: build
	$(CARGO) test --workspace --locked

# The web page in a real browser. Debian's chromium; playwright-core from the npm registry.
page-test: build
	@sh kai/dist/install-deps.sh chromium
	kai/tests/page/run.sh target/debug/kai target/page

# Clients that people have, from PyPI.
client-test: build
	kai/tests/clients/run.sh target/debug/kai

# The real thing: a host with OpenZFS and libvirt under emulation. It needs root for its first build.
lab-test:
	$(CARGO) build --package kai-tools --locked
	evals/lab/test target/debug/kai-kvm

lab-smoke:
	$(CARGO) build --package kai-tools --locked
	evals/lab/test target/debug/kai-kvm smoke

lab-service: build
	evals/lab/test target/debug/kai-kvm service target/debug/kai

# Optimised, as a user has it; only the light program is built.
lab-bench:
	$(CARGO) build --package kai-tools --release --locked
	evals/lab/test target/release/kai-kvm bars

fmt:
	$(CARGO) fmt --all
