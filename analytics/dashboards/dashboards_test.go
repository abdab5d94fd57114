package dashboards_test

import (
	"testing"

	"github.com/filengine/fil"
)

func TestSmoke(t *testing.T) {
	of := crowd(600)
	of.publish("a", "b")
	for i, p := range of.people {
		of.acts = append(of.acts, act{fil.Impression, p.id, "a", 1 + i%5, 9})
		if i%2 == 0 {
			of.acts = append(of.acts, act{fil.Read, p.id, "a", i % 5, 9})
		}
		if i%3 == 0 {
			of.acts = append(of.acts, act{fil.Acknowledge, p.id, "b", 2, 9})
		}
	}
	w := build(t, of)
	for _, path := range []string{"overview", "overview?by=org", "overview?by=grade&every=week", "contents/a?where=org:mairie/eau&by=grade", "audiences/x", "funnel?content=a", "equity?by=site", "services", "pressure", "hours", "contents/zz", "overview?by=skills&from=x"} {
		status, body, _ := w.ask(path)
		t.Log(path, status, body)
	}
	_, body, _ := w.ask("services", "Accept: text/csv")
	t.Log(body)
	s, body, h := w.ask("services", "Accept: application/vnd.apache.parquet")
	t.Log(s, len(body), h)
}
