package ldap

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// Settings say where a directory is, who reads it, and what of it becomes agents.
type Settings struct {
	URL          string        `koanf:"url"`           // ldaps://HOST, or ldap://HOST, which StartTLS always follows
	CA           string        `koanf:"ca"`            // PEM file of the authorities trusted; empty: those of the system
	Bind         string        `koanf:"bind"`          // distinguished name of who reads; empty: nobody in particular
	PasswordFile string        `koanf:"password_file"` // of a file that holds the password alone
	Base         string        `koanf:"base"`          // distinguished name under which entries are read
	Filter       string        `koanf:"filter"`        // RFC 4515
	PageSize     uint32        `koanf:"page_size"`     // entries asked for at a time
	Timeout      time.Duration `koanf:"timeout"`       // of the connection and of each page
	Closed       string        `koanf:"closed"`        // accounts disabled or expired: "skip", as if they were not there, or "keep"
	OrgPrefix    string        `koanf:"org_prefix"`    // put before the organisation that dn:path gives
	GroupsBase   string        `koanf:"groups_base"`   // only the groups below it count in ATTRIBUTE:cn; empty: all

	Map   []string `koanf:"map"` // field=column, as `fil import --map`; columns: see Columns in the package's comment
	Const []string `koanf:"const"`
	Value []string `koanf:"value"`
}

// DefaultSettings are those that an operator need not give.
func DefaultSettings() Settings {
	return Settings{Filter: "(objectClass=person)", PageSize: 1000, Timeout: time.Minute, Closed: "skip"}
}

// Validate gathers every fault.
func (s Settings) Validate() error {
	var errs []error
	fail := func(key, problem string, args ...any) { errs = append(errs, fmt.Errorf(key+": "+problem, args...)) }
	if u, err := url.Parse(s.URL); err != nil || u.Scheme != "ldap" && u.Scheme != "ldaps" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" {
		fail("url", "%q is not ldaps://HOST or ldap://HOST", s.URL)
	}
	if s.Bind != "" && s.PasswordFile == "" {
		fail("password_file", "is needed with bind")
	}
	for key, dn := range map[string]string{"bind": s.Bind, "base": s.Base, "groups_base": s.GroupsBase} {
		if _, err := ldap.ParseDN(dn); err != nil {
			fail(key, "%q is not a distinguished name: %w", dn, err)
		}
	}
	if s.Base == "" {
		fail("base", "is needed, such as ou=agents,dc=example,dc=fr")
	}
	if _, err := ldap.CompileFilter(s.Filter); err != nil {
		fail("filter", "%q: %w", s.Filter, err)
	}
	if s.PageSize < 1 || s.PageSize > 100_000 {
		fail("page_size", "%d is not between 1 and 100000", s.PageSize)
	}
	if s.Timeout < time.Second {
		fail("timeout", "%s is under a second", s.Timeout)
	}
	if !slices.Contains([]string{"skip", "keep"}, s.Closed) {
		fail("closed", "%q is not skip or keep", s.Closed)
	}
	if len(s.Map) == 0 {
		fail("map", "is needed, such as [id=uid, org=dn:path]")
	}
	return errors.Join(errs...)
}
