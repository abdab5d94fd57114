package importer_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest/importer"
)

const reads = "agent,content,kind,time\na1,c1,read,2026-03-01T10:00:00Z\na2,c2,save,1740823200\n"

func gzipped(body string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, body)
	_ = w.Close()
	return b.String()
}

func zipped(entries ...string) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i, body := range entries {
		entry, _ := w.Create(fmt.Sprintf("folder/%d.csv", i))
		_, _ = io.WriteString(entry, body)
	}
	_, _ = w.Create("__MACOSX/0.csv")
	_ = w.Close()
	return b.String()
}

func TestEveryFormOfFile(t *testing.T) {
	t.Parallel()
	objects := `{"agent":"a1","content":"c1","kind":"read","time":"2026-03-01T10:00:00Z"}` + "\r\n\n" + `{"agent":"a2","content":"c2","kind":"save","time":1740823200}`
	for name, body := range map[string]string{
		"csv":               reads,
		"semicolons, BOM":   "\xef\xbb\xbf" + strings.ReplaceAll(reads, ",", ";"),
		"tabs, CRLF":        strings.ReplaceAll(strings.ReplaceAll(reads, ",", "\t"), "\n", "\r\n"),
		"quotes":            strings.Replace(reads, "a1,c1", `"a1","c1"`, 1),
		"gzip":              gzipped(reads),
		"zip":               zipped(reads),
		"zip of two":        zipped(strings.Replace(reads, "a2,c2,save,1740823200\n", "", 1), "agent,content,kind,time\na2,c2,save,1740823200000"),
		"ndjson":            objects,
		"gzip of ndjson":    gzipped(objects),
		"zip of gzip":       zipped(gzipped(objects)),
		"milliseconds":      strings.Replace(reads, "1740823200", "1740823200000", 1),
		"other columns too": strings.ReplaceAll(strings.ReplaceAll(reads, "\n", ",\"a\nb\"\n"), "time,\"a\nb\"", "time,note"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setup(t)
			s.run([3]int{2, 0, 0}, importer.Options{Kind: "engagements", Files: []string{s.file("f", body)}})
			s.run([3]int{0, 2, 0}, importer.Options{Kind: "engagements", Files: []string{s.file("renamed", body)}})
			got := s.logged()
			slices.SortFunc(got, func(a, b fil.Engagement) int { return strings.Compare(a.Agent, b.Agent) })
			want := []fil.Engagement{
				{Kind: fil.Read, Agent: "a1", Content: "c1", Time: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)},
				{Kind: fil.Save, Agent: "a2", Content: "c2", Time: time.Date(2025, 3, 1, 10, 0, 0, 0, time.UTC)},
			}
			if !slices.Equal(got, want) {
				t.Errorf("the log has %+v, want %+v", got, want)
			}
		})
	}
}

// deskdrop is a log like the real one: columns with names of their own, exact repeats, users of many places.
func deskdrop(rows, repeats int) string {
	var b strings.Builder
	b.WriteString("timestamp,eventType,contentId,personId,sessionId,userAgent,userRegion,userCountry\n")
	kinds := []string{"VIEW", "VIEW", "VIEW", "LIKE", "BOOKMARK", "COMMENT CREATED", "FOLLOW"}
	line := func(i int) string {
		region := ""
		if i%5 == 0 {
			region = "SP"
		}
		return fmt.Sprintf("%d,%s,%d,-%d,%d,\"Mozilla/5.0 (X11, Linux)\",%s,BR\n", 1457964230+i, kinds[i%len(kinds)], 100+i%50, 7+i%20, i, region)
	}
	for i := range rows {
		b.WriteString(line(i))
	}
	for i := range repeats {
		b.WriteString(line(i))
	}
	return b.String()
}

func deskdropOptions(path string) importer.Options {
	return importer.Options{Kind: "engagements", Files: []string{path}, Map: []string{"agent=personId,content=contentId", "kind=eventType,time=timestamp"},
		Value: []string{"kind:VIEW=read", "kind:LIKE=reaction", "kind:BOOKMARK=save", "kind:COMMENT CREATED=comment", "kind:FOLLOW=follow"}}
}

func TestLogOfAnotherPlatform(t *testing.T) {
	t.Parallel()
	s := setup(t)
	path := s.file("log.csv.zip", zipped(deskdrop(7000, 11)))
	s.run([3]int{7000, 11, 0}, deskdropOptions(path))
	s.run([3]int{0, 7011, 0}, deskdropOptions(path))
	kinds := map[fil.EngagementKind]int{}
	for _, e := range s.logged() {
		kinds[e.Kind]++
	}
	if want := (map[fil.EngagementKind]int{fil.Read: 3000, fil.Reaction: 1000, fil.Save: 1000, fil.Comment: 1000, fil.Follow: 1000}); fmt.Sprint(kinds) != fmt.Sprint(want) {
		t.Errorf("kinds %v, want %v", kinds, want)
	}
	agents := importer.Options{Kind: "agents", Files: []string{path}, Map: []string{"id=personId,country=userCountry,region=userRegion"}}
	s.run([3]int{20, 6991, 0}, agents)
	s.run([3]int{0, 7011, 0}, agents)
	if a, ok := s.town.Agent("-7"); !ok || a.Attributes["country"] != "BR" || a.Attributes["region"] != "SP" {
		t.Errorf("agent -7 is %+v", a)
	}
	contents := importer.Options{Kind: "contents", Files: []string{path}, Map: []string{"id=contentId,published_at=timestamp"}, Const: []string{"kind=document", "source=DeskDrop"}}
	s.run([3]int{50, 6961, 0}, contents)
	s.run([3]int{0, 7011, 0}, contents)
	if c, ok := s.town.Content("101"); !ok || c.Title != "101" || c.Kind != "document" || c.Source != "DeskDrop" || c.PublishedAt.Unix() != 1457964231 {
		t.Errorf("content 101 is %+v", c)
	}
	if left, _ := filepath.Glob(filepath.Join(s.dir, "*.refused.*")); len(left) > 0 {
		t.Errorf("nothing was refused, but there is %v", left)
	}
}

func TestValuesTakeTheSortOfTheirField(t *testing.T) {
	t.Parallel()
	s := setup(t)
	s.run([3]int{2, 1, 0}, importer.Options{Kind: "agents", Files: []string{s.file("a.csv",
		"id;org;manager;telework_days;hired;skills;attributes.region\n"+
			"a1;ville/voirie;oui;1,5;31/01/2020;vélo|arbre;Nord\n"+
			"a2;;FALSE;2;2020-01-31T00:00:00Z;;\n"+
			"a1;;;;;bus;\n")}})
	a1, _ := s.town.Agent("a1")
	if got := fmt.Sprintf("%s %v", a1.Org, a1.Attributes); got != "ville/voirie map[hired:2020-01-31 manager:true region:Nord skills:[bus] telework_days:1.5]" {
		t.Errorf("a1 is %s", got)
	}
	a2, _ := s.town.Agent("a2")
	if got := fmt.Sprint(a2.Attributes); got != "map[hired:2020-01-31 manager:false telework_days:2]" {
		t.Errorf("a2 is %s", got)
	}
	s.run([3]int{1, 0, 0}, importer.Options{Kind: "agents", Files: []string{s.file("a.ndjson", `{"id":12345678901234567890,"attributes":{"region":"Sud"},"manager":true,"skills":["a",2]}`)}})
	if a, _ := s.town.Agent("12345678901234567890"); fmt.Sprint(a.Attributes) != "map[manager:true region:Sud skills:[2 a]]" {
		t.Errorf("nested: %+v", a)
	}
	s.run([3]int{1, 0, 0}, importer.Options{Kind: "contents", Files: []string{s.file("c.ndjson",
		`{"ref":{"id":"c1"},"when":"2026-03-01 10:00:00","t":"Piscine","tags":"sport|été","rank":"2"}`)},
		Map: []string{`id=ref.id,published_at=when,title=t,topics=tags,priority=rank`}, Value: []string{"title:Piscine=La piscine"}})
	if c, _ := s.town.Content("c1"); c.Title != "La piscine" || fmt.Sprint(c.Topics) != "[sport été]" || c.Priority != 2 || c.PublishedAt.Hour() != 10 {
		t.Errorf("content: %+v", c)
	}
}

func TestRefusedRowsAreWrittenDown(t *testing.T) {
	t.Parallel()
	s := setup(t)
	body := "agent,content,kind,time\n" +
		"a1,c1,read,2026-03-01T10:00:00Z\n" + // 2
		"a1,c1,VIEW,2026-03-01T10:00:00Z\n" + // 3: the door knows no such kind
		",c1,read,2026-03-01T10:00:00Z\n" + // 4: nor nobody
		"a1,c1,read,hier\n" + // 5
		"a1,c1,read\n" + // 6
		"a1,c\"1,read,2026-03-01T10:00:00Z\n" + // 7
		"a1,\xe9t\xe9,read,2026-03-01T10:00:00Z\n" + // 8
		"a1,c2,read,2026-03-01T10:00:00Z\n"
	path := s.file("e.csv", body)
	sum := s.run([3]int{2, 0, 6}, importer.Options{Kind: "engagements", Files: []string{path}, Language: "en"})
	if !slices.Equal(sum.RefusedIn, []string{path + ".refused.ndjson"}) {
		t.Fatalf("refused rows are in %v", sum.RefusedIn)
	}
	got := map[int]string{}
	for _, row := range refused(t, sum.RefusedIn[0]) {
		var reasons []string
		for _, r := range row.Reasons {
			reasons = append(reasons, r.Field)
			if r.Detail == "" || strings.Contains(r.Detail, "doit") {
				t.Errorf("line %d: reason %q", row.Line, r.Detail)
			}
		}
		got[row.Line] = strings.Join(reasons, " ")
		if row.File != path || row.Line < 7 && row.Row["content"] != "c1" {
			t.Errorf("row %+v", row)
		}
	}
	if want := (map[int]string{3: "type", 4: "data.agent", 5: "time", 6: "", 7: "", 8: "content"}); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("refused %v, want %v", got, want)
	}
	t.Run("all of them", func(t *testing.T) {
		other := filepath.Join(s.dir, "refused")
		sum := s.run([3]int{0, 0, 2}, importer.Options{Kind: "engagements", Files: []string{s.file("all.csv", "agent,content,kind\na,,read\nb,,read\n")}, Refused: other})
		if rows := refused(t, other); len(sum.RefusedIn) != 1 || len(rows) != 2 || rows[1].Reasons[0].Field != "data.content" || !strings.HasPrefix(rows[1].Reasons[0].Detail, "doit") {
			t.Errorf("refused %+v", rows)
		}
	})
	t.Run("folded", func(t *testing.T) {
		path := s.file("a.csv", "id,manager,country\na 1,oui,FR\na 1,non,FR\na2,peut-être,FR\na3,oui,FR\n,oui,FR\n")
		sum := s.run([3]int{1, 0, 4}, importer.Options{Kind: "agents", Files: []string{path}})
		rows := refused(t, sum.RefusedIn[0])
		if len(rows) != 3 || rows[0].Line != 4 || rows[0].Reasons[0].Field != "manager" || rows[1].Line != 6 || rows[2].Rows != 2 || rows[2].Reasons[0].Field != "id" {
			t.Errorf("refused %+v", rows)
		}
	})
	t.Run("not objects", func(*testing.T) {
		s.run([3]int{1, 0, 3}, importer.Options{Kind: "engagements", Files: []string{s.file("n", `{"agent":"z","content":"c","kind":"read"}`+"\n5\n{\n{}{}\n")}})
	})
}

func TestWrongUsageIsToldBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	s := setup(t)
	csv, good := s.file("e.csv", "personId,contentId,eventType\na1,c1,read\n"), []string{"agent=personId,content=contentId,kind=eventType"}
	for name, c := range map[string]struct {
		o    importer.Options
		says string
	}{
		"kind":             {importer.Options{Kind: "people"}, `"people"`},
		"no file":          {importer.Options{}, "aucun fichier"},
		"missing file":     {importer.Options{Files: []string{csv, "nowhere"}, Map: good}, "nowhere"},
		"unknown field":    {importer.Options{Map: []string{"agnet=personId"}}, `"agent"`},
		"unknown column":   {importer.Options{Map: []string{"agent=personid"}}, `"personId"`},
		"field not mapped": {importer.Options{Map: good[:0]}, "--map agent=COLONNE"},
		"some not mapped":  {importer.Options{Map: []string{"agent=personId"}}, "--map content=COLONNE"},
		"map twice":        {importer.Options{Map: append(good, "agent=contentId")}, "deux fois"},
		"bad map":          {importer.Options{Map: []string{"agent"}}, "champ=colonne"},
		"map and const":    {importer.Options{Map: good, Const: []string{"agent=a1"}}, "deux fois"},
		"bad const":        {importer.Options{Map: good, Const: []string{"time=demain"}}, "demain"},
		"bad value":        {importer.Options{Map: good, Value: []string{"kind=read"}}, "champ:DE=VERS"},
		"value twice":      {importer.Options{Map: good, Value: []string{"kind:a=b", "kind:a=c"}}, "deux fois"},
		"value of what":    {importer.Options{Map: good, Value: []string{"knd:a=b"}}, `"kind"`},
		"array":            {importer.Options{Files: []string{s.file("array.json", "[{}]")}}, "NDJSON"},
		"empty":            {importer.Options{Files: []string{s.file("empty", "")}}, "vide"},
		"same column":      {importer.Options{Files: []string{s.file("same", "a,b,a\n")}}, "deux colonnes"},
		"not a zip":        {importer.Options{Files: []string{s.file("bad.zip", "PK\x03\x04nonsense")}}, "zip"},
		"second file":      {importer.Options{Files: []string{csv, s.file("other.csv", "x,y\n1,2\n")}, Map: good}, "other.csv"},
		"undeclared":       {importer.Options{Kind: "agents", Map: []string{"id=personId,contry=eventType"}}, `"country"`},
	} {
		t.Run(name, func(t *testing.T) {
			o := c.o
			o.Server = s.url
			if o.Kind == "" {
				o.Kind = "engagements"
			}
			if o.Files == nil && name != "no file" {
				o.Files = []string{csv}
			}
			_, err := importer.Run(t.Context(), o)
			var usage *importer.UsageError
			if !errors.As(err, &usage) || !strings.Contains(err.Error(), c.says) || usage.Problem.EN == "" {
				t.Errorf("error %v, want one that says %q", err, c.says)
			}
		})
	}
	if _, err := importer.Run(t.Context(), importer.Options{Kind: "contents", Files: []string{csv}, Server: "127.0.0.1:8080"}); err == nil || !strings.Contains(err.Error(), "http://") {
		t.Errorf("server without scheme: %v", err)
	}
	if got := s.logged(); len(got) > 0 {
		t.Errorf("the log has %v", got)
	}
}

// The server is away, busy, cuts answers after having done what was asked: the import goes on, and each row has its
// effect once.
func TestServerComesAndGoes(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"engagements", "contents"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := setup(t)
			path := s.file("log.csv", deskdrop(5000, 3))
			var calls atomic.Int64
			s.hand.Store(ptr(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				switch calls.Add(1) {
				case 1:
					w.Header().Set("Retry-After", "0")
					w.WriteHeader(http.StatusServiceUnavailable)
				case 2:
					w.WriteHeader(http.StatusTooManyRequests)
				case 3:
					panic(http.ErrAbortHandler) // the connection is cut before anything is done
				case 4:
					next.ServeHTTP(discard{http.Header{}}, r)
					panic(http.ErrAbortHandler) // and here after
				default:
					next.ServeHTTP(w, r)
				}
			}))
			o := deskdropOptions(path)
			o.Server = s.url
			if kind == "contents" {
				o = importer.Options{Kind: kind, Files: []string{path}, Map: []string{"id=contentId,published_at=timestamp"}, Server: s.url}
			}
			sum, err := importer.Run(t.Context(), o)
			if err != nil || sum.Refused != 0 || sum.Admitted+sum.Duplicates != 5003 {
				t.Fatalf("summary %+v, %v", sum, err)
			}
			if kind == "contents" && s.town.contents.len() != 50 || kind == "engagements" && len(s.logged()) != 5000 {
				t.Errorf("%d contents, %d engagements", s.town.contents.len(), len(s.logged()))
			}
		})
	}
	t.Run("for good", func(t *testing.T) {
		t.Parallel()
		s := setup(t)
		s.hand.Store(ptr(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.WriteHeader(http.StatusServiceUnavailable)
		}))
		o := deskdropOptions(s.file("log.csv", deskdrop(10, 0)))
		o.Server, o.Patience = s.url, 10*time.Millisecond
		if sum, err := importer.Run(t.Context(), o); err == nil || sum.Admitted != 0 {
			t.Errorf("summary %+v, %v, want an error", sum, err)
		}
		s.hand.Store(nil)
		s.run([3]int{10, 0, 0}, o)
	})
	t.Run("refuses the key", func(t *testing.T) {
		t.Parallel()
		s := setup(t)
		s.hand.Store(ptr(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			if r.Header.Get("Authorization") != "Bearer secret" {
				t.Errorf("Authorization %q", r.Header.Get("Authorization"))
			}
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `{"title":"Interdit","status":403,"detail":"Cette clé n'a pas le rôle voulu."}`)
		}))
		o := deskdropOptions(s.file("log.csv", deskdrop(10, 0)))
		o.Server, o.Key = s.url, "secret"
		if _, err := importer.Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "rôle voulu") {
			t.Errorf("error %v", err)
		}
	})
}

func TestQuoteLeftOpenIsNotAMemoryLeak(t *testing.T) {
	t.Parallel()
	s := setup(t)
	path := s.file("open.csv", "agent,content,kind\na,c,read\n\"a,c,read\n"+strings.Repeat("x,c,read\n", 1<<20))
	_, err := importer.Run(t.Context(), importer.Options{Kind: "engagements", Files: []string{path}, Server: s.url})
	if err == nil || !strings.Contains(err.Error(), "quote") {
		t.Errorf("error %v", err)
	}
}

func TestProgressIsDrawn(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, kind := range []string{"agents", "engagements"} {
		var drawn bytes.Buffer
		o := deskdropOptions(s.file("log.csv", deskdrop(100, 0)))
		if kind == "agents" {
			o = importer.Options{Kind: kind, Files: o.Files, Map: []string{"id=personId"}}
		}
		o.Server, o.Progress = s.url, &drawn
		if _, err := importer.Run(t.Context(), o); err != nil || !strings.Contains(drawn.String(), kind) {
			t.Errorf("%s: %v, drawn %q", kind, err, drawn.String())
		}
	}
}

// discard is a client that is gone.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

func ptr[T any](v T) *T { return &v }
