//go:build engines

package ldap_test

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/embedded/enginetest"
	"github.com/filengine/fil/ingest/directory"
	"github.com/filengine/fil/ingest/directory/ldap"
	"github.com/filengine/fil/ingest/importer"
)

// slapd is the OpenLDAP that FIL_TEST_LDAP names, as deploy/local/engines starts it, and a unit of it that is the test's
// own. There is no embedded LDAP server, so these tests are of `make test-engines` alone, by their build tag.
type slapd struct {
	t        *testing.T
	conn     *goldap.Conn
	base     string
	settings ldap.Settings
}

const suffix = ",dc=fil,dc=example"

func onSlapd(t *testing.T) *slapd {
	t.Helper()
	named, ok := enginetest.Named("ldap")
	if !ok {
		t.Fatal("FIL_TEST_LDAP names no server: `deploy/local/engines start ldap` starts one, and make test-engines does all")
	}
	ca, err := os.ReadFile(os.Getenv("FIL_TEST_LDAP_CA"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	s := &slapd{t: t, base: "ou=t-" + rand.Text() + suffix}
	if s.conn, err = goldap.DialURL("ldap://" + named.Addresses[0]); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.conn.Close() })
	if err := s.conn.StartTLS(&tls.Config{RootCAs: pool, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}); err != nil {
		t.Fatal(err)
	}
	if err := s.conn.Bind(named.Username, named.Password); err != nil {
		t.Fatal(err)
	}
	s.unit(s.base)
	s.settings = ldap.DefaultSettings()
	s.settings.URL, s.settings.CA, s.settings.Base = "ldap://"+named.Addresses[0], os.Getenv("FIL_TEST_LDAP_CA"), s.base
	s.settings.Bind, s.settings.PasswordFile = "cn=fil"+suffix, filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(s.settings.PasswordFile, []byte(named.Password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *slapd) add(dn string, attributes map[string][]string) {
	s.t.Helper()
	request := goldap.NewAddRequest(dn, nil)
	for name, values := range attributes {
		request.Attribute(name, values)
	}
	if err := s.conn.Add(request); err != nil {
		s.t.Fatalf("add %s: %v", dn, err)
	}
}

func (s *slapd) unit(dn string) {
	s.add(dn, map[string][]string{"objectClass": {"organizationalUnit"}})
}

// person adds one whose classes allow what an inetOrgPerson may have, and Active Directory's attributes.
func (s *slapd) person(dn string, attributes map[string][]string) {
	s.t.Helper()
	all := map[string][]string{"objectClass": {"inetOrgPerson", "filTestAccount"}, "cn": {"x"}, "sn": {"x"}}
	for name, values := range attributes {
		all[name] = values
	}
	s.add(dn, all)
}

func schema() fil.Schema {
	return fil.Schema{{Name: "title", Kind: fil.KindText}, {Name: "groups", Kind: fil.KindList}, {Name: "hired", Kind: fil.KindDate},
		{Name: "until", Kind: fil.KindDate}, {Name: "closed", Kind: fil.KindBoolean}, {Name: "sid", Kind: fil.KindText}}
}

// read gives the agents that the entries become, by distinguished name without the test's own base, and the faults.
func (s *slapd) read(ctx context.Context, settings ldap.Settings) (agents map[string]fil.Agent, faults map[string]string, leftOut int, err error) {
	s.t.Helper()
	mapping, err := importer.NewMapping(schema(), importer.Options{Map: settings.Map, Const: settings.Const, Value: settings.Value})
	if err != nil {
		s.t.Fatal(err)
	}
	source, err := ldap.New(settings, func() time.Time { return time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC) })
	if err != nil {
		s.t.Fatal(err)
	}
	agents, faults = map[string]fil.Agent{}, map[string]string{}
	leftOut, err = source.Rows(ctx, mapping, func(row directory.Row) error {
		name := strings.TrimSuffix(row.Where, ","+s.base)
		mapped, wrong := mapping.Agent(row.Cell)
		if row.Fault != nil {
			wrong = append(fil.Faults{row.Fault}, wrong...)
		}
		if len(wrong) > 0 {
			faults[name] = wrong[0].Field + " " + wrong[0].Problem.FR
			return nil
		}
		agents[name] = mapped.Agent
		return nil
	})
	return agents, faults, leftOut, err
}

// A directory of some hundreds of people, read in pages, by StartTLS and by LDAPS.
func TestPages(t *testing.T) {
	s := onSlapd(t)
	want := map[string]fil.Agent{}
	for u := range 3 {
		unit := fmt.Sprintf("ou=Unité %d", u)
		s.unit(unit + "," + s.base)
		s.unit("ou=Pôle," + unit + "," + s.base)
		for i := range 40 {
			for _, within := range []struct{ dn, path string }{{"", ""}, {"ou=Pôle,", "/Pôle"}} {
				id := fmt.Sprintf("a%d-%d%s", u, i, within.path[min(len(within.path), 1):])
				name := fmt.Sprintf("uid=%s,%s%s", id, within.dn, unit)
				s.person(name+","+s.base, map[string][]string{"title": {"grade " + id}, "l": {"Nantes"}})
				want[name] = fil.Agent{ID: id, Org: fmt.Sprintf("mairie/Unité %d%s", u, within.path), Site: "Nantes", Attributes: map[string]any{"title": "grade " + id}}
			}
		}
	}
	settings := s.settings
	settings.PageSize, settings.OrgPrefix = 50, "mairie/"
	settings.Map = []string{"id=UID,org=dn:path", "site=l", "title=title"}
	for _, url := range []string{settings.URL, "ldaps://" + os.Getenv("FIL_TEST_LDAP_TLS")} {
		settings.URL = url
		got, faults, leftOut, err := s.read(t.Context(), settings)
		if err != nil || len(faults) > 0 || leftOut != 0 {
			t.Fatalf("%s: %v, faults %v, %d left out", url, err, faults, leftOut)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", url, diff)
		}
	}
	t.Run("an account with a limit", func(t *testing.T) {
		limited := settings
		limited.Bind = "cn=limited" + suffix
		if _, _, _, err := s.read(t.Context(), limited); !goldap.IsErrorWithCode(err, goldap.LDAPResultSizeLimitExceeded) || !strings.Contains(err.Error(), "raise it") {
			t.Errorf("error %v, want one about the limit", err)
		}
	})
	t.Run("called off", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		mapping, err := importer.NewMapping(schema(), importer.Options{Map: settings.Map})
		if err != nil {
			t.Fatal(err)
		}
		source, err := ldap.New(settings, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		_, err = source.Rows(ctx, mapping, func(directory.Row) error { cancel(); return nil })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
}

// What Active Directory has of its own, and what an attribute may be.
func TestValues(t *testing.T) {
	s := onSlapd(t)
	guid := string([]byte{0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff})
	account := func(n byte, attributes map[string][]string) map[string][]string {
		attributes["objectGUID"] = []string{guid[:15] + string(rune(n))}
		return attributes
	}
	s.unit("ou=groupes," + s.base)
	s.unit("ou=services," + s.base)
	s.person(`cn=Durand\, Jean,ou=services,`+s.base, account(1, map[string][]string{
		"cn": {"Durand, Jean"}, "title": {"B", "A"}, "userAccountControl": {"512"}, "accountExpires": {"9223372036854775807"}, "whenCreated": {"20200131230000.0Z"},
		"objectSid": {string([]byte{1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0})},
	}))
	s.person("cn=closed,ou=services,"+s.base, account(2, map[string][]string{"cn": {"closed"}, "userAccountControl": {"514"}}))
	s.person("cn=expired,ou=services,"+s.base, account(3, map[string][]string{"cn": {"expired"}, "accountExpires": {"133485408000000000"}}))
	s.person("cn=expires,ou=services,"+s.base, account(4, map[string][]string{"cn": {"expires"}, "accountExpires": {"150000000000000000"}, "title": {"C"}}))
	for _, group := range []string{"Cadres", `Eau\, air`} {
		s.add("cn="+group+",ou=groupes,"+s.base, map[string][]string{"objectClass": {"groupOfNames"}, "member": {`cn=Durand\, Jean,ou=services,` + s.base}})
	}
	s.add("cn=Autres,"+s.base, map[string][]string{"objectClass": {"groupOfNames"}, "member": {`cn=Durand\, Jean,ou=services,` + s.base}})
	settings := s.settings
	settings.GroupsBase = "OU=Groupes," + s.base
	settings.Map = []string{"id=objectGUID:guid,title=title:first,groups=memberOf:cn,hired=whenCreated:time,sid=objectSid:sid"}
	want := map[string]fil.Agent{
		`cn=Durand\2C Jean,ou=services`: {ID: "00112233-4455-6677-8899-aabbccddee01", Attributes: map[string]any{
			"title": "A", "groups": []string{"Cadres", "Eau, air"}, "hired": "2020-01-31", "sid": "S-1-5-32-544"}},
		"cn=expires,ou=services": {ID: "00112233-4455-6677-8899-aabbccddee04", Attributes: map[string]any{"title": "C"}},
	}
	got, faults, leftOut, err := s.read(t.Context(), settings)
	if err != nil || len(faults) > 0 || leftOut != 2 {
		t.Fatalf("%v, faults %v, %d left out", err, faults, leftOut)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	// What closes an account leaves nobody out once it is mapped, or when the settings say so.
	settings.Map = []string{"id=objectGUID:hex,closed=userAccountControl:disabled,until=accountExpires:filetime"}
	got, _, leftOut, err = s.read(t.Context(), settings)
	closed, expired, never := got["cn=closed,ou=services"], got["cn=expired,ou=services"], got[`cn=Durand\2C Jean,ou=services`]
	if err != nil || leftOut != 0 || closed.Attributes["closed"] != true || expired.Attributes["until"] != "2024-01-01" || never.Attributes["until"] != nil {
		t.Errorf("mapped: %v, %d left out, %+v", err, leftOut, got)
	}
	settings.Map, settings.Closed = []string{"id=objectGUID:base64"}, "keep"
	if got, _, leftOut, err = s.read(t.Context(), settings); err != nil || leftOut != 0 || len(got) != 4 {
		t.Errorf("kept: %v, %d left out, %+v", err, leftOut, got)
	}

	settings = s.settings
	for column, want := range map[string]string{"objectGUID": "objectGUID n'est pas du texte", "title": "attributes.title a plusieurs valeurs", "cn:guid": "cn:guid n'a pas la forme attendue : a GUID has 16 bytes"} {
		settings.Map = []string{"id=objectGUID:guid,title=" + column}
		_, faults, _, err := s.read(t.Context(), settings)
		if fault := faults[`cn=Durand\2C Jean,ou=services`]; err != nil || !strings.HasPrefix(fault, want) {
			t.Errorf("%s: %v, fault %q, want %q", column, err, fault, want)
		}
	}
}

// Each thing that an operator may get wrong is said, and nothing is sent in clear.
func TestRefused(t *testing.T) {
	s := onSlapd(t)
	s.person("cn=a,"+s.base, map[string][]string{})
	s.settings.Map = []string{"id=cn"}
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, c := range map[string]struct {
		change func(*ldap.Settings)
		want   string
	}{
		"wrong password":           {func(s *ldap.Settings) { s.PasswordFile = write("no") }, "log in to"},
		"unknown authority":        {func(s *ldap.Settings) { s.CA = "" }, "begin TLS (StartTLS)"},
		"unknown authority, LDAPS": {func(s *ldap.Settings) { s.CA, s.URL = "", "ldaps://"+os.Getenv("FIL_TEST_LDAP_TLS") }, "connect to ldaps://"},
		"no such base":             {func(n *ldap.Settings) { n.Base = "ou=none," + s.base }, "base names nothing"},
		"nobody listens":           {func(s *ldap.Settings) { s.URL = "ldap://127.0.0.1:1" }, "connect to"},
		"nobody in particular":     {func(s *ldap.Settings) { s.Bind, s.PasswordFile = "", "" }, "base names nothing"},
		"no such form":             {func(s *ldap.Settings) { s.Map = []string{"id=cn:guide"} }, `la colonne "cn:guide" n'existe pas`},
		"no such form of the name": {func(s *ldap.Settings) { s.Map = []string{"id=dn:cn"} }, `la colonne "dn:cn" n'existe pas`},
	} {
		settings := s.settings
		c.change(&settings)
		if _, _, _, err := s.read(t.Context(), settings); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}
