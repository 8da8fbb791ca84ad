# oarlock: `make help` says what there is. Everything goes to target/, .tools/ and lib folders that git ignores.
PROFILE ?= release
PREFIX ?= /usr/local
VENV := .tools/venv/bin
# Directories must not be shared by two installations at a time.
DESTDIR ?=

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

setup: ## install what building needs: packages, Rust, the tests' virtual environment
	@scripts/setup

build: setup ## build everything for development: core, servers, agents, the three bindings
	cargo build --workspace --quiet
	$(MAKE) -s -C bindings-python
	$(MAKE) -s -C bindings-ruby
	$(MAKE) -s -C tests/agents/c
	$(MAKE) -s -C tests/agents/cpp
	$(MAKE) -s -C bindings-c/nix PROFILE=dev

test: setup ## run every suite and print a table (some: make test SUITES="rust cases")
	@$(VENV)/python scripts/suites.py $(SUITES)

nix-plugin: build ## build the store plugin for Debian 12's Nix and try it in the real one
	$(MAKE) -s -C bindings-c/nix PROFILE=$(PROFILE)
	OARLOCK_NIX_PLUGIN=$(or $(CARGO_TARGET_DIR),target)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))/nix/liboarlock-nix.so $(VENV)/python -m pytest -q -ra tests/hosts/nix

oarlock-nix: setup ## build the program that serves, fills and looks after a Nix binary cache, for release
	cargo build --release --quiet -p oarlock-nix
	@echo "$(or $(CARGO_TARGET_DIR),target)/release/oarlock-nix"

nix-cache-figures: build ## measure oarlock-nix on a cache of 10,000 synthetic paths; write tests/hosts/nix/CACHE_FIGURES.md
	$(VENV)/python tests/hosts/nix/cache_figures.py

nix-functional: build ## run Nix's own tests of binary caches with caches behind the plugin and behind oarlock-nix serve; write tests/hosts/nix/FUNCTIONAL.md: five minutes
	$(VENV)/python tests/hosts/nix/functional.py

nix-versions: build ## try the plugin in Nix 2.26, and its caches in a stock 2.34: made of later Debians' packages, half an hour
	for what in trixie plugin forky; do tests/hosts/nix/another-nix $$what || exit; done
	$(VENV)/python -m pytest -q -ra tests/hosts/nix/test_nix_versions.py
	OARLOCK_NIX_COMMANDS=$(CURDIR)/.tools/nix/trixie/shared OARLOCK_NIX_PLUGIN=.tools/nix/trixie/plugin/liboarlock-nix.so $(VENV)/python -m pytest -q -ra \
	  tests/hosts/nix --ignore tests/hosts/nix/test_nix_versions.py -k "not valgrind and not tells_its_parameters and not overlap"

gem-figures: build ## measure gem s3 push and index on a source of 10,000 gems, 100 publishers, and gem and bundle install beside stock ones, with a release build; write tests/hosts/GEM_FIGURES.md
	$(MAKE) -s -C bindings-ruby native
	OARLOCK_BUILD=release ruby tests/hosts/gem_figures/run.rb; status=$$?; $(MAKE) -s -C bindings-ruby; exit $$status

gem-versions: build ## try the gem plugin in RubyGems 3.6 and 4.0, Bundler 2.6 and Rails 7.2, made of later Debians' packages; three minutes
	for release in trixie forky; do env $$(tests/hosts/another-gem $$release) $(VENV)/python -m pytest -q -ra tests/hosts/test_gem.py tests/hosts/test_active_storage.py -k "not seaweed" || exit; done

demo: build ## real dvc, gem, nix, a C++ program and a package server move real files
	@$(VENV)/python tests/demo/demo.py

servers: build ## try eight real servers, write tests/servers/MATRIX.md (SERVERS="minio ceph" AGENTS=all)
	@$(VENV)/python tests/servers/matrix.py $(SERVERS) --agents "$(or $(AGENTS),python)"

bench: setup ## measure beside other clients (some rows: make bench ONLY=list; over networks: make bench NETWORK=all)
	@$(MAKE) -s -C tests/bench ONLY="$(ONLY)" SERVER="$(SERVER)" ROUNDS="$(ROUNDS)" $(if $(NETWORK),NETWORK="$(NETWORK)")

ecosystem: build ## run the tests of fsspec, s3fs, dvc-s3, zarr, dask and pandas through oarlock, write tests/hosts/ECOSYSTEM.md (SUITES="zarr dask")
	@$(VENV)/python tests/hosts/ecosystem/run.py $(SUITES)

ecosystem-figures: build ## measure Python's data tools beside dvc-s3, s3fs and obstore, write tests/hosts/FIGURES.md: ten minutes, quiet (a look: SCALE=0.1)
	@$(MAKE) -s -C tests/bench libraries
	@$(VENV)/python tests/hosts/ecosystem/figures.py "$(or $(CARGO_TARGET_DIR),$(CURDIR)/target/bench)" $(if $(SCALE),--scale $(SCALE)) $(if $(ONLY),--only $(ONLY))

storage-figures: build ## measure a package server's storage: fills, hits, usage, verify, 5 GiB, write tests/hosts/STORAGE_FIGURES.md: fifteen minutes, 10 GB of disk (a look: SCALE=0.05; some rows: ONLY=fills)
	cargo build --release -p oarlock-python --target-dir target/bench
	rm -rf target/bench/storage && mkdir -p target/bench/storage && cp -R bindings-python/python/oarlock target/bench/storage/
	cp target/bench/release/lib_native.so target/bench/storage/oarlock/_native.abi3.so
	$(VENV)/python tests/hosts/rspm/figures.py --python target/bench/storage --kind "Release build" $(if $(SCALE),--scale $(SCALE)) $(if $(ONLY),--only $(ONLY))

install: setup ## install the C and C++ library, and the Nix plugin if it is built: make install PREFIX=/usr/local
	$(MAKE) -C bindings-c install PREFIX=$(PREFIX) $(if $(LIBDIR),LIBDIR=$(LIBDIR)) DESTDIR=$(DESTDIR) PROFILE=$(PROFILE)

deb: setup ## make the Debian packages liboarlock0 and liboarlock-dev in target/deb
	scripts/deb library $(or $(CARGO_TARGET_DIR),target)/deb

nix-deb: ## make the Debian package nix-plugin-oarlock, for this machine's Nix, in target/deb; builds nothing else
	bindings-c/nix/headers
	scripts/deb nix $(or $(CARGO_TARGET_DIR),target)/deb $(PROFILE)

docs: ## build the site into target/site, warnings are errors (packages of its own in .tools/docs)
	@[ -x .tools/docs/bin/python ] || python3 -m venv .tools/docs
	@cmp -s docs/requirements.txt .tools/docs/requirements.stamp || { .tools/docs/bin/python -m pip install --quiet --disable-pip-version-check -r docs/requirements.txt && cp docs/requirements.txt .tools/docs/requirements.stamp; }
	NO_MKDOCS_2_WARNING=1 .tools/docs/bin/mkdocs build --quiet --strict --clean
	@echo "target/site/index.html"

gem: ## build the source gem into dist
	$(MAKE) -s -C bindings-ruby gem

gem-native: ## build a precompiled gem for this platform into dist, for this Ruby and Debian's later ones, and try it in each (RUBIES="ruby3.1 ruby3.3")
	$(MAKE) -s -C bindings-ruby gem-native RUBIES="$(or $(RUBIES),ruby $$(tests/hosts/another-ruby trixie) $$(tests/hosts/another-ruby experimental))"

dist: setup ## write source distribution, source gem and C library into dist, with checksums (PROFILE=dev for a quick one)
	$(VENV)/python scripts/dist.py dist --profile $(PROFILE)

dist-check: setup ## write them twice with the development library, compare the bytes, use the C library
	$(VENV)/python -m pytest -q -ra tests/dist

generate: setup ## write header, stubs, signatures and reference pages from the tables in core
	OARLOCK_WRITE_HEADERS=1 cargo test --quiet --workspace --test header
	$(MAKE) -s -C bindings-python
	$(VENV)/python -B docs/generate.py
	$(MAKE) -s -C bindings-python stubs
	$(MAKE) -s -C bindings-ruby sig

generated: ## fail if header, stubs, signatures or reference pages are not what the table of verbs makes of them
	cargo test --quiet --workspace --test header
	$(VENV)/python bindings-python/stubs.py --check
	ruby -Ibindings-ruby/lib bindings-ruby/script/sig.rb | diff -u bindings-ruby/sig/oarlock.rbs -
	ruby -Ibindings-ruby/lib bindings-ruby/script/doc.rb | diff -u bindings-ruby/doc/store.rb -
	$(VENV)/python -B docs/generate.py --check

clean: ## remove what was built; the tests' virtual environment stays
	cargo clean
	rm -f bindings-ruby/lib/oarlock/*.so bindings-python/python/oarlock/*.so

.PHONY: help setup build test deb nix-deb docs dist dist-check nix-plugin oarlock-nix nix-cache-figures nix-functional nix-versions gem-versions gem-figures demo servers ecosystem ecosystem-figures storage-figures bench install gem gem-native generate generated clean
.DEFAULT_GOAL := help
