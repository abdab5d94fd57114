package register_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/filengine/fil/analytics/register"
)

// keeper makes a register that only signs.
func keeper(t testing.TB) *register.Register {
	t.Helper()
	r, err := register.New(register.Parts{Secret: []byte("a secret that only tests know"), Zone: time.UTC, Keep: time.Hour, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var ofA = register.Attestation{
	Kind: register.AttestsOne, Content: "charte", Title: "Charte <b> & « règles »", Revision: strings.Repeat("ab", 32), Agent: "a", By: "agent", InForce: true,
	AcknowledgedAt: start, IssuedAt: start, Issuer: "fil",
}

// What the product gives verifies however it was copied; of what was changed, the verdict says what kind of thing it is.
func TestVerify_ReadsWhatIsGiven(t *testing.T) {
	r := keeper(t)
	document, signed, err := r.Attested(ofA)
	if err != nil {
		t.Fatal(err)
	}
	var laidOut bytes.Buffer
	if err := json.Indent(&laidOut, document, "", "\t"); err != nil {
		t.Fatal(err)
	}
	var values map[string]any
	if err := json.Unmarshal(document, &values); err != nil {
		t.Fatal(err)
	}
	sorted, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	given := string(document)
	change := func(old, with string) string {
		t.Helper()
		if strings.Count(given, old) == 0 {
			t.Fatalf("%s has no %s", given, old)
		}
		return strings.Replace(given, old, with, 1)
	}
	head, rest, _ := strings.Cut(signed, ".")
	for text, want := range map[string]error{
		signed: nil, " " + signed[:50] + " \r\n" + signed[50:] + "\n": nil, given: nil, "\ufeff" + given + "\n": nil, laidOut.String(): nil, string(sorted): nil,
		change("« règles »", `\u00ab r\u00e8gles \u00bb`): nil,

		change(`"agent":"a"`, `"agent":"b"`):                            register.ErrReadable,
		change(`"agent":"a"`, `"agent":"b","agent":"a"`):                register.ErrReadable,
		change(`"agent":"a"`, `"agent":5`):                              register.ErrReadable,
		change(`"agent":"a"`, `"agent":"a","grade":"A+"`):               register.ErrReadable,
		change(`"agent":"a",`, ``):                                      register.ErrReadable,
		change(`"in_force":true`, `"in_force":false`):                   register.ErrReadable,
		change(`{"attestation"`, `{"note":"b","attestation"`):           register.ErrReadable,
		change(`{"attestation"`, `{"attestation":{},"attestation"`):     register.ErrReadable,
		change(`"code":"`, `"code":"0`):                                 register.ErrReadable,
		change(signed, head+"."+strings.Replace(rest, "e", "f", 1)):     register.ErrForged,
		head + "." + strings.Replace(rest, "e", "f", 1):                 register.ErrForged,
		strings.Replace(given, `"signed":"`, `"signed":"x`, 1):          register.ErrNoAttestation,
		signed[:len(signed)/2]:                                          register.ErrNoAttestation,
		"":                                                              register.ErrNoAttestation,
		"{}":                                                            register.ErrNoAttestation,
		given + given:                                                   register.ErrNoAttestation,
		"Le texte de ma charte. Merci. Bien à vous":                     register.ErrNoAttestation,
		"eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhIn0.AAAA":     register.ErrNoAttestation,
		"eyJhbGciOiJub25lIiwidHlwIjoiZmlsLWF0dGVzdGF0aW9uK2p3cyJ9.e30.": register.ErrForged,
	} {
		a, said, err := r.Verify(text)
		if !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%s: %v, want %v", text, err, want)
		}
		if err == nil && (said != signed || !reflect.DeepEqual(a, ofA)) || err != nil && a != (register.Attestation{}) {
			t.Errorf("%s: %+v, signed %s", text, a, said)
		}
	}
}

// FuzzVerify: nothing is taken for an attestation but what was signed here, whatever it is made of, and nothing else is read
// in it.
func FuzzVerify(f *testing.F) {
	r := keeper(f)
	document, signed, err := r.Attested(ofA)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		"", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJIUzI1NiJ9.e30.AAAA", strings.Repeat(".", 9000), signed, string(document),
		`{"signed":"` + signed + `"}`, `{"attestation":{"agent":"b"},"signed":"` + signed + `","code":""}`, strings.Repeat("[", 9000), `{"attestation":` + strings.Repeat(`{"a":`, 2000),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, _, err := r.Verify(text)
		if err != nil {
			return
		}
		if !reflect.DeepEqual(a, ofA) {
			t.Errorf("%q is an attestation: %+v", text, a)
		}
		if text = strings.TrimSpace(strings.TrimPrefix(text, "\ufeff")); !strings.HasPrefix(text, "{") {
			return
		}
		var read struct{ Attestation register.Attestation }
		if err := json.Unmarshal([]byte(text), &read); err != nil || !reflect.DeepEqual(read.Attestation, ofA) {
			t.Errorf("%q is valid and reads %+v, %v", text, read, err)
		}
	})
}
