# Fil. « make » seul affiche cette aide / bare "make" prints this help.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

export CGO_ENABLED ?= 0
# The same for every target, so that the program and its tests are compiled once.
export GOFLAGS ?= -trimpath

LINT_VERSION := v2.15.0
LINT := bin/golangci-lint-$(LINT_VERSION)
HELM_VERSION := v3.22.0
HELM := bin/helm-$(HELM_VERSION)
COMPOSE_VERSION := v2.16.2
COMPOSE := bin/compose-$(COMPOSE_VERSION)
PYTHON := bin/python
PROMTOOL := $(or $(shell command -v promtool),bin/promtool)
CHDB := bin/libchdb.so
WEB := delivery/web
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

LISTEN ?= 127.0.0.1:8080
DATA ?= data
TEST_TIMEOUT ?= 15m
# Packages tried at once: their tests wait, for engines that start and for processes that end, as long as they compute.
AT_ONCE ?= $(shell expr 2 '*' $$(getconf _NPROCESSORS_ONLN))
FUZZTIME ?= 10s
RACE ?= ./ingest/... ./audiences/... ./ranking/... ./delivery/... ./analytics/... ./cmd/fil/access/...
BENCH ?= .
ENGINE_TESTS ?= ./ingest/... ./audiences/asked ./audiences/preview ./ranking/learning ./ranking/profiles ./delivery ./delivery/feedstore ./analytics/... ./cmd/fil ./cmd/fil/roles
CLUSTER_TESTS ?= ./audiences/asked ./ranking/profiles ./delivery ./delivery/feedstore
EMBEDDED_ONLY ?= ^Test(Backup|RedisAway|ClickHouseAway|KafkaAway|StartWithout|StartRefused|AloneWithout|DiskFull|Killed|ServerMetrics|Command$$|Dashboards|Alerts|Evaluate|Generated|PolicyFiles|PolicySimulate|LogsNameNoAgent|KeysWithPerimeter|Attack_NobodyIsIsolated|Attack_AContentAimedAtOne|Reports_AnAnswerIsolatesNobody|Proportion_|Sequence_)
# Of `make chaos`: how many runs, the seed of the first (0: drawn), events of one.
RUNS ?= 10
SEED ?= 0
EVENTS ?= 1500
# Of `make bench-audiences`, beside EVENTS: agents, or several sizes with commas between; agents that are also loaded through the log.
AGENTS ?= 5800000
SIZES ?= $(AGENTS)
LOGGED ?= 1000000

.PHONY: help
help: ## Affiche cette aide / prints this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */\1\t/' | while IFS=$$'\t' read -r name text; do printf '  make %-15s %s\n' "$$name" "$$text"; done

.PHONY: run
run: build engines ## Démarre Fil et sa démonstration sur http://127.0.0.1:8080 / starts Fil with its demonstration
	bin/fil up --data $(DATA) --listen $(LISTEN) --demo

.PHONY: build
build: web ## Construit bin/fil / builds bin/fil
	go build -ldflags '-s -w -X main.version=$(VERSION)' -o bin/fil ./cmd/fil

# What the program embeds of its pages; nothing is done when no source of them has changed.
.PHONY: web
web: $(WEB)/dist/fil-feed.js ## Construit les pages que le programme embarque / builds the pages that the program embeds

$(WEB)/dist/fil-feed.js: $(WEB)/node_modules/.package-lock.json $(WEB)/build.mjs $(WEB)/icon.svg $(filter-out $(WEB)/dist/%,$(wildcard $(addprefix $(WEB)/*/*.,ts css html js svg webmanifest)))
	node $(WEB)/build.mjs

$(WEB)/node_modules/.package-lock.json: $(WEB)/package.json $(WEB)/package-lock.json
	npm ci --prefix $(WEB) --ignore-scripts --no-audit --no-fund
	@touch $@

.PHONY: api-types
api-types: engines ## Tire du serveur les types de son API, pour le SDK / takes the types of the API from the server, for the SDK
	go test -count=1 -run '^TestAPITypes$$' ./cmd/fil/roles -update

.PHONY: browser
browser: build engines ## Éprouve ce que voient les gens, dans Chromium / tries what people see, in Chromium
	node --test --test-reporter=spec $(WEB)/browser/all.test.mjs

.PHONY: engines
engines: $(CHDB) ## Va chercher le moteur ClickHouse, une fois / fetches the ClickHouse engine, once

# npm keeps the package of this platform only; the library is linked, since it is large.
$(CHDB): cmd/fil/embedded/package.json cmd/fil/embedded/package-lock.json
	npm ci --prefix cmd/fil/embedded --no-audit --no-fund
	mkdir -p bin
	@library=$$(find cmd/fil/embedded/node_modules/@chdb -name libchdb.so | head -n 1); \
	if [ -z "$$library" ]; then echo "libchdb.so : aucun paquet pour $$(uname -sm) / no package for this platform" >&2; exit 1; fi; \
	ln -f "$$library" $@ 2>/dev/null || cp "$$library" $@
	@touch $@

# make check vets, once for all.
.PHONY: test
test: web engines ## Passe tous les tests, sur les moteurs embarqués / runs every test, on the embedded engines
	go test -vet=off -p $(AT_ONCE) -timeout $(TEST_TIMEOUT) ./...

# Tests that end an engine or are about `fil up` run on embedded engines wherever they run: once is enough. So it is for attacks
# on what figures tell, by hundreds of questions: ClickHouse is the same library on both sides. The trap ends
# the engines however this ends; their folder, with the logs, is kept when a test failed.
.PHONY: test-engines
test-engines: build engines ## Passe les mêmes tests sur Kafka, Redis et ClickHouse / runs the same tests on Kafka, Redis and ClickHouse
	@export ENGINES_DIR=$(CURDIR)/.engines-test; engines=deploy/local/engines; \
	$$engines clean; trap "$$engines stop" EXIT; $$engines start kafka redis cluster sentinel clickhouse ldap >/dev/null; . $$ENGINES_DIR/test.env; set -x; \
	go test -count=1 -vet=off -p $(AT_ONCE) -tags engines -timeout $(TEST_TIMEOUT) -skip '$(EMBEDDED_ONLY)' $(ENGINE_TESTS); \
	FIL_TEST_REDIS=$$FIL_TEST_REDIS_CLUSTER go test -count=1 -vet=off -p 1 -parallel 1 $(CLUSTER_TESTS); \
	$$engines clean

.PHONY: check
check: $(LINT) web ## Vérifie mise en forme, règles, types et dépendances / checks format, rules, types and dependencies
	cd $(WEB) && node_modules/.bin/tsc
	go vet -tags engines ./...
	$(LINT) run --build-tags engines
	go test -run '^TestHouse' .
	go mod tidy -diff
	go mod verify

# Built from the module proxy and kept under the version's name, so that a new version is built when it is asked for.
$(LINT):
	GOBIN=$(CURDIR)/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	mv bin/golangci-lint $@

.PHONY: check-deploy
check-deploy: check-prometheus $(HELM) $(COMPOSE) $(PYTHON)/.installed ## Vérifie ce qui sert à déployer : chart, image, systemd, alertes / checks the chart, the image, systemd, alerts
	$(PYTHON)/bin/python deploy/helm/check.py $(HELM)
	$(PYTHON)/bin/hadolint deploy/Dockerfile
	$(COMPOSE) -no-interpolation deploy/compose.yaml >/dev/null
	deploy/systemd/check.sh

# The second file of rules is the dashboards' queries (TestDashboardsAsRules keeps it so): promtool judges their grammar.
.PHONY: check-prometheus
check-prometheus: $(PROMTOOL) ## Vérifie et éprouve les règles d'alerte et les tableaux de bord / checks and tests alert rules and dashboards
	$(PROMTOOL) check config --syntax-only deploy/prometheus/prometheus.yaml
	$(PROMTOOL) check rules deploy/prometheus/alerts.yaml cmd/fil/roles/testdata/dashboards.yaml
	$(PROMTOOL) test rules deploy/prometheus/alerts_test.yaml

# Taken out of Debian's package rather than installed, which would start a server.
bin/promtool:
	mkdir -p bin
	package=$$(mktemp -d); trap 'rm -rf "$$package"' EXIT; \
	(cd "$$package"; apt-get download -qq prometheus; dpkg-deb -x prometheus_*.deb .); \
	install "$$package/usr/bin/promtool" $@

.PHONY: chart-schema
chart-schema: $(PYTHON)/.installed ## Met le schéma du chart à jour des réglages de Fil / brings the chart's schema up to Fil's settings
	$(PYTHON)/bin/python deploy/helm/check.py --write

# As the linter below.
$(HELM):
	GOBIN=$(CURDIR)/bin go install helm.sh/helm/v3/cmd/helm@$(HELM_VERSION)
	mv bin/helm $@

# The reader of Docker Compose itself, which knows its schema.
$(COMPOSE):
	GOBIN=$(CURDIR)/bin/compose-go go install github.com/compose-spec/compose-go/v2/cmd@$(COMPOSE_VERSION)
	mv bin/compose-go/cmd $@
	rmdir bin/compose-go

$(PYTHON)/.installed: deploy/helm/requirements.txt
	rm -rf $(PYTHON)
	python3 -m venv $(PYTHON)
	$(PYTHON)/bin/pip install --quiet --disable-pip-version-check --no-deps -r $<
	touch $@

.PHONY: format
format: $(LINT) ## Met les sources en forme / formats the sources
	$(LINT) fmt

.PHONY: race
race: web engines ## Tests avec le détecteur de concurrence (demande un compilateur C) / tests under the race detector
	CGO_ENABLED=1 go test -race -timeout $(TEST_TIMEOUT) $(RACE)

.PHONY: chaos
chaos: engines ## Tue, gèle et coupe pendant RUNS=10 histoires, puis ferme les comptes / kills, freezes and cuts, then closes the books
	@mkdir -p bin && rm -f bin/chaos.txt
	@status=0; go test -count=1 -v -timeout 24h -run '^TestChaos$$' ./cmd/fil/chaos \
		-chaos.runs $(RUNS) -chaos.seed $(SEED) -chaos.events $(EVENTS) -chaos.report $(CURDIR)/bin/chaos.txt || status=$$?; \
	cat bin/chaos.txt; exit $$status

.PHONY: fuzz
fuzz: engines ## Chaque cible de fuzz pendant FUZZTIME=10s / each fuzz target for FUZZTIME
	@for package in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "$$package $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package; \
		done; \
	done

.PHONY: bench
bench: engines ## Mesure les chemins chauds (BENCH=motif) / measures the hot paths (BENCH=pattern)
	go test -run '^$$' -bench '$(BENCH)' -benchmem -timeout 30m ./...

# One core for ranking, which is judged by the core; reads over HTTP need both, and are judged beside a handler of the same run.
.PHONY: bench-ranking
bench-ranking: engines ## Mesure le classement, la lecture d'un fil et l'apprentissage / measures ranking, the read of a feed, and learning
	go test -run '^$$' -cpu 1 -bench '^Benchmark(Rank|Rank_AfterAPublication|Learn|Memory_Observe)$$' ./ranking ./ranking/learning
	go test -run '^$$' -bench '^Benchmark(Read|Pack)$$' ./delivery ./delivery/feedstore

.PHONY: bench-engines
bench-engines: build engines ## Mesure les rôles en processus, moteurs embarqués puis réels / measures the roles as processes, embedded engines then real ones
	@export ENGINES_DIR=$(CURDIR)/.engines-test; engines=deploy/local/engines; \
	$$engines clean; trap "$$engines stop" EXIT; $$engines start kafka redis >/dev/null; . $$ENGINES_DIR/test.env; \
	go test -run '^$$' -bench Engines -benchtime 1x -timeout 30m ./cmd/fil/chaos; \
	$$engines clean

# With DESKDROP=users_interactions.csv.zip, rules about behaviour are also held to SQL over that real log.
.PHONY: bench-audiences
bench-audiences: EVENTS = 10000000
bench-audiences: engines ## Mesure les audiences sur AGENTS=5800000 agents fictifs / measures audiences on made-up agents
	@mkdir -p bin; go test -run '^$$' -bench '^BenchmarkAudiences$$' -benchtime 1x -timeout 2h ./cmd/fil/census \
		-census.sizes $(SIZES) -census.logged $(LOGGED) -census.events $(EVENTS) -census.report $(CURDIR)/bin/bench-audiences.txt
	@$(if $(DESKDROP),DESKDROP='$(abspath $(DESKDROP))') go test -count=1 -run '^TestDeskDrop$$' -v ./cmd/fil/census

# MILLIONS=100 takes 4 GB of disk under the temporary folder, and a quarter of an hour.
.PHONY: bench-reports
bench-reports: MILLIONS ?= 1 10 100
bench-reports: engines ## Mesure les tableaux de bord sur MILLIONS="1 10 100" de faits fictifs / measures dashboards on made-up facts
	for n in $(MILLIONS); do go test -run '^$$' -bench '^BenchmarkDashboards$$' -benchtime 100x -timeout 2h -v ./analytics/dashboards -millions $$n; done

.PHONY: demo-deskdrop
demo-deskdrop: build engines ## Importe un vrai journal : DESKDROP=users_interactions.csv.zip / imports a real log
	@deploy/demo-deskdrop.sh "$(DESKDROP)"

.PHONY: evaluate-deskdrop
evaluate-deskdrop: build ## Juge les ordres sur un vrai journal : DESKDROP=users_interactions.csv.zip PART=test / judges orders on a real log
	@deploy/evaluate-deskdrop.sh "$(DESKDROP)" --part $(or $(PART),test)

.PHONY: clean
clean: ## Efface ce qui a été construit, jamais les données / removes what was built, never the data
	rm -rf bin .demo cmd/fil/embedded/node_modules $(WEB)/node_modules $(WEB)/screenshots
	find $(WEB)/dist -type f ! -name unbuilt.html -delete
