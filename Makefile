# Each target does its own set-up: apt packages as root or through sudo.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
SOURCES := Sources Tests Benchmarks/Bench Package.swift Fuzz/Package.swift Fuzz/Program
RELEASE := scripts/build-release dovemon
SIMULATE := scripts/build-release simulate

# Where `make install` puts things; DESTDIR goes before all of it.
prefix := /usr/local
sbindir := $(prefix)/sbin
docdir := $(prefix)/share/doc/dovemon
sysconfdir := /etc
configdir := $(sysconfdir)/dovecot/dovemon
unitdir := /lib/systemd/system
sysusersdir := /usr/lib/sysusers.d
tmpfilesdir := /usr/lib/tmpfiles.d
mandir := $(prefix)/share/man
datadir := $(prefix)/share/dovemon
libdir := $(prefix)/lib/dovemon
bashdir := $(prefix)/share/bash-completion/completions
zshdir := $(prefix)/share/zsh/site-functions
fishdir := $(prefix)/share/fish/vendor_completions.d
# Where the sample is that the unit compares the accounts with.
sampledir := $(configdir)
statedir := /var/lib/dovemon
BINARY := .build/release/dovemon
# The manual pages and the completions, which the program itself describes.
MADE := .build/made
DOCUMENTS := README.md CHANGELOG.md LICENSE $(wildcard docs/*.md)
SAMPLES := config.yml test.accounts.yml
EXAMPLES := packaging/rsyslog/30-dovemon.conf packaging/logrotate/dovemon
MONITORING := $(wildcard monitoring/*.yml monitoring/*.json)

.PHONY: help build release pages deb demo test simulate reliability fuzz sanitize soak bench bench-detection lint format clean \
	install install-unit install-pages uninstall

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.* ## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

build: ## build dovemon for trying out
	@scripts/setup build
	swift build --product dovemon

release: ## build dovemon as it ships, with its manual pages and completions
	@scripts/setup build
	$(RELEASE)
	@$(MAKE) --no-print-directory pages

pages:
	@scripts/man "$(BINARY)" "$(MADE)"
	@for shell in bash zsh fish; do \
		"$(BINARY)" --generate-completion-script "$$shell" | sed '1{/^#!/d}' >"$(MADE)/dovemon.$$shell"; \
	done

deb: ## build dovemon's Debian package, into .build/deb
	@scripts/setup deb
	$(RELEASE)
	@scripts/deb

# A debug build is there soonest. The demo is run as itself, not by swift, so that Ctrl-C reaches it.
demo: ## watch a real Dovecot ring lose a backend and get it back (KEEP=1 leaves it running)
	@scripts/setup test
	swift build --product dovemon
	swift build --product Demo
	@KEEP="$(KEEP)" "$$(swift build --show-bin-path)/Demo"

# Builds nothing, so that root need not: `make release` comes first. A configuration that is there is never touched; the
# samples lie beside it.
install: ## install what `make release` built (DESTDIR, prefix, sysconfdir, unitdir)
	@[ -x "$(BINARY)" ] || { echo "install: $(BINARY) is not there: run 'make release' first" >&2; exit 1; }
	install -d "$(DESTDIR)$(sbindir)"
	install -m 755 -s "$(BINARY)" "$(DESTDIR)$(sbindir)/dovemon"
	install -d "$(DESTDIR)$(docdir)/examples" "$(DESTDIR)$(configdir)"
	install -d -m 700 "$(DESTDIR)$(statedir)"
	install -m 644 $(DOCUMENTS) "$(DESTDIR)$(docdir)/"
	install -m 644 $(EXAMPLES) "$(DESTDIR)$(docdir)/examples/"
	for name in $(SAMPLES); do install -m 644 "$$name.sample" "$(DESTDIR)$(configdir)/$$name.sample"; done
	@$(MAKE) --no-print-directory install-unit install-pages
	@echo "installed; what comes next is in $(docdir)/deployment.md"

FILL = sed 's|@sbindir@|$(sbindir)|g; s|@docdir@|$(docdir)|g; s|@libdir@|$(libdir)|g; s|@configdir@|$(configdir)|g; s|@sampledir@|$(sampledir)|g'
install-unit:
	install -d "$(DESTDIR)$(unitdir)" "$(DESTDIR)$(sysusersdir)" "$(DESTDIR)$(tmpfilesdir)" "$(DESTDIR)$(libdir)"
	$(FILL) packaging/systemd/dovemon.service.in >"$(DESTDIR)$(unitdir)/dovemon.service"
	$(FILL) packaging/systemd/configured.in >"$(DESTDIR)$(libdir)/configured"
	chmod 644 "$(DESTDIR)$(unitdir)/dovemon.service"
	chmod 755 "$(DESTDIR)$(libdir)/configured"
	install -m 644 packaging/systemd/dovemon.sysusers "$(DESTDIR)$(sysusersdir)/dovemon.conf"
	install -m 644 packaging/systemd/dovemon.tmpfiles "$(DESTDIR)$(tmpfilesdir)/dovemon.conf"

install-pages:
	@[ -s "$(MADE)/dovemon.8" ] || { echo "install: $(MADE) is not there: run 'make release' first" >&2; exit 1; }
	install -D -m 644 "$(MADE)/dovemon.8" "$(DESTDIR)$(mandir)/man8/dovemon.8"
	install -D -m 644 "$(MADE)/dovemon.yml.5" "$(DESTDIR)$(mandir)/man5/dovemon.yml.5"
	install -D -m 644 "$(MADE)/dovemon.bash" "$(DESTDIR)$(bashdir)/dovemon"
	install -D -m 644 "$(MADE)/dovemon.zsh" "$(DESTDIR)$(zshdir)/_dovemon"
	install -D -m 644 "$(MADE)/dovemon.fish" "$(DESTDIR)$(fishdir)/dovemon.fish"
	for file in $(MONITORING); do install -D -m 644 "$$file" "$(DESTDIR)$(datadir)/$$file"; done

# The configuration and the state stay, and so does the user.
uninstall: ## remove what `make install` installed, but no configuration
	rm -f "$(DESTDIR)$(sbindir)/dovemon" "$(DESTDIR)$(libdir)/configured" "$(DESTDIR)$(unitdir)/dovemon.service" \
		"$(DESTDIR)$(sysusersdir)/dovemon.conf" "$(DESTDIR)$(tmpfilesdir)/dovemon.conf" \
		"$(DESTDIR)$(mandir)/man8/dovemon.8" "$(DESTDIR)$(mandir)/man5/dovemon.yml.5" \
		"$(DESTDIR)$(bashdir)/dovemon" "$(DESTDIR)$(zshdir)/_dovemon" "$(DESTDIR)$(fishdir)/dovemon.fish" \
		$(SAMPLES:%="$(DESTDIR)$(configdir)/%.sample")
	rm -f $(patsubst %,"$(DESTDIR)$(docdir)/%",$(notdir $(DOCUMENTS))) \
		$(patsubst %,"$(DESTDIR)$(docdir)/examples/%",$(notdir $(EXAMPLES))) $(MONITORING:%="$(DESTDIR)$(datadir)/%")
	for directory in "$(docdir)/examples" "$(docdir)" "$(configdir)" "$(datadir)/monitoring" "$(datadir)" "$(libdir)"; do \
		rmdir --ignore-fail-on-non-empty "$(DESTDIR)$$directory" 2>/dev/null || true; done

test: ## run everything: lint, build, all tests, the shipped binary's libraries
	@scripts/test

# Worlds in which everything goes wrong, from seeds; SEED tells one of them line by line.
simulate: ## try SEEDS=1000 simulated worlds, or tell what happens in SEED=123
	@scripts/setup build
	@$(SIMULATE)
	@"$$(swift build -c release --show-bin-path)/simulate" $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),1000)) \
		$(if $(MISTAKE),--mistake $(MISTAKE))

reliability: ## write the figures of docs/reliability.md anew
	@scripts/setup build
	@$(SIMULATE)
	@scripts/splice docs/reliability.md reliability "$$(swift build -c release --show-bin-path)/simulate" reliability

TARGET := all
SECONDS := 60
fuzz: ## fuzz a parser of foreign bytes: TARGET (default: all, see Fuzz/Corpus) for so many SECONDS (60)
	@scripts/setup build
	@scripts/fuzz "$(TARGET)" "$(SECONDS)"

sanitize: ## run the tests under Thread and Address Sanitizer, but those on a real ring or of pure values
	@scripts/setup build
	@scripts/sanitize

# As it ships: a debug build would have to be given fewer backends.
soak: ## watch dovemon over thousands of backends under faults (MINUTES=3 BACKENDS=2000 SEED=…)
	@scripts/setup build
	$(RELEASE)
	swift build --product Soak
	@MINUTES="$(MINUTES)" BACKENDS="$(BACKENDS)" SEED="$(SEED)" \
		DOVEMON_BINARY="$$(swift build -c release --show-bin-path)/dovemon" "$$(swift build --show-bin-path)/Soak"

# Everything that takes part is built as it ships.
BENCH := dovemon bench-peers bench-floor Bench
bench: ## measure dovemon beside HAProxy and a minimal C program, into docs/performance.md (some 25 minutes)
	@scripts/setup bench
	@for product in $(BENCH); do scripts/build-release "$$product"; done
	@scripts/splice docs/performance.md performance "$$(swift build -c release --show-bin-path)/Bench"

# The figures of dovemon as it ships, from tools that need not be fast.
bench-detection: ## write the figures of how long a failure goes unseen into docs/performance.md (some seven minutes)
	@scripts/setup test
	$(RELEASE)
	swift build --product Bench
	swift build --product bench-peers
	@scripts/splice docs/performance.md detection env \
		DOVEMON_BINARY="$$(swift build -c release --show-bin-path)/dovemon" \
		"$$(swift build --show-bin-path)/Bench" --only detection

lint: ## check the format
	swift format lint --strict --parallel -r $(SOURCES)

format: ## apply the format
	swift format --in-place --parallel -r $(SOURCES)

clean: ## remove what was built
	rm -rf .build
