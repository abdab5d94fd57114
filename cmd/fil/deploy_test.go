package main

import (
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/cmd/fil/roles"
)

// The containers run every role once, with settings that Fil reads, on engines that are among them and of a fixed version.
func TestCompose(t *testing.T) {
	raw, err := os.ReadFile("../../deploy/compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	required := regexp.MustCompile(`\$\{[A-Z_]+:\?[^}]*\}`)
	var file struct {
		Services map[string]struct {
			Image       string
			Build       map[string]string
			Command     []string
			Environment map[string]string
		}
	}
	if err := yaml.Unmarshal(required.ReplaceAll(raw, []byte("secret")), &file); err != nil {
		t.Fatal(err)
	}
	var names []string
	for name, service := range file.Services {
		if service.Build == nil {
			if !regexp.MustCompile(`:\d+\.\d+`).MatchString(service.Image) {
				t.Errorf("%s: the version of %s is not fixed", name, service.Image)
			}
			continue
		}
		names = append(names, service.Command[1:]...)
		var environ []string
		for variable, value := range service.Environment {
			environ = append(environ, variable+"="+value)
		}
		cfg, err := config.Load("", environ, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, addresses := range [][]string{cfg.Log.Brokers, cfg.Redis.Addresses, cfg.ClickHouse.Addresses} {
			if host, _, _ := strings.Cut(strings.Join(addresses, ","), ":"); file.Services[host].Image == "" {
				t.Errorf("%s: there is no engine at %v", name, addresses)
			}
		}
	}
	if slices.Sort(names); !slices.Equal(names, slices.Sorted(slices.Values(roles.All()))) {
		t.Errorf("the roles are %v", names)
	}
}

// routed holds the chart's ingress to what the roles say that they serve: each operation must reach a role that has it.
func routed(t *testing.T, apart map[string]*program) {
	t.Helper()
	raw, err := os.ReadFile("../../deploy/helm/templates/ingress.yaml")
	if err != nil {
		t.Fatal(err)
	}
	type route struct{ path, kind, role string }
	var routes []route
	role := ""
	for line := range strings.Lines(string(raw)) {
		if m := routeRole.FindStringSubmatch(line); m != nil {
			role = m[1] + m[2]
		}
		for _, m := range routePath.FindAllStringSubmatch(line, -1) {
			routes = append(routes, route{m[1], m[2], role})
		}
	}
	serves := map[string][]string{} // roles by operation
	for name, p := range apart {
		var document struct {
			Paths map[string]map[string]struct{ OperationID string }
		}
		p.Must(http.MethodGet, "/openapi.json", p.Keys["service"], "", 200).JSON(t, &document)
		for path, operations := range document.Paths {
			for method := range operations {
				serves[method+" "+path] = append(serves[method+" "+path], name)
			}
		}
	}
	for operation, by := range serves {
		_, path, _ := strings.Cut(operation, " ")
		reached, length := "", -1
		for _, r := range routes {
			fits := path == r.path || r.kind == "Prefix" && (strings.HasPrefix(path, r.path+"/") || strings.HasPrefix(path, r.path+":"))
			if r.kind == "ImplementationSpecific" {
				fits = regexp.MustCompile("^" + r.path + "$").MatchString(path)
			}
			if fits && len(r.path) > length {
				reached, length = r.role, len(r.path)
			}
		}
		if !slices.Contains(by, reached) {
			t.Errorf("%s is served by %v, and the chart's ingress sends it to %q", operation, by, reached)
		}
	}
}

var (
	routeRole = regexp.MustCompile(`with \$(\w+) }}|and \$(\w+) \(ne`)
	routePath = regexp.MustCompile(`dict "path" "([^"]+)" "type" "(\w+)"`)
)
