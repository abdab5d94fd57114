package access_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/humatest"
	"golang.org/x/sync/errgroup"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/access"
)

type clock struct{ at time.Time }

func (c *clock) now() time.Time          { return c.at }
func (c *clock) advance(d time.Duration) { c.at = c.at.Add(d) }

func setup(t *testing.T) (*access.Bearers, *access.Keyring, *access.Signer, *clock, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "made", "keys.json")
	time := &clock{at: time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)}
	ring, err := access.OpenKeyring(path, time.now)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := access.OpenSecret(filepath.Join(filepath.Dir(path), "secret.key"))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := access.NewSigner(secret, time.now)
	if err != nil {
		t.Fatal(err)
	}
	return access.NewBearers(ring, signer, time.now), ring, signer, time, path
}

func TestKeys(t *testing.T) {
	bearers, _, _, time, path := setup(t)
	other, err := access.OpenKeyring(path, time.now) // as another process does
	if err != nil {
		t.Fatal(err)
	}
	text, err := other.Create(fil.RoleLeader, "cabinet")
	if err != nil {
		t.Fatal(err)
	}
	stored, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(stored), text) {
		t.Fatalf("the file holds the key's text, or cannot be read: %v", err)
	}
	if caller, err := bearers.Authenticate(text); err != nil || caller.Role != fil.RoleLeader {
		t.Fatalf("a key made elsewhere is not seen: %+v, %v", caller, err)
	}
	for _, wrong := range []string{"", "fil_", "fil_x_y", text + "x", text[:len(text)-1], strings.ToUpper(text)} {
		if _, err := bearers.Authenticate(wrong); !errors.Is(err, access.ErrUnknown) {
			t.Errorf("%q passes: %v", wrong, err)
		}
	}
	keys, err := other.Keys()
	if err != nil || len(keys) != 1 {
		t.Fatalf("got %v, %v", keys, err)
	}
	if err := other.Revoke(keys[0].ID); err != nil {
		t.Fatal(err)
	}
	time.advance(second)
	if _, err := bearers.Authenticate(text); !errors.Is(err, access.ErrUnknown) {
		t.Errorf("a revoked key passes: %v", err)
	}
	if err := other.Revoke("none"); err == nil {
		t.Error("revoking an unknown key is no error")
	}
	if _, err := other.Create(fil.RoleAgent, ""); err == nil {
		t.Error("an agent gets a key, not a token")
	}
}

// A key's scope is that of its caller, and of no role but those that aim at agents and count them.
func TestScopes(t *testing.T) {
	bearers, ring, _, _, path := setup(t)
	for _, scope := range []access.Scope{{}, {Perimeter: "dgst"}, {Sample: true}, {Perimeter: "dgst", Sample: true}, {Register: true}, {Perimeter: "dgst", Register: true}} {
		for _, role := range fil.Roles() {
			may := role == fil.RoleCommunicator || role == fil.RoleLeader || scope == access.Scope{} && role != fil.RoleAgent
			text, err := ring.CreateScoped(role, "", scope)
			if (err == nil) != may {
				t.Errorf("a key of %s with %+v: %v", role, scope, err)
			}
			if err != nil {
				continue
			}
			caller, err := bearers.Authenticate(text)
			if err != nil || caller.Role != role || caller.Perimeter != scope.Perimeter || caller.Sample != scope.Sample || caller.Register != scope.Register {
				t.Errorf("the caller of a key of %s with %+v is %+v, %v", role, scope, caller, err)
			}
		}
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	forged := bytes.ReplaceAll(raw, []byte(`"role": "communicator"`), []byte(`"role": "service"`))
	if _, err := access.DecodeKeys(forged); err == nil {
		t.Error("a key of a service has a perimeter that nothing holds it to")
	}
}

const second = time.Second

func TestTokens(t *testing.T) {
	bearers, _, signer, clock, _ := setup(t)
	token, err := signer.Token(fil.Caller{Role: fil.RoleAgent, Agent: "a1"}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time from memory
		if caller, err := bearers.Authenticate(token); err != nil || caller.Agent != "a1" || caller.Role != fil.RoleAgent {
			t.Fatalf("got %+v, %v", caller, err)
		}
	}
	parts := strings.Split(token, ".")
	for name, forged := range map[string]string{
		"other signature": parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2])),
		"no signature":    "eyJhbGciOiJub25lIn0." + parts[1] + ".",
		"cut":             token[:len(token)-4],
	} {
		if _, err := bearers.Authenticate(forged); !errors.Is(err, access.ErrUnknown) {
			t.Errorf("%s passes: %v", name, err)
		}
	}
	clock.advance(2 * time.Hour)
	if _, err := bearers.Authenticate(token); !errors.Is(err, access.ErrUnknown) {
		t.Errorf("an expired token passes: %v", err)
	}
	stranger, err := access.NewSigner([]byte(strings.Repeat("s", 32)), clock.now)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := stranger.Token(fil.Caller{Role: fil.RoleAgent, Agent: "a1"}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bearers.Authenticate(foreign); !errors.Is(err, access.ErrUnknown) {
		t.Errorf("a token of another server passes: %v", err)
	}
	if _, err := signer.Token(fil.Caller{Role: fil.RoleAgent}, time.Hour); err == nil {
		t.Error("a token for no agent is signed")
	}
}

func TestMiddleware(t *testing.T) {
	bearers, ring, signer, _, _ := setup(t)
	settings := huma.DefaultConfig("t", "1")
	settings.Transformers = append(settings.Transformers, access.Localise)
	_, api := humatest.New(t, settings)
	api.UseMiddleware(access.Middleware(api, bearers))
	handle := func(ctx context.Context, _ *struct{}) (*struct{ Body string }, error) {
		return &struct{ Body string }{fil.CallerFrom(ctx).Agent}, nil
	}
	huma.Register(api, huma.Operation{OperationID: "own", Method: http.MethodGet, Path: "/own",
		Security: []map[string][]string{{access.Scheme: {string(fil.RoleAgent)}}}}, handle)
	huma.Register(api, huma.Operation{OperationID: "forgotten", Method: http.MethodGet, Path: "/forgotten"}, handle)
	token, err := signer.Token(fil.Caller{Role: fil.RoleAgent, Agent: "a1"}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ring.Create(fil.RoleLeader, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path, bearer string
		status       int
	}{
		{"/own", "", 401}, {"/own", "wrong", 401}, {"/own", key, 403}, {"/own", token, 200},
		{"/forgotten", token, 403}, {"/forgotten", key, 403},
	} {
		resp := api.Get(c.path, "Authorization: Bearer "+c.bearer)
		if resp.Code != c.status {
			t.Errorf("%s with %.12q: %d, want %d", c.path, c.bearer, resp.Code, c.status)
		}
		if c.status == 401 && !strings.Contains(resp.Body.String(), `"title":"Clé refusée"`) {
			t.Errorf("the title is not in French: %s", resp.Body)
		}
		if c.status == 200 && !strings.Contains(resp.Body.String(), "a1") {
			t.Errorf("the handler does not see the caller: %s", resp.Body)
		}
	}
}

func FuzzDecodeKeys(f *testing.F) {
	f.Add([]byte(`[{"id":"1","role":"leader","hash":"` + strings.Repeat("0", 64) + `"}]`))
	f.Add([]byte(`{}`))
	f.Add([]byte(`[{"id":"1","role":"service","perimeter":"p","sample":true,"hash":"` + strings.Repeat("0", 64) + `"}]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		keys, err := access.DecodeKeys(raw)
		for id, k := range keys {
			scoped := k.Scope != access.Scope{} && k.Role != fil.RoleCommunicator && k.Role != fil.RoleLeader
			if err != nil || id == "" || k.Role == fil.RoleAgent || scoped {
				t.Fatalf("accepted %+v with %v", k, err)
			}
		}
	})
}

// Whoever opens the secret at the same moment for the first time gets the same one, from one process number too, as
// containers on one folder have.
func TestOpenSecret_IsOneForAll(t *testing.T) {
	for range 50 {
		path := filepath.Join(t.TempDir(), "secret.key")
		const openers = 8
		secrets := make([][]byte, openers)
		var group errgroup.Group
		for i := range secrets {
			group.Go(func() (err error) {
				secrets[i], err = access.OpenSecret(path)
				return err
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
		kept, err := os.ReadFile(path)
		if err != nil || len(kept) != 32 {
			t.Fatalf("%d bytes are kept, error %v", len(kept), err)
		}
		for i, secret := range secrets {
			if !bytes.Equal(secret, kept) {
				t.Fatalf("opener %d has another secret than the one kept", i)
			}
		}
	}
}
