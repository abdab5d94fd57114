package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// altered has the attestation of p0, in a file, say that p1 did it: that is not what was signed, however it is asked.
func (c chancery) altered(file, given string) {
	t := c.T
	t.Helper()
	changed := strings.Replace(given, `"agent":"p0"`, `"agent":"p1"`, 1)
	if err := os.WriteFile(file, []byte(changed), 0o600); err != nil || changed == given {
		t.Fatalf("nothing is changed: %v, %s", err, given)
	}
	if out, status := run(t, "register", "verify", file, "--server", c.Base, "--key", c.Keys["communicator"]); status == exitDone || !strings.Contains(out, "ce qu'on y lit n'est pas ce qui a été signé") {
		t.Errorf("verify what was changed: %d %s", status, out)
	}
	if out, status := run(t, "register", "verify", file+".none", "--server", c.Base, "--key", c.Keys["communicator"]); status == exitDone || !strings.Contains(out, ".none") {
		t.Errorf("verify a file that is not there: %d %s", status, out)
	}
	for text, want := range map[string]string{given: "est valable", changed: "ce qu'on y lit n'est pas", "Bonjour": "Ce n'est pas une attestation"} {
		pasted, err := json.Marshal(map[string]string{"attestation": text})
		if err != nil {
			t.Fatal(err)
		}
		bodies := []string{string(pasted)}
		if strings.HasPrefix(text, "{") {
			bodies = append(bodies, text) // as it was given
		}
		for _, body := range bodies {
			var said struct {
				Valid       bool
				Detail      string
				Attestation *struct{ Agent string }
			}
			c.Must(http.MethodPost, "/v1/register/verify", c.Keys["p1"], body, 200).JSON(t, &said)
			if said.Valid != (text == given) || said.Valid != (said.Attestation != nil) || !strings.Contains(said.Detail, want) {
				t.Errorf("%s: %+v, want %s", body, said, want)
			}
		}
	}
	c.Must(http.MethodPost, "/v1/register/verify", c.Keys["p1"], `{"attestation":5}`, 422)
	c.Must(http.MethodPost, "/v1/register/verify", c.Keys["p1"], `{"signed":"a.b.c"}`, 422)
}

func (c chancery) attested() {
	t := c.T
	t.Helper()
	file := filepath.Join(t.TempDir(), "attestation.json")
	out, status := run(t, "register", "attest", "charte-P", "p0", "--server", c.Base, "--key", c.Keys["P"])
	if err := os.WriteFile(file, []byte(out), 0o600); err != nil || status != exitDone {
		t.Fatalf("attest: %v, %d %s", err, status, out)
	}
	if out, status := run(t, "register", "verify", file, "--server", c.Base, "--key", c.Keys["communicator"]); status != exitDone || !strings.Contains(out, "p0") {
		t.Errorf("verify: %d %s", status, out)
	}
	c.altered(file, out)
	var own struct {
		Signed, Code string
		Attestation  struct{ Agent, By, Revision, Title string }
	}
	c.Must(http.MethodGet, "/v1/register/contents/charte-P/attestation", c.Keys["p0"], "", 200).JSON(t, &own)
	if a := own.Attestation; a.Agent != "p0" || a.By != "agent" || len(a.Revision) != 64 || a.Title != "Charte informatique P" {
		t.Errorf("p0's own: %+v", own)
	}
	part := strings.Split(own.Signed, ".")
	middle := []byte(part[1])
	middle[len(middle)/2] ^= 1
	for signed, valid := range map[string]bool{own.Signed: true, own.Signed[:40] + "\n " + own.Signed[40:]: true, part[0] + "." + string(middle) + "." + part[2]: false, "": false, "a.b.c": false} {
		var said struct{ Valid bool }
		c.Must(http.MethodPost, "/v1/register/verify", c.Keys["p1"], fmt.Sprintf(`{"attestation":%q}`, signed), 200).JSON(t, &said)
		if said.Valid != valid {
			t.Errorf("%.30s… is said to be valid: %v", signed, said.Valid)
		}
	}
	c.Must(http.MethodGet, "/v1/register/contents/charte-P/attestation?agent=p0", c.Keys["p1"], "", 403)
	c.Must(http.MethodGet, "/v1/register/contents/charte-P/attestation", c.Keys["p1"], "", 404)
	page := c.Must(http.MethodGet, "/v1/register/contents/charte-P/attestation?agent=p0&format=html", c.Keys["all"], "", 200)
	if policy := page.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy of the document: %s", policy)
	}
	for _, want := range []string{"Attestation de prise de connaissance", "p0", own.Attestation.Revision, "Code de vérification", `<html lang="fr">`} {
		if !strings.Contains(string(page.Body), want) {
			t.Errorf("the document does not say %q:\n%s", want, page.Body)
		}
	}
	if strings.Contains(string(page.Body), "<script") || strings.Contains(string(page.Body), "style=") {
		t.Error("the document has scripts or styles of its own")
	}
	var sheet struct {
		Attestation struct{ Counts registerCounted }
	}
	c.Must(http.MethodGet, "/v1/register/contents/charte-P/attestation", c.Keys["P"], "", 200).JSON(t, &sheet)
	if n := sheet.Attestation.Counts; n.Acknowledged != 2 || *n.Targeted != 3 {
		t.Errorf("the sheet: %+v", n)
	}
}
