package chdb

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"unsafe"
)

// ServeHTTP answers as ClickHouse's HTTP interface does: GET /ping, and GET or POST / with a statement. A GET only reads.
func (e *Engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-ClickHouse-Server-Display-Name", "fil")
	switch {
	case r.URL.Path == "/ping", r.URL.Path == "/" && r.Method == http.MethodGet && r.URL.RawQuery == "":
		fmt.Fprint(w, "Ok.\n")
		return
	case r.URL.Path != "/":
		http.NotFound(w, r)
		return
	case r.Method != http.MethodGet && r.Method != http.MethodPost:
		w.Header().Set("Allow", "GET, POST")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	case !e.authentic(r):
		writeException(w, exceptionf(codeAuthenticationFailed, "AUTHENTICATION_FAILED", "default: Authentication failed: password is incorrect, or there is no user with such name"))
		return
	}
	ask, err := readRequest(r)
	if err != nil {
		(&response{http: w}).fail(err)
		return
	}
	if ask.queryID == "" {
		ask.queryID = rand.Text()
	}
	w.Header().Set("X-ClickHouse-Query-Id", ask.queryID)
	answer := newResponse(w, ask)
	if err := e.serve(r, ask, answer); err != nil {
		answer.fail(err)
		return
	}
	if err := answer.end(); err != nil {
		e.cfg.Log.Debug("embedded clickhouse: the client left before the end of its answer", "error", err)
	}
}

// authentic tells whether the request carries the password, in any of the ways that ClickHouse takes.
func (e *Engine) authentic(r *http.Request) bool {
	user, password, ok := r.BasicAuth()
	if !ok {
		user, password = r.Header.Get("X-ClickHouse-User"), r.Header.Get("X-ClickHouse-Key")
	}
	if user == "" && password == "" {
		user, password = r.URL.Query().Get("user"), r.URL.Query().Get("password")
	}
	given, expected := sha256.Sum256([]byte(password)), sha256.Sum256([]byte(e.cfg.Password))
	return subtle.ConstantTimeCompare(given[:], expected[:]) == 1 && (user == "" || user == "default")
}

// serve runs the request on a connection of its own.
func (e *Engine) serve(r *http.Request, ask *request, answer *response) error {
	c, err := e.acquire(r.Context())
	if err != nil {
		return err
	}
	clean := false
	defer func() { e.release(c, clean) }()
	if err := c.prepare(ask); err != nil {
		return err
	}
	lasting, err := c.check(r.Method == http.MethodGet, ask.statement)
	if err != nil {
		return err
	}
	if ask.statement.streams() {
		defer e.stopWithClient(r.Context(), ask)()
	}
	if err := c.run(r.Context(), ask, answer); err != nil {
		return err
	}
	clean = !lasting && c.restore(ask, e.base) == nil
	return nil
}

// stopWithClient has the statement stopped when its client leaves, until the function that it gives is called. The
// engine tells its statements apart by their text only, so the text is marked.
func (e *Engine) stopWithClient(ctx context.Context, ask *request) (done func() bool) {
	mark := rand.Text()
	ask.statement.text += "\n/* " + mark + " */"
	return context.AfterFunc(ctx, func() {
		if err := e.stop("query LIKE '%" + mark + "%'"); err != nil {
			e.cfg.Log.Warn("embedded clickhouse: a statement runs on without its client", "error", err)
		}
	})
}

// run executes the statement, and writes its answer.
func (c *conn) run(ctx context.Context, ask *request, answer *response) error {
	if ask.rows != nil {
		text, format := ask.statement.insert()
		rows, err := c.insert(text, format, ask.params, ask.rows)
		if err != nil {
			var known *Exception
			if !errors.As(err, &known) {
				err = readingBody(err)
			}
			return err
		}
		answer.http.Header().Set("X-ClickHouse-Summary", fmt.Sprintf(`{"written_rows":"%d"}`, rows))
		return nil
	}
	sink := func(chunk []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		_, err := answer.Write(chunk)
		return err
	}
	if !ask.statement.streams() || ask.whole {
		err := c.exec(ask.statement.text, ask.format, ask.params, sink)
		return err
	}
	_, err := c.query(ask.statement.text, ask.format, ask.params, sink)
	var exception *Exception
	if errors.As(err, &exception) && exception.Code == codeBadArguments && strings.Contains(exception.Text, "Streaming query is not supported") {
		err = c.exec(ask.statement.text, ask.format, ask.params, sink) // WITH … INSERT
	}
	return err
}

// prepare gives the connection the request's database and settings.
func (c *conn) prepare(ask *request) error {
	if database := ask.database; database != "" && database != c.database {
		if err := c.do("USE `" + strings.NewReplacer("\\", "\\\\", "`", "\\`").Replace(database) + "`"); err != nil {
			return err
		}
		c.database = database
	}
	if len(ask.settings) == 0 {
		return nil
	}
	var all []string
	for _, s := range ask.settings {
		all = append(all, s.name+" = '"+strings.NewReplacer("\\", "\\\\", "'", "\\'").Replace(s.value)+"'")
	}
	return c.do("SET " + strings.Join(all, ", "))
}

// restore takes the request's settings back.
func (c *conn) restore(ask *request, base map[string]string) error {
	if len(ask.settings) == 0 {
		return nil
	}
	var all []string
	for _, s := range ask.settings {
		value, ok := base[s.name]
		if !ok {
			value = "DEFAULT"
		}
		all = append(all, s.name+" = "+value)
	}
	return c.do("SET " + strings.Join(all, ", "))
}

func (c *conn) do(text string) error {
	err := c.exec(text, "Null", nil, func([]byte) error { return nil })
	return err
}

// What the library says of a statement, see chdb_query_class in its header.
const (
	classReadOnly = 0
	classControl  = 3
	classUnknown  = 4
)

// check refuses several statements in one, and statements that write when only reading is allowed. It tells whether the
// statement leaves something in its connection: SET, USE, temporary tables.
func (c *conn) check(readOnly bool, s statement) (lasting bool, err error) {
	if !readOnly && (s.streams() || s.verb == "INSERT") {
		return false, nil // the engine refuses several SELECTs by itself, and the rest of an INSERT is its rows
	}
	analysis := struct{ size, statements, flags, class uint32 }{size: 16}
	c.lib.classify(c.handle, unsafe.StringData(s.text), uint(len(s.text)), nil, 0, unsafe.Pointer(&analysis))
	runtime.KeepAlive(s.text)
	if analysis.statements > 1 {
		return false, exceptionf(codeSyntaxError, "SYNTAX_ERROR", "Multi-statements are not allowed")
	}
	if readOnly && analysis.class != classReadOnly && analysis.class != classUnknown {
		return false, exceptionf(codeReadonly, "READONLY", "Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly. You should use method POST for modifying queries")
	}
	return analysis.class >= classControl, nil
}
