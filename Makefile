# Shoal. "make run" and "make test" do all their own set-up; "make help" lists the rest.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Linters, at fixed versions: deps.sh installs them there.
STATICCHECK := build/tools/staticcheck@v0.7.0
GOFUMPT := build/tools/gofumpt@v0.12.0

BUILD := internal/tools/build.sh
DEPS := internal/tools/deps.sh
GOFILES := find . \( -name node_modules -o -path ./build \) -prune -o -name '*.go' -print

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## build, and run a scratch node with a live to look at (ARGS="--http :9000" adds flags)
	exec build/shoal demo $(ARGS)

.PHONY: build
build: ## build/shoal for this machine
	@$(DEPS) build
	$(BUILD) here build/shoal

.PHONY: test
test: deps lint cross test-web test-go ## install what tests need, and run all of them

.PHONY: deps
deps: ## install what tests need: it says what, and skips what is there
	@$(DEPS) test

.PHONY: lint
lint: deps ## vet, staticcheck, gofumpt, who imports whom, and whether the pages' bundle is current
	go vet ./...
	$(STATICCHECK) ./...
	@unformatted=$$($(GOFILES) | xargs $(GOFUMPT) -l); \
		[ -z "$$unformatted" ] || { printf 'not formatted with gofumpt:\n%s\n' "$$unformatted"; exit 1; }
	go test -run 'Imports|Objections|Modules|PackageComments|Notices' ./internal/archtest ./internal/tools/notices
	cd internal/web && npm run check

.PHONY: test-web
test-web: deps ## the pages' own tests
	cd internal/web && npm test

.PHONY: test-go
test-go: ## the Go tests, with the race detector; then a real node with real clients, alone, since delays are measured
	go test -race -shuffle=on -timeout 15m $$(go list ./... | grep -v /internal/acceptance)
	go test -timeout 20m -parallel 5 ./internal/acceptance

CROSS := amd64 arm64 armv7 armv6

.PHONY: cross
cross: $(CROSS:%=cross-%) ## build/shoal-linux-* for amd64, arm64, armv7 and armv6

.PHONY: $(CROSS:%=cross-%)
$(CROSS:%=cross-%): cross-%:
	$(BUILD) $* build/shoal-linux-$*

.PHONY: bench
bench: ## the figures of README.md, beside nginx in the same run; takes 20 minutes (ARGS="-sections cost" picks)
	@$(DEPS) bench
	go test -run '^$$' -bench . -benchmem ./...
	go run ./internal/bench $(ARGS)

.PHONY: soak
soak: ## the long tests: every kind of encoder, OBS among them
	@$(DEPS) soak
	go test -timeout 4h -v -parallel 5 ./internal/acceptance -soak

.PHONY: web
web: ## build the pages' bundle anew, after a change in internal/web/ui
	@$(DEPS) npm
	cd internal/web && npm run build

.PHONY: notices
notices: ## write THIRD_PARTY_NOTICES.md anew, after a change of dependencies
	@mkdir -p build
	go run ./internal/tools/notices > build/notices.md
	mv build/notices.md THIRD_PARTY_NOTICES.md

.PHONY: fmt
fmt: deps ## format the Go code
	@$(GOFILES) | xargs $(GOFUMPT) -w

.PHONY: clean
clean: ## remove what was built, but for the linters
	rm -rf build/shoal* build/go-rtmp-*
