package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/cmd/fil/filtest"
)

// An identity manager makes people and groups; rules, feeds and the API see them as it wants at once.
func TestDirectoryComesInBySCIM(t *testing.T) {
	h := startHere(t, func(cfg *config.Config) {
		cfg.Directory.SCIM.Enabled = true
		cfg.Directory.SCIM.Attributes = map[string]string{"job": "title"}
	})
	ingest, communicator, service := h.Keys["ingest"], h.Keys["communicator"], h.Keys["service"]
	h.Must("GET", "/scim/v2/Users", "", "", http.StatusUnauthorized)
	h.Must("GET", "/scim/v2/Users", communicator, "", http.StatusForbidden)
	h.Must("POST", "/scim/v2/Users", ingest, `{"userName":"ana@ville.fr","externalId":"ana","title":"Jardinière",
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"organization":"Ville","department":"Parcs"}}`, http.StatusCreated)
	h.Must("POST", "/scim/v2/Users", ingest, `{"userName":"bob@ville.fr","externalId":"bob","title":"Juriste"}`, http.StatusCreated)
	if got := h.Must("GET", "/v1/agents/ana", ingest, "", http.StatusOK); !strings.Contains(string(got.Body), `"org":"Ville/Parcs"`) || strings.Contains(string(got.Body), "ana@ville.fr") {
		t.Errorf("the agent is %s", got.Body)
	}
	var group struct{ ID string }
	h.Must("POST", "/scim/v2/Groups", ingest, `{"displayName":"Élus du comité","members":[{"value":"bob"}]}`, http.StatusCreated).JSON(t, &group)
	if !strings.HasPrefix(group.ID, "scim-elus-du-comite-") {
		t.Errorf("the group's id is %q", group.ID)
	}
	h.Must("PUT", "/v1/audiences/jardins", communicator, `{"name":"Jardins","rule":"job == \"Jardinière\""}`, http.StatusCreated)
	h.Must("PUT", "/v1/contents/taille", ingest, `{"title":"Taille des haies","audiences":["jardins"]}`, http.StatusCreated)
	h.Must("PUT", "/v1/contents/comite", ingest, `{"title":"Prochain comité","audiences":["`+group.ID+`"]}`, http.StatusCreated)
	reads := func(agent string) string {
		var page filtest.FeedPage
		h.Must("GET", "/v1/agents/"+agent+"/feed", service, "", http.StatusOK).JSON(t, &page)
		var ids []string
		for _, item := range page.Items {
			ids = append(ids, item.Content.ID)
		}
		return strings.Join(ids, " ")
	}
	if ana, bob := reads("ana"), reads("bob"); ana != "taille" || bob != "comite" {
		t.Errorf("ana reads %q and bob %q", ana, bob)
	}
	suspended := func(value string) {
		h.Must("PATCH", "/scim/v2/Users/ana", ingest, `{"Operations":[{"op":"Replace","path":"active","value":"`+value+`"}]}`, http.StatusOK)
	}
	suspended("False")
	h.Must("GET", "/v1/agents/ana/feed", service, "", http.StatusNotFound)
	h.Must("GET", "/scim/v2/Users/ana", ingest, "", http.StatusOK)
	exported := string(h.Must("GET", "/v1/agents:export", ingest, "", http.StatusOK).Body)
	if !strings.Contains(exported, `"inactive":true,"directory":{`) || !strings.HasSuffix(strings.TrimSpace(exported), `{"exported":2}`) || strings.Count(exported, `"userName"`) != 2 {
		t.Errorf("exported %s", exported)
	}
	csv := filepath.Join(t.TempDir(), "agents.csv") // a source that lists ana and not bob touches neither
	if err := os.WriteFile(csv, []byte("id,org\nana,Ville\nzoé,Ville\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, status := run(t, "sync", "csv", csv, "--server", h.Base, "--key", ingest, "--apply", "--json")
	if status != exitDone || !strings.Contains(out, `"added":1,"changed":0,"removed":0,"unchanged":0,"kept":0`) || !strings.Contains(out, "gestionnaire d'identités") {
		t.Errorf("sync: status %d, %s", status, out)
	}
	suspended("True")
	if got := reads("ana"); got != "taille" {
		t.Errorf("back, ana reads %q", got)
	}
	h.Must("DELETE", "/scim/v2/Groups/"+group.ID, ingest, "", http.StatusNoContent)
	if got := reads("bob"); got != "" {
		t.Errorf("without the group, bob reads %q", got)
	}
}

func TestSCIMIsOffUntilEnabled(t *testing.T) {
	h := startHere(t)
	got := h.Must("POST", "/scim/v2/Users", h.Keys["ingest"], `{"userName":"a","externalId":"a"}`, http.StatusNotFound)
	if !strings.Contains(string(got.Body), "directory.scim.enabled") || got.Header.Get("Content-Type") != "application/scim+json" {
		t.Errorf("answered %s as %s", got.Body, got.Header.Get("Content-Type"))
	}
}
