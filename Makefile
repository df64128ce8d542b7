# make help lists the targets. All that a fresh machine lacks beside Go, make and
# a C compiler is installed by .ci/install, which says what it does.

GO      ?= go
VERSION ?= 0.1.0-dev
TAGS    := osusergo,netgo
LDFLAGS := -X main.version=$(VERSION)
LINT    := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
FUZZ    ?= 20s

.PHONY: help build run test test-storm test-programs test-kernels test-load lint bench bench-peers profile generate fuzz clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

build: bin/tiercel ## bin/tiercel, statically linked

.PHONY: bin/tiercel
bin/tiercel:
	@sh .ci/install build
	$(GO) build -tags $(TAGS) -ldflags '$(LDFLAGS)' -o $@ ./wrappers/tiercel

run: bin/tiercel ## the demonstration: real deeds, and the alerts that they raise
	bin/tiercel run --stats -- sh integration/demo.sh

test: ## all tests; those that want root, Docker or more run where these are there
	@sh .ci/install build
	$(GO) test -timeout 30m -tags $(TAGS) ./...

test-storm: ## ten thousand processes under a rain of kill -9, ten thousand threads, ten million stops; make test has fewer
	@sh .ci/install build
	TIERCEL_STORM=1 $(GO) test -count 1 -timeout 60m -tags $(TAGS) -run "TestAStorm|TestThreads|TestAFork|TestStops" -v ./integration

test-kernels: ## the scripts on Debian's kernels 5.10 and 6.1, in qemu; KERNELS names releases, SOURCES and RUN choose
	@sh .ci/install build
	@sh .ci/install kernels
	@bash integration/kernels.sh $(KERNELS)

test-load: ## what tiercel host loses and costs under load (default SECONDS=60 each); LOADS names loads, as root
	@sh .ci/install build
	@sh .ci/install load
	@$(MAKE) -s build
	@bash integration/load.sh $(SECONDS)

test-programs: ## real programs, bare and watched, must do the same; PROGRAMS and WAYS choose, as root
	@sh .ci/install build
	@sh .ci/install programs
	@$(MAKE) -s build
	@bash integration/programs.sh $(PROGRAMS)

lint: ## golangci-lint and shellcheck
	@sh .ci/install lint
	$(GO) run $(LINT) run
	shellcheck .ci/install .ci/run integration/*.sh integration/programs/*.sh

bench: ## Go benchmarks: ring, rule match, cost of a traced call
	@sh .ci/install build
	$(GO) test -tags $(TAGS) -run '^$$' -bench . -benchmem ./...

bench-peers: ## bare, tiercel and its like over many workloads, to integration/bench/RESULTS.md; WORKLOADS, WAYS, ROUNDS choose (to bin/)
	@sh .ci/install build
	@sh .ci/install bench
	@$(MAKE) -s build
	$(GO) build -tags $(TAGS) -o bin/bench ./integration/bench
	bin/bench -out $(if $(WORKLOADS)$(WAYS)$(ROUNDS),bin,integration/bench -readme README.md) $(if $(WORKLOADS),-workloads "$(WORKLOADS)") $(if $(WAYS),-ways "$(WAYS)") $(if $(ROUNDS),-rounds $(ROUNDS))

profile: ## a flame graph, bin/profile.svg, of WAYS (default notify) over WORKLOADS (default open exec find), and what takes most
	@sh .ci/install build
	@sh .ci/install bench
	@$(MAKE) -s build
	$(GO) build -tags $(TAGS) -o bin/bench ./integration/bench
	bin/bench -flame bin/profile.svg -ways "$(or $(WAYS),notify)" -workloads "$(or $(WORKLOADS),open exec find)"

generate: ## the eBPF programs, the compiled built-in rules, rules/FIELDS.md, the operators in rules/LANGUAGE.md, and integration/coverage.md
	@sh .ci/install build
	@sh .ci/install generate
	BPF2GO_CFLAGS="-idirafter /usr/include/$$($(CC) -dumpmachine)" $(GO) generate ./kernel
	$(GO) test -tags $(TAGS) -run TestTheBuiltInRulesAreStoredAsTheyAre ./rules -update
	$(GO) run -tags $(TAGS) ./wrappers/tiercel list fields --format markdown >rules/FIELDS.md.new
	mv rules/FIELDS.md.new rules/FIELDS.md
	$(GO) run -tags $(TAGS) ./wrappers/tiercel list operators --format markdown >rules/operators.new
	sed -i -e '/^<!-- operators/,/^<!-- end/{//!d' -e '}' -e '/^<!-- operators/r rules/operators.new' rules/LANGUAGE.md
	rm rules/operators.new
	$(GO) test -tags $(TAGS) -run TestTheCoverageIsAsItIsWritten ./integration -update

fuzz: ## every fuzz target for FUZZ each (default 20s)
	@sh .ci/install build
	@grep -rho --include='*_test.go' '^func Fuzz[A-Za-z]*' . | sed 's/func //' | sort | while read -r name; do \
		dir=$$(dirname "$$(grep -rl --include='*_test.go' "^func $$name(" . | head -n 1)"); \
		$(GO) test -tags $(TAGS) -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZ) "$$dir" || exit 1; done

clean: ## remove what was built
	rm -rf bin dist
