# `make demo` and `make test` are all that a fresh machine needs; `make help` lists the rest.
SWIFT ?= swift
PREFIX ?= /usr/local
DESTDIR ?=
# Seconds, or runs with an r behind, for each target.
FUZZ ?= 50000r
FUZZ_LONG ?= 1000000r
# Random networks that `make twins` compares.
TWINS ?= 2000
RELEASE = .build/release

.DEFAULT_GOAL := help
.PHONY: help demo test build release lint format bench bench-live bpf fuzz labs docker troubles twins corpus install deb \
	deb-test docs screenshots clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

demo: ## trace a ping from a namespace to the WAN, in a sandbox
	@scripts/prerequisites.sh build
	@$(SWIFT) build --quiet -c release --product packetwalk
	@$(RELEASE)/packetwalk demo

test: ## run every test: units, properties, a short fuzzing, scenarios on the real kernel
	@scripts/prerequisites.sh test
	@# The fuzzers are built and run beside the build: each of the two leaves processors idle. Tests need no debugger.
	@mkdir -p .build-fuzz; scripts/fuzz.sh $(FUZZ) >.build-fuzz/test.log 2>&1 & fuzz=$$!; \
	$(SWIFT) build --build-tests -debug-info-format none; built=$$?; \
	wait $$fuzz; fuzzed=$$?; cat .build-fuzz/test.log; \
	[ $$built = 0 ] && [ $$fuzzed = 0 ]
	@SWIFT="$(SWIFT)" scripts/test.sh

build: ## build the tool for debugging
	@scripts/prerequisites.sh build
	$(SWIFT) build

release: ## build the tool optimised, as .build/release/packetwalk
	@scripts/prerequisites.sh build
	$(SWIFT) build -c release --product packetwalk

lint: ## check the format of all sources
	$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests Fuzz Benchmarks/Package.swift Benchmarks/Sources

format: ## put all sources into the house format
	$(SWIFT) format --in-place --parallel --recursive Package.swift Sources Tests Fuzz Benchmarks/Package.swift Benchmarks/Sources

bench: release ## measure speed, side by side with tcpdump and tshark
	@scripts/prerequisites.sh test
	scripts/bench.sh
	@echo
	scripts/bench-hosts.sh

bench-live: release ## measure what watching costs the packets, beside tcpdump (as root)
	@scripts/prerequisites.sh test
	scripts/bench-live.sh

fuzz: ## feed every decoder with hostile bytes, a million times each
	@scripts/prerequisites.sh build
	scripts/fuzz.sh $(FUZZ_LONG)

labs: ## explain every lab that fails with less to look at, and beside unrelated networks
	@scripts/prerequisites.sh test
	$(SWIFT) build --build-tests
	PACKETWALK_WEAK_LABS=1 $(SWIFT) test --skip-build --filter 'ScenarioTests.(WeakModeLabTests|CrowdedLabTests)'

docker: ## trace twenty busy containers of a real Docker engine for a minute (as root)
	@scripts/prerequisites.sh test
	$(SWIFT) build --build-tests
	DOCKER_SECONDS=60 $(SWIFT) test --skip-build --filter ScenarioTests.DockerEngineTests

troubles: ## explain networks that failed as strangers' did, in boxes of their own (as root)
	@scripts/prerequisites.sh test
	$(SWIFT) build --product packetwalk
	scripts/troubles.py .build/debug/packetwalk

twins: ## compare 2,000 random networks with their twins: every sighting, every rule counter
	@scripts/prerequisites.sh test
	$(SWIFT) build --product packetwalk
	scripts/twins/__main__.py .build/debug/packetwalk --count $(TWINS)

corpus: release ## measure it on other people's captures and rule sets, beside tshark and the kernel (as root)
	@scripts/prerequisites.sh test
	$(SWIFT) build --build-tests
	scripts/corpus/__main__.py $(RELEASE)/packetwalk

install: release ## install the tool, the labs and the documents under PREFIX
	install -D -m 755 $(RELEASE)/packetwalk $(DESTDIR)$(PREFIX)/bin/packetwalk
	mkdir -p $(DESTDIR)$(PREFIX)/share/packetwalk
	cp -r fixtures/labs $(DESTDIR)$(PREFIX)/share/packetwalk/
	mkdir -p $(DESTDIR)$(PREFIX)/share/doc/packetwalk
	cp -r README.md LICENSE CHANGELOG.md docs $(DESTDIR)$(PREFIX)/share/doc/packetwalk/
	mkdir -p $(DESTDIR)$(PREFIX)/share/man/man8 $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
		$(DESTDIR)$(PREFIX)/share/zsh/site-functions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	install -m 644 docs/man/*.8 $(DESTDIR)$(PREFIX)/share/man/man8/
	scripts/completions.sh $(RELEASE)/packetwalk bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/packetwalk
	scripts/completions.sh $(RELEASE)/packetwalk zsh >$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_packetwalk
	scripts/completions.sh $(RELEASE)/packetwalk fish >$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/packetwalk.fish

deb: ## make a Debian package, in .build-deb
	@scripts/prerequisites.sh build
	$(SWIFT) build -c release --product packetwalk --static-swift-stdlib --scratch-path .build-deb/build
	scripts/deb.sh .build-deb/build/release/packetwalk .build-deb

deb-test: deb ## install the package into a bare Debian and run it there (as root, with a mirror)
	@scripts/prerequisites.sh package
	scripts/deb-test.sh .build-deb/packetwalk_*.deb

docs: build ## write the manual pages, and the outputs in docs/tutorial, as the program prints them now
	scripts/manual.py .build/debug/packetwalk docs/man
	scripts/tutorial.py .build/debug/packetwalk docs/tutorial/*.md docs/guides/*.md

# Those that the documents show; the others are to be looked at.
IMAGES = page-3-light page-60-dark map-12-light map-60-light walk-12-dark

screenshots: build ## draw networks of 3, 12 and 60 namespaces, light and dark, in .build-screenshots (with Chromium)
	@scripts/prerequisites.sh pictures
	scripts/screenshots.sh .build/debug/packetwalk .build-screenshots
	mkdir -p docs/images
	cd .build-screenshots && cp $(addsuffix .png,$(IMAGES)) ../docs/images/

clean: ## remove what was built
	rm -rf .build .build-fuzz .build-bench .build-deb .build-corpus .build-screenshots

bpf: ## build the BPF programs, of the probes and of a lab, with the toolchain's clang
	scripts/bpf.sh Sources/Probes/Drops/kfree_skb.bpf.o
	scripts/bpf.sh Sources/Probes/Sightings/sighting.bpf.o Sources/Probes/Sightings/sighting.bpf.c
	scripts/bpf.sh fixtures/labs/xdp-drop/drop.bpf.o fixtures/labs/xdp-drop/drop.bpf.c
