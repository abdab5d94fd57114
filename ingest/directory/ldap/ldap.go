// Package ldap reads the entries of an LDAP directory, Active Directory among them, as a source of agents.
//
// It hides the protocol: TLS, the login, pages (RFC 2696), attributes of bytes, of several values and of Microsoft's own
// kinds. It guarantees that nothing is sent in clear, that no referral is followed and no alias dereferenced, that no more
// than a page is held at a time, and that a read which the server cut short, for whatever reason, is an error.
//
// A column is the name of an attribute, in any case, or "dn"; a form may follow: dn:path (the organisational units below
// the base, highest first), memberOf:cn (the groups' first names), objectGUID:guid, objectSid:sid, :hex, :base64
// (RFC 4648, for URLs, without padding), whenCreated:time (RFC 4517), accountExpires:filetime, userAccountControl:disabled,
// mail:first (of several values, the first in alphabetical order).
package ldap

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/filengine/fil/ingest/directory"
)

// Source is a directory to read. It is made by New.
type Source struct {
	settings Settings
	now      func() time.Time
	tls      *tls.Config
	password string
	base     *ldap.DN
	forms    map[string]form
}

// New validates the settings and reads the files that they name. now says which accounts have expired.
func New(s Settings, now func() time.Time) (*Source, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	u, err := url.Parse(s.URL)
	if err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	source := &Source{settings: s, now: now, tls: &tls.Config{MinVersion: tls.VersionTLS12, ServerName: u.Hostname()}}
	if s.CA != "" {
		authorities, err := os.ReadFile(s.CA)
		if err != nil {
			return nil, fmt.Errorf("ca: %w", err)
		}
		source.tls.RootCAs = x509.NewCertPool()
		if !source.tls.RootCAs.AppendCertsFromPEM(authorities) {
			return nil, fmt.Errorf("ca: %s holds no certificate in PEM", s.CA)
		}
	}
	if s.PasswordFile != "" {
		password, err := os.ReadFile(s.PasswordFile)
		if err != nil {
			return nil, fmt.Errorf("password_file: %w", err)
		}
		if source.password = strings.TrimRight(string(password), "\r\n"); source.password == "" {
			return nil, fmt.Errorf("password_file: %s is empty", s.PasswordFile)
		}
	}
	if source.base, err = ldap.ParseDN(s.Base); err != nil {
		return nil, fmt.Errorf("base: %w", err)
	}
	var groups *ldap.DN
	if s.GroupsBase != "" {
		if groups, err = ldap.ParseDN(s.GroupsBase); err != nil {
			return nil, fmt.Errorf("groups_base: %w", err)
		}
	}
	source.forms = forms(groups)
	return source, nil
}

// Rows reads every entry, a page at a time.
func (s *Source) Rows(ctx context.Context, m *directory.Mapping, visit func(directory.Row) error) (leftOut int, err error) {
	columns, err := s.columns(m.Columns())
	if err != nil {
		return 0, err
	}
	conn, err := s.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	paging := ldap.NewControlPaging(s.settings.PageSize)
	request := ldap.NewSearchRequest(s.settings.Base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases,
		0, int(s.settings.Timeout.Seconds()), false, s.settings.Filter, attributes(columns), []ldap.Control{paging})
	for {
		page, err := conn.Search(request)
		if err != nil {
			return 0, s.explain(ctx, err)
		}
		for _, e := range page.Entries {
			if s.closed(e, columns) {
				leftOut++
				continue
			}
			if err := visit(s.row(e, columns)); err != nil {
				return 0, err
			}
		}
		next, ok := ldap.FindControl(page.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging)
		if !ok || len(next.Cookie) == 0 {
			return leftOut, nil
		}
		paging.SetCookie(next.Cookie)
	}
}

// connect opens an encrypted connection and logs in.
func (s *Source) connect(ctx context.Context) (*ldap.Conn, error) {
	dialer := &net.Dialer{Timeout: s.settings.Timeout}
	if deadline, ok := ctx.Deadline(); ok {
		dialer.Deadline = deadline
	}
	conn, err := ldap.DialURL(s.settings.URL, ldap.DialWithDialer(dialer), ldap.DialWithTLSConfig(s.tls))
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", s.settings.URL, err)
	}
	conn.SetTimeout(s.settings.Timeout)
	if strings.HasPrefix(strings.ToLower(s.settings.URL), "ldap:") {
		if err := conn.StartTLS(s.tls); err != nil {
			_ = conn.Close()
			return nil, fmt.Errorf("begin TLS (StartTLS) with %s: %w", s.settings.URL, err)
		}
	}
	if s.settings.Bind == "" {
		return conn, nil
	}
	if err := conn.Bind(s.settings.Bind, s.password); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("log in to %s as %s: %w", s.settings.URL, s.settings.Bind, err)
	}
	return conn, nil
}

// explain says what a read that was not whole asks of the operator.
func (s *Source) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	hint := ""
	switch {
	case ldap.IsErrorAnyOf(err, ldap.LDAPResultSizeLimitExceeded, ldap.LDAPResultAdminLimitExceeded):
		hint = " (the server stops at its limit: raise it for this account, or lower page_size)"
	case ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject):
		hint = " (base names nothing that this account may see)"
	case ldap.IsErrorWithCode(err, ldap.LDAPResultReferral):
		hint = " (base is on another server: name that one in url)"
	}
	return fmt.Errorf("read %s under %q%s: %w", s.settings.URL, s.settings.Base, hint, err)
}

// column is one column of a mapping.
type column struct {
	name      string // as the mapping has it
	attribute string // empty: the distinguished name
	form      string
}

// sorted is the form that gives one value of several, and path the one that only "dn" has.
const (
	firstForm = "first"
	pathForm  = "path"
)

func (s *Source) columns(names []string) ([]column, error) {
	columns := make([]column, 0, len(names))
	for _, name := range names {
		c := column{name: name}
		c.attribute, c.form, _ = strings.Cut(name, ":")
		_, known := s.forms[c.form]
		dn := strings.EqualFold(c.attribute, "dn")
		if dn {
			c.attribute, known = "", c.form == "" || c.form == pathForm
		}
		if !known && (dn || c.form != firstForm) {
			return nil, &directory.UsageError{Problem: unknownForm(name)}
		}
		columns = append(columns, c)
	}
	return columns, nil
}

// What closes an account in Active Directory.
const (
	userAccountControl = "userAccountControl"
	accountExpires     = "accountExpires"
)

func attributes(columns []column) []string {
	names := []string{userAccountControl, accountExpires}
	for _, c := range columns {
		if c.attribute != "" {
			names = append(names, c.attribute)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// closed says whether an entry is of an account that is disabled or has expired, and does not count. A mapping that takes
// the attribute that says so wants these accounts.
func (s *Source) closed(e *ldap.Entry, columns []column) bool {
	mapped := func(attribute string) bool {
		return slices.ContainsFunc(columns, func(c column) bool { return strings.EqualFold(c.attribute, attribute) })
	}
	if s.settings.Closed == "keep" {
		return false
	}
	if flag, err := disabled(e.GetEqualFoldAttributeValue(userAccountControl)); err == nil && flag == "true" && !mapped(userAccountControl) {
		return true
	}
	at, ever, err := FileTime(e.GetEqualFoldAttributeValue(accountExpires))
	return err == nil && ever && !at.After(s.now()) && !mapped(accountExpires)
}

// row reads the columns of an entry; what cannot be read of one is a fault of the row.
func (s *Source) row(e *ldap.Entry, columns []column) directory.Row {
	cells := make(map[string]any, len(columns))
	row := directory.Row{Where: e.DN, Cell: func(name string) any { return cells[name] }}
	for _, c := range columns {
		value, err := s.cell(e, c)
		if err != nil && row.Fault == nil {
			row.Fault = fault(c.name, err)
		}
		if len(value) > 0 {
			cells[c.name] = value
		}
	}
	return row
}

// errCut is an attribute of which the server gave a part.
var errCut = errors.New("has more values than the server gives at once")

func (s *Source) cell(e *ldap.Entry, c column) ([]any, error) {
	switch {
	case c.attribute == "" && c.form == pathForm:
		path, err := Path(e.DN, s.base)
		if err != nil {
			return nil, err
		}
		return texts(strings.Trim(strings.Trim(s.settings.OrgPrefix, "/")+"/"+path, "/")), nil
	case c.attribute == "":
		return texts(e.DN), nil
	}
	for _, a := range e.Attributes {
		if name, _, cut := strings.Cut(strings.ToLower(a.Name), ";range="); cut && strings.EqualFold(name, c.attribute) {
			return nil, errCut
		}
	}
	kept := []string{}
	convert := s.forms[strings.TrimSuffix(c.form, firstForm)]
	for _, raw := range e.GetEqualFoldRawAttributeValues(c.attribute) {
		value, keep, err := convert(raw)
		if err != nil {
			return nil, err
		}
		if keep {
			kept = append(kept, value)
		}
	}
	if c.form == firstForm && len(kept) > 1 {
		kept = []string{slices.Min(kept)}
	}
	return texts(kept...), nil
}

func texts(values ...string) []any {
	out := make([]any, 0, len(values))
	for _, v := range values {
		if v != "" {
			out = append(out, v)
		}
	}
	return out
}
