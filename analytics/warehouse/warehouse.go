// Package warehouse keeps facts in ClickHouse, and is the one package that talks to it.
//
// It hides the schema (schema/*.sql, where each sort key is explained), its migrations, the queries (queries/*.sql) and how
// an insert takes effect once. It works alike on a ClickHouse server, on the replicas of a cluster of one shard, and on libchdb
// behind ClickHouse's HTTP interface: one dialect, and what a cluster needs more is in servers.go and migrate.go. It guarantees
// that an insert which was answered is stored, by a majority of the replicas, that input reaches a query only as a parameter,
// and that tables which are gone are noticed (fil.ErrForgotten) and made again. It knows nothing of privacy: what it counts
// is for analytics to withhold. It does not shard: a table is whole on each replica.
package warehouse

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics"
)

// Config says where ClickHouse is, and bounds what is asked of it.
type Config struct {
	Addrs         []string // host:port of the HTTP interface: of one server, or of the replicas of Cluster, the preferred first
	Database      string   // made if it is missing
	User          string
	Password      string
	TLS           *tls.Config // nil: in clear
	Cluster       string      // name of the cluster, in the servers' configuration, whose replicas keep the tables; empty: one server
	DialTimeout   time.Duration
	QueryTimeout  time.Duration // of one question
	InsertTimeout time.Duration // of one insert, also when the caller has gone; keep it under the session timeout of the log's consumers
	Connections   int
	Zone          *time.Location // in which days begin; nil: UTC. Another one later counts nothing anew
}

// DefaultConfig suits one server or the embedded engine; it has no address.
func DefaultConfig() Config {
	return Config{
		Database: "fil", User: "default",
		DialTimeout: 5 * time.Second, QueryTimeout: 30 * time.Second, InsertTimeout: 20 * time.Second, Connections: 8,
	}
}

var (
	databaseName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`)
	clusterName  = regexp.MustCompile(`^[A-Za-z0-9._-]{0,64}$`) // it is put into statements
)

// Validate gathers the faults of the settings.
func (c Config) Validate() error {
	var faults []error
	if len(c.Addrs) == 0 {
		faults = append(faults, errors.New("addresses: at least one host:port is required"))
	}
	if !databaseName.MatchString(c.Database) {
		faults = append(faults, fmt.Errorf("database: %q is not a name of letters, digits and _", c.Database))
	}
	if !clusterName.MatchString(c.Cluster) {
		faults = append(faults, fmt.Errorf("cluster: %q is not a name of letters, digits, '.', '_' and '-'", c.Cluster))
	}
	if len(c.Addrs) > 1 && c.Cluster == "" {
		faults = append(faults, errors.New("cluster: several addresses are of replicas, so the name of their cluster is required"))
	}
	for name, d := range map[string]time.Duration{"dial timeout": c.DialTimeout, "query timeout": c.QueryTimeout, "insert timeout": c.InsertTimeout} {
		if d < time.Second {
			faults = append(faults, fmt.Errorf("%s: %v, at least a second is required", name, d))
		}
	}
	if c.Connections < 2 {
		faults = append(faults, fmt.Errorf("connections: %d, at least 2 are required", c.Connections))
	}
	return errors.Join(faults...)
}

// Warehouse is an analytics.Store and answers analytics' questions. It is safe for concurrent use.
type Warehouse struct {
	cfg     Config
	servers *servers
	logger  *slog.Logger
}

// New makes a warehouse that has not met its server yet: Prepare does that, and comes before anything else.
func New(cfg Config, logger *slog.Logger) (*Warehouse, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("warehouse: %w", err)
	}
	all, err := connect(cfg, cfg.Database)
	if err != nil {
		return nil, err
	}
	return &Warehouse{cfg: cfg, servers: all, logger: logger}, nil
}

// Prepare makes the database if it is missing, and brings its schema up to date. It may be called again after any error;
// one that Refused knows is not mended by waiting.
func (w *Warehouse) Prepare(ctx context.Context) error { return w.migrate(ctx, false) }

// Open is New, then Prepare.
func Open(ctx context.Context, cfg Config, logger *slog.Logger) (*Warehouse, error) {
	w, err := New(cfg, logger)
	if err != nil {
		return nil, err
	}
	if err := w.Prepare(ctx); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// Close ends the connections. Inserts under way are waited for by those who made them.
func (w *Warehouse) Close() error { return w.servers.close() }

// Ping says whether a server answers.
func (w *Warehouse) Ping(ctx context.Context) error {
	if err := w.servers.on(ctx, func(s server) error { return s.Ping(ctx) }); err != nil {
		return fmt.Errorf("ping ClickHouse: %w", err)
	}
	return nil
}

// Numbers of ClickHouse's errors (src/Common/ErrorCodes.cpp).
const (
	codeUnknownTable           = 60
	codeUnknownDatabase        = 81
	codeReadonly               = 164
	codeUnknownUser            = 192
	codeWrongPassword          = 193
	codeRequiredPassword       = 194
	codeDatabaseAccessDenied   = 291
	codeAccessDenied           = 497
	codeAuthenticationRequired = 516
)

// Refused says that the server answered and does not let this user do what was asked: somebody must mend the settings.
func Refused(err error) bool {
	var exception *clickhouse.Exception
	return errors.As(err, &exception) && slices.Contains([]int32{codeReadonly, codeUnknownUser, codeWrongPassword, codeRequiredPassword,
		codeDatabaseAccessDenied, codeAccessDenied, codeAuthenticationRequired}, exception.Code)
}

// failed says what was attempted. When it failed for lack of tables they are made again, empty, and the error wraps
// fil.ErrForgotten, unless they may be there on other replicas. When no server answered it wraps analytics.ErrAway.
func (w *Warehouse) failed(ctx context.Context, attempt string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%s: %w", attempt, err)
	var exception *clickhouse.Exception
	if !errors.As(err, &exception) {
		return errors.Join(analytics.ErrAway, err)
	}
	if exception.Code != codeUnknownTable && exception.Code != codeUnknownDatabase {
		return err
	}
	w.logger.Warn("the tables of facts are gone; making them again", "stage", "analytics", "error", err)
	if migrated := w.migrate(ctx, true); migrated != nil {
		return errors.Join(err, migrated)
	}
	if w.cfg.Cluster != "" {
		return err // one replica may have lost what the others have: the claims will tell
	}
	return fmt.Errorf("%w (%w)", fil.ErrForgotten, err)
}
