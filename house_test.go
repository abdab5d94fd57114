package fil_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

const module = "github.com/filengine/fil"

// The top-level folders are these and no others; the stages never import one another.
var (
	stages     = []string{"ingest", "audiences", "ranking", "delivery", "analytics"}
	topFolders = append([]string{"cmd", "deploy"}, stages...)
	ignored    = []string{"bin", "data", "node_modules"} // by git as well
)

// library is a client library, the folders that may import it ("…/..." for those below too) and why not the others.
// A test may import what its stage may; a library that is not listed may not be imported at all.
type library struct{ prefix, folders, why string }

var libraries = []library{
	{"github.com/segmentio/kafka-go", "ingest/eventlog cmd/fil/embedded", "its traps (acks, generations, ordering) are hidden once, in eventlog"},
	{"github.com/twmb/franz-go", "cmd/fil/embedded", "the embedded log; everybody else speaks to an address"},
	{"github.com/redis/go-redis/v9", "audiences/asked ranking/profiles delivery/feedstore cmd/fil/roles cmd/fil/filtest cmd/fil/embedded/enginetest", "three stores, each with its own keys; the roles open the connection, and tests one"},
	{"github.com/alicebob/miniredis/v2", "cmd/fil/embedded", "the embedded Redis; everybody else speaks to an address"},
	{"github.com/ClickHouse/clickhouse-go/v2", "analytics/warehouse cmd/fil/embedded/... cmd/fil/filtest", "SQL lives in the warehouse; embedded needs the wire format; tests look behind the warehouse"},
	{"github.com/ClickHouse/ch-go", "analytics/warehouse cmd/fil/embedded/...", "the wire format under clickhouse-go"},
	{"github.com/ebitengine/purego", "cmd/fil/embedded/...", "the one place that loads C"},
	{"github.com/expr-lang/expr", "audiences audiences/clauses ranking", "one language for rules and policies, compiled where it is evaluated"},
	{"github.com/kljensen/snowball", "ranking", "stems of French and English, where texts are compared"},
	{"github.com/danielgtaylor/huma/v2", "ingest ingest/drafts audiences audiences/clauses audiences/preview ranking/hand ranking/persona ranking/rulebook delivery delivery/syndication analytics analytics/dashboards analytics/register cmd/fil/...", "each stage registers its operations; the stores know no HTTP"},
	{"github.com/prometheus/client_golang", "ingest/... audiences ranking/... delivery/... analytics/... cmd/fil/...", "the registry comes through constructors; the root measures nothing"},
	{"go.opentelemetry.io/otel", "cmd/fil/tracing", "spans wrap the seams that cmd/fil puts together; the rooms know of no trace"},
	{"github.com/microcosm-cc/bluemonday", "delivery", "contents are made safe on the way out, never before"},
	{"github.com/yuin/goldmark", "delivery ingest/accessibility", "contents are rendered on the way out, never before; what is checked before is the tree"},
	{"github.com/lestrrat-go/jwx/v3", "cmd/fil/access analytics/register", "stages know a caller, not how it proved who it is; an attestation is signed where it is made"},
	{"github.com/klauspost/compress", "cmd/fil/roles", "answers are compressed in one place, on their way out"},
	{"github.com/alecthomas/kong", "cmd/fil", "only the command has flags"},
	{"github.com/knadh/koanf", "cmd/fil/config", "only the command reads files and environment"},
	{"github.com/go-viper/mapstructure/v2", "cmd/fil/config", "only the command reads files and environment"},
	{"go.yaml.in/yaml/v3", "ranking cmd/fil/config cmd/fil/demo", "the policy file, the configuration, the demonstration's texts"},
	{"github.com/cenkalti/backoff/v5", "ingest/... ranking/... delivery/... analytics/... cmd/fil/...", "retries belong to who calls over a network"},
	{"github.com/parquet-go/parquet-go", "analytics/dashboards", "figures leave as Parquet only from behind the guard: the engine's own format would go round it"},
	{"github.com/sony/gobreaker/v2", "ingest", "the door stops asking a log that does not confirm; what else may be away is looked at in the background"},
	{"github.com/oklog/ulid/v2", "ingest ingest/drafts", "identities are given at the door or not at all"},
	{"github.com/schollz/progressbar/v3", "ingest/importer ingest/directory cmd/fil", "an import and a synchronisation are watched from a terminal; nothing else is"},
	{"github.com/go-ldap/ldap/v3", "ingest/directory/ldap", "the rest knows entries, not the protocol that gave them"},
	{"golang.org/x/term", "cmd/fil", "only the command has a terminal"},
	{"golang.org/x/sync", "ingest/... audiences ranking/... delivery/... analytics/... cmd/fil/...", "an extension of the standard library"},
	{"golang.org/x/text", "ingest/... audiences ranking delivery analytics cmd/fil/...", "an extension of the standard library"},
}

// testLibraries may be imported by any test and by nothing else.
var testLibraries = []string{"github.com/RoaringBitmap/roaring/v2", "go.opentelemetry.io/proto/otlp", "google.golang.org/protobuf", "github.com/google/go-cmp", "pgregory.net/rapid", "go.uber.org/goleak"}

// siblings lists the children of one stage that may import a brother, with the reason.
var siblings = map[[2]string]string{
	{"ingest/directory", "ingest/importer"}:    "a synchronisation reads files, maps columns and speaks to the door exactly as an import does",
	{"ingest/drafts", "ingest/accessibility"}:  "a draft is checked where it is written and where it is published",
	{"ranking/evaluation", "ranking/learning"}: "the offline judge learns from events exactly as the worker does",
	{"ranking/profiles", "ranking/learning"}:   "a store keeps what is learned, as the learner packs it and hands it over",
}

// sights are the stages that the folders of cmd/fil may see, with the reason; one that is not listed sees none, and their tests
// see all.
var sights = map[string]struct{ stages, why string }{
	"cmd/fil":         {"ingest audiences ranking delivery analytics", "a command judges, imports or reads with the code of the room that it is about"},
	"cmd/fil/roles":   {"ingest audiences ranking delivery analytics", "where the rooms are put together"},
	"cmd/fil/tracing": {"ingest ranking delivery analytics", "spans wrap what the rooms give one another"},
	"cmd/fil/config":  {"ingest", "settings of directories have the shape that their reader gives them"},
	"cmd/fil/demo":    {"audiences", "made-up agents are dealt to audiences by the rules themselves"},
	"cmd/fil/filtest": {"ranking", "tests wait for what was learned"},
}

// The limits of a file and of a function, in lines, tests and generated code aside: past these, ask what is wrong with
// the shape. Depth counts folders below the root, cmd/fil being one.
const (
	maxFile     = 400
	maxFunction = 60
	maxDepth    = 3
)

var vagueNames = []string{"util", "utils", "common", "helper", "helpers", "model", "models", "type", "types", "base", "shared", "core", "misc", "lib"}

// file is what the rules look at in one Go file.
type file struct {
	path, folder string // "." is the root's folder
	syntax       *ast.File
	set          *token.FileSet
	lines        int
}

func (f file) test() bool     { return strings.HasSuffix(f.path, "_test.go") }
func (f file) external() bool { return strings.HasSuffix(f.syntax.Name.Name, "_test") }

func (f file) imports() []string {
	paths := make([]string, 0, len(f.syntax.Imports))
	for _, spec := range f.syntax.Imports {
		p, _ := strconv.Unquote(spec.Path.Value)
		paths = append(paths, p)
	}
	return paths
}

// house is the tree of sources: its folders and its Go files.
type house struct {
	folders []string
	files   []file
}

func readHouse(tree fs.FS) (house, error) {
	var h house
	set := token.NewFileSet()
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		base := path.Base(name)
		switch {
		case err != nil || name == ".":
			return err
		case entry.IsDir() && (strings.HasPrefix(base, ".") || base == "testdata" || slices.Contains(ignored, base)):
			return fs.SkipDir
		case entry.IsDir():
			h.folders = append(h.folders, name)
			return nil
		case !strings.HasSuffix(name, ".go"):
			return nil
		}
		source, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		syntax, err := parser.ParseFile(set, name, source, parser.ParseComments|parser.SkipObjectResolution)
		h.files = append(h.files, file{path: name, folder: path.Dir(name), syntax: syntax, set: set, lines: strings.Count(string(source), "\n")})
		return err
	})
	return h, err
}

// TestHouse holds the sources to the design: who may import whom, where things stand, how big they grow.
func TestHouse(t *testing.T) {
	t.Parallel()
	h, err := readHouse(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	if len(h.files) < 10 {
		t.Fatalf("only %d Go files found: is this the root of the sources?", len(h.files))
	}
	for _, offence := range h.offences() {
		t.Error(offence)
	}
}

// offences gives every breach of every rule.
func (h house) offences() []string {
	out := h.folderOffences()
	documented := map[string]bool{}
	for _, f := range h.files {
		if !f.test() {
			documented[f.folder] = documented[f.folder] || f.syntax.Doc != nil && len(f.syntax.Doc.Text()) > 0
		}
		for _, imported := range f.imports() {
			if why := breach(f, imported); why != "" {
				out = append(out, fmt.Sprintf("%s imports %s: %s", f.path, imported, why))
			}
		}
		out = append(out, f.styleOffences()...)
	}
	for folder, ok := range documented {
		if !ok {
			out = append(out, folder+": the package has no package comment")
		}
	}
	slices.Sort(out)
	return out
}

func (h house) folderOffences() []string {
	var out []string
	for _, folder := range h.folders {
		levels := strings.Split(folder, "/")
		depth := len(levels)
		if strings.HasPrefix(folder, "cmd/fil") {
			depth--
		}
		switch {
		case depth == 1 && levels[0] != "cmd" && !slices.Contains(topFolders, levels[0]):
			out = append(out, fmt.Sprintf("%s: not one of the top-level folders %v", folder, topFolders))
		case levels[0] == "cmd" && len(levels) > 1 && levels[1] != "fil":
			out = append(out, folder+": the only command is cmd/fil")
		case depth > maxDepth:
			out = append(out, fmt.Sprintf("%s: more than %d levels deep", folder, maxDepth))
		}
		if slices.Contains(vagueNames, path.Base(folder)) {
			out = append(out, folder+": a name that says nothing")
		}
	}
	return out
}

// breach says which import rule an import breaks, if any.
func breach(f file, imported string) string {
	if inside, ok := strings.CutPrefix(imported, module+"/"); ok {
		return insideBreach(f, inside)
	}
	if first, _, _ := strings.Cut(imported, "/"); imported == module || !strings.Contains(first, ".") {
		return "" // the root, or the standard library
	}
	if f.test() && slices.ContainsFunc(testLibraries, func(l string) bool { return within(imported, l) }) {
		return ""
	}
	if f.folder == "." {
		return "the root imports the standard library only"
	}
	for _, l := range libraries {
		if !within(imported, l.prefix) {
			continue
		}
		for folder := range strings.FieldsSeq(l.folders) {
			below, tree := strings.CutSuffix(folder, "/...")
			if f.folder == folder || tree && within(f.folder, below) || f.test() && room(f.folder) == room(below) {
				return ""
			}
		}
		return fmt.Sprintf("only %s may (%s)", l.folders, l.why)
	}
	return "a library that is not listed in house_test.go"
}

func insideBreach(f file, imported string) string {
	from, to := room(f.folder), room(imported)
	switch {
	case from == "cmd/fil":
		return commandBreach(f, imported)
	case f.test() && f.external() && (within(imported, "cmd/fil/embedded") || imported == "cmd/fil/access" || from == to):
		return "" // tests run on real engines and behind the real gate, and see the whole of their stage
	case f.folder == ".":
		return "the root imports the standard library only"
	case from != to:
		return "a stage imports no other: declare here, as a small interface, what it needs"
	case within(imported, f.folder):
		return "a parent never imports its child"
	case !within(f.folder, imported) && siblings[[2]string{f.folder, imported}] == "":
		return "children of one stage do not import each other"
	default:
		return ""
	}
}

// commandBreach is insideBreach for the folders of cmd/fil.
func commandBreach(f file, imported string) string {
	to := room(imported)
	switch {
	case f.test():
		return ""
	case imported == "cmd/fil/filtest":
		return "it is for tests"
	case imported == "cmd/fil/roles" && f.folder != "cmd/fil":
		return "only the command runs roles"
	case to != "cmd/fil" && !slices.Contains(strings.Fields(sights[f.folder].stages), to):
		return "this folder of the command sees no such stage: only cmd/fil and cmd/fil/roles see every room"
	}
	return ""
}

// room is the stage that a folder is in; cmd/fil is one.
func room(folder string) string {
	if within(folder, "cmd/fil") {
		return "cmd/fil"
	}
	first, _, _ := strings.Cut(folder, "/")
	return first
}

func within(folder, of string) bool { return folder == of || strings.HasPrefix(folder, of+"/") }

func (f file) styleOffences() []string {
	var out []string
	if name := strings.TrimSuffix(f.syntax.Name.Name, "_test"); slices.Contains(vagueNames, name) {
		out = append(out, fmt.Sprintf("%s: package %s is a name that says nothing", f.path, name))
	}
	long := !f.test() && !ast.IsGenerated(f.syntax)
	if long && f.lines > maxFile {
		out = append(out, fmt.Sprintf("%s: %d lines, more than %d", f.path, f.lines, maxFile))
	}
	for _, declaration := range f.syntax.Decls {
		function, ok := declaration.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if n := f.line(function.End()) - f.line(function.Pos()); long && n > maxFunction {
			out = append(out, fmt.Sprintf("%s:%d: func %s has %d lines, more than %d", f.path, f.line(function.Pos()), function.Name.Name, n, maxFunction))
		}
		if function.Recv == nil && function.Name.Name == "init" {
			out = append(out, fmt.Sprintf("%s:%d: func init", f.path, f.line(function.Pos())))
		}
	}
	if f.test() {
		out = append(out, f.testOffences()...)
	}
	return out
}

// testOffences finds the calls that make a test slow, or silent.
func (f file) testOffences() []string {
	var out []string
	ast.Inspect(f.syntax, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok {
			return true
		}
		selector, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		receiver, _ := selector.X.(*ast.Ident)
		if receiver == nil {
			return true
		}
		switch name := receiver.Name + "." + selector.Sel.Name; {
		case name == "time.Sleep":
			out = append(out, fmt.Sprintf("%s:%d: time.Sleep: inject the clock, or use testing/synctest", f.path, f.line(call.Pos())))
		case slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, selector.Sel.Name) && slices.Contains([]string{"t", "b", "f", "tb"}, receiver.Name):
			out = append(out, fmt.Sprintf("%s:%d: %s: a missing engine fails the test", f.path, f.line(call.Pos()), name))
		}
		return true
	})
	return out
}

func (f file) line(at token.Pos) int { return f.set.Position(at).Line }

// TestHouseSeesEachOffence breaks each rule once, in a house of a few files that is otherwise in order.
func TestHouseSeesEachOffence(t *testing.T) {
	t.Parallel()
	good := map[string]string{
		"fil.go":                        doc("fil", `"time"`),
		"ranking/rank.go":               doc("ranking", `"`+module+`"`, `"github.com/expr-lang/expr/ast"`),
		"ranking/rank_test.go":          code("ranking_test", `"`+module+`/cmd/fil/embedded"`, `"`+module+`/ranking/profiles"`, `"github.com/redis/go-redis/v9"`, `"pgregory.net/rapid"`),
		"ranking/profiles/store.go":     doc("profiles", `"`+module+`/ranking"`, `"github.com/redis/go-redis/v9"`),
		"ranking/evaluation/judge.go":   doc("evaluation", `"`+module+`/ranking/learning"`),
		"cmd/fil/main.go":               doc("main", `"`+module+`/ranking"`, `"`+module+`/delivery"`),
		"cmd/fil/embedded/chdb/chdb.go": doc("chdb", `"github.com/ebitengine/purego"`),
		"delivery/feed.go":              doc("delivery") + "func f() {" + strings.Repeat("\n", maxFunction) + "}\n",
		"delivery/big_test.go":          code("delivery_test") + strings.Repeat("\n", maxFile+1),
		".ci/run.go":                    "package nothing",
		"bin/tool.go":                   "package nothing",
	}
	cases := []struct{ name, path, source, want string }{
		{"in order", "ranking/more.go", code("ranking"), ""},
		{"root with a library", "agent.go", code("fil", `"go.yaml.in/yaml/v3"`), "standard library only"},
		{"root with a stage", "agent.go", code("fil", `"`+module+`/ranking"`), "standard library only"},
		{"stage with a stage", "delivery/x.go", code("delivery", `"`+module+`/ranking"`), "a stage imports no other"},
		{"stage with another's child", "delivery/x.go", code("delivery", `"`+module+`/ranking/profiles"`), "a stage imports no other"},
		{"stage with the engines", "delivery/x.go", code("delivery", `"`+module+`/cmd/fil/embedded"`), "a stage imports no other"},
		{"internal test with the engines", "delivery/x_test.go", code("delivery", `"`+module+`/cmd/fil/embedded"`), "a stage imports no other"},
		{"child of the command with a stage", "cmd/fil/access/x.go", doc("access", `"`+module+`/ranking"`), "sees no such stage"},
		{"its test with one", "cmd/fil/access/x_test.go", code("access_test", `"`+module+`/ranking"`), ""},
		{"roles put together, and run elsewhere", "cmd/fil/demo/x.go", doc("demo", `"`+module+`/audiences"`, `"`+module+`/cmd/fil/roles"`), "only the command runs roles"},
		{"product with what is for tests", "cmd/fil/roles/x.go", doc("roles", `"`+module+`/ranking"`, `"`+module+`/cmd/fil/filtest"`), "it is for tests"},
		{"parent with its child", "ranking/x.go", code("ranking", `"`+module+`/ranking/profiles"`), "never imports its child"},
		{"brother with brother", "ranking/profiles/x.go", code("profiles", `"`+module+`/ranking/evaluation"`), "do not import each other"},
		{"library out of its room", "delivery/x.go", code("delivery", `"github.com/segmentio/kafka-go"`), "only ingest/eventlog cmd/fil/embedded may"},
		{"library in another's test", "delivery/x_test.go", code("delivery_test", `"github.com/expr-lang/expr"`), "only audiences audiences/clauses ranking may"},
		{"library not listed", "delivery/x.go", code("delivery", `"example.org/clever"`), "not listed"},
		{"test library in the product", "delivery/x.go", code("delivery", `"pgregory.net/rapid"`), "not listed"},
		{"top folder", "engine/x.go", doc("engine"), "not one of the top-level folders"},
		{"second command", "cmd/other/x.go", doc("main"), "the only command"},
		{"depth", "delivery/web/src/deep/x.go", doc("deep"), "levels deep"},
		{"vague folder", "delivery/utils/x.go", doc("cursors"), "delivery/utils: a name that says nothing"},
		{"vague package", "delivery/cursors/x.go", doc("helpers"), "package helpers is a name"},
		{"no package comment", "delivery/cursors/x.go", code("cursors"), "no package comment"},
		{"long file", "delivery/x.go", code("delivery") + strings.Repeat("\n", maxFile), "lines, more than 400"},
		{"long function", "delivery/x.go", code("delivery") + "func f() {" + strings.Repeat("\n", maxFunction+1) + "}\n", "func f has 61 lines"},
		{"init", "delivery/x.go", code("delivery") + "func init() {}\n", "func init"},
		{"sleep", "delivery/x_test.go", code("delivery_test", `"time"`) + "func f() { time.Sleep(1) }\n", "time.Sleep"},
		{"skip", "delivery/x_test.go", code("delivery_test", `"testing"`) + "func f(t *testing.T) { t.Skipf(`no`) }\n", "t.Skipf"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tree := fstest.MapFS{c.path: {Data: []byte(c.source)}}
			for name, source := range good {
				tree[name] = &fstest.MapFile{Data: []byte(source)}
			}
			h, err := readHouse(tree)
			if err != nil {
				t.Fatal(err)
			}
			switch got := h.offences(); {
			case c.want == "" && len(got) > 0:
				t.Errorf("offences in a house in order: %q", got)
			case c.want != "" && (len(got) != 1 || !strings.Contains(got[0], c.want)):
				t.Errorf("offences %q, want one about %q", got, c.want)
			}
		})
	}
}

// code is a Go file of a package with imports; doc is one with a package comment.
func code(name string, imports ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "package %s\n", name)
	for _, i := range imports {
		fmt.Fprintf(&b, "import _ %s\n", i)
	}
	return b.String()
}

func doc(name string, imports ...string) string {
	return "// Package " + name + " is documented.\n" + code(name, imports...)
}
