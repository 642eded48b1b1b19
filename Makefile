# Copyright 2026 The illumos metadata suite authors
# SPDX-License-Identifier: Apache-2.0
#
# Only what POSIX make has, so that illumos's make(1) reads it as well.

GOOS = illumos
DESTDIR =
VOLUME =
PLATFORM =
FUZZTIME = 1m
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

PROGRAMS = ./services/zpool ./services/swap ./services/network \
	./services/hostname ./services/ssh-keys ./services/userscript

# A tool that is not there is left out by check, but never in CI.
SKIPPED = echo "make check: SKIPPED: $$tool is not here"; test "$$CI" != true

all: programs

# Go knows what has to be built again. Only illumos/amd64 exists; for another
# system the programs are built for the processor of this machine. Those of a boot
# image are made small: without HTTP/2, which nothing here speaks, and without
# inlining, which makes a tenth of them (TestSize builds them in the same way).
programs:
	@set -e; \
	version=`git describe --tags --always --dirty 2>/dev/null` || version=unknown; \
	goarch=amd64; small="-tags=nethttpomithttp2 -gcflags=all=-l"; \
	test $(GOOS) = illumos || { goarch=`go env GOHOSTARCH`; small=; }; \
	mkdir -p proto/$(GOOS); \
	echo "go build: $(GOOS)/$$goarch $$version"; \
	GOOS=$(GOOS) GOARCH=$$goarch CGO_ENABLED=0 go build $$small -trimpath -buildvcs=false \
		-ldflags "-s -w -X illumos-metadata/common/agent.Version=$$version" \
		-o proto/$(GOOS)/ $(PROGRAMS)

install: programs
	@test -n "$(DESTDIR)" || test "`uname -s`" = SunOS || \
		{ echo "make install: DESTDIR=directory is missing" >&2; exit 1; }
	@set -e; \
	put() { mkdir -p "$$2"; cp -f "$$3" "$$2/$$4"; chmod "$$1" "$$2/$$4"; }; \
	for dir in $(PROGRAMS); do \
		name=`basename $$dir`; \
		put 0555 "$(DESTDIR)/usr/lib/metadata" proto/$(GOOS)/$$name $$name; \
		put 0555 "$(DESTDIR)/lib/svc/method" methods/metadata-$$name metadata-$$name; \
		put 0444 "$(DESTDIR)/lib/svc/manifest/system/metadata" manifests/$$name.xml $$name.xml; \
		put 0444 "$(DESTDIR)/usr/share/man/man8" $$dir/$$name.8 metadata-$$name.8; \
	done; \
	for file in auth_attr prof_attr; do \
		put 0444 "$(DESTDIR)/etc/security/$$file.d" manifests/rbac/$$file illumos-metadata; \
	done

demo:
	@go run ./common/simguest/demo -platform "$(PLATFORM)" $(VOLUME)

# GOOS= and GOARCH= mean this machine, whatever was said for the programs. Built
# as the programs are, the tests share the compiled standard library with them;
# vet is for check. Guests wait more than they compute, so that more than one a
# processor can boot.
test:
	GOOS= GOARCH= CGO_ENABLED=0 go test -trimpath -vet=off -count=1 -parallel 4 ./...

check: check-go check-methods check-manifests check-pages

check-go: bin/staticcheck
	@unformatted=`gofmt -l common services manifests methods`; \
	test -z "$$unformatted" || { echo "gofmt -l: $$unformatted"; exit 1; }
	GOOS= GOARCH= go vet ./...
	GOOS=illumos GOARCH=amd64 go vet ./...
	@tool=bin/staticcheck; test -x $$tool || { $(SKIPPED); exit; }; \
	set -ex; GOOS= GOARCH= $$tool ./...; GOOS=illumos GOARCH=amd64 $$tool ./...

bin/staticcheck: Makefile
	-@GOOS= GOARCH= GOBIN="`pwd`/bin" go install $(STATICCHECK)

check-methods:
	@tool=shellcheck; command -v $$tool >/dev/null || { $(SKIPPED); exit; }; \
	set -ex; $$tool -s ksh -e SC1091 methods/metadata-*

check-manifests:
	@tool=xmllint; command -v $$tool >/dev/null || { $(SKIPPED); exit; }; \
	set -ex; $$tool --noout --nonet manifests/*.xml
	GOOS= GOARCH= go test -count=1 ./manifests ./methods

check-pages:
	@tool=mandoc; command -v $$tool >/dev/null || { $(SKIPPED); exit; }; \
	set -ex; $$tool -T lint -W warning services/*/*.8

bench:
	GOOS= GOARCH= go test -run '^$$' -bench . ./...

fuzz:
	@set -e; export GOOS= GOARCH=; \
	find common services -name '*_test.go' -exec grep -l '^func Fuzz' {} + | while read -r file; do \
		for target in `sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' "$$file"`; do \
			echo "== $$file $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x ./`dirname "$$file"` </dev/null; \
		done; \
	done

clean:
	rm -rf proto bin

.PHONY: all programs install demo test check check-go check-methods check-manifests check-pages bench fuzz clean
