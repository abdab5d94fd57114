package warehouse

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"text/template"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

const createMigrations = `CREATE TABLE IF NOT EXISTS migrations{{onCluster}}
(number UInt32, name String, applied DateTime64(3, 'UTC') DEFAULT now64(3)) ENGINE = {{engine "MergeTree"}} ORDER BY number`

// migration is one file of schema: its number, then a name; one statement, which may run twice.
type migration struct {
	number          uint32
	name, statement string
}

// migrate makes the database and applies, in order, the migrations that it has not recorded, or all of them when tables are
// gone that it has recorded. There is no way back: a schema that is newer than this program is left as it is.
func (w *Warehouse) migrate(ctx context.Context, all bool) (err error) {
	uneven, err := w.prepareServers(ctx)
	if err != nil {
		return err
	}
	create, err := w.cfg.render("migrations", createMigrations)
	if err != nil {
		return err
	}
	if err := w.define(ctx, w.servers, create); err != nil {
		return fmt.Errorf("create the table of migrations: %w", err)
	}
	applied, err := w.applied(ctx)
	if err != nil {
		return err
	}
	known, err := migrations(w.cfg)
	if err != nil {
		return err
	}
	patient, err := connect(w.cfg.patient(), w.cfg.Database) // some fill a table
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, patient.close()) }()
	for _, m := range known {
		if applied[m.number] && !all && !uneven {
			continue
		}
		if err := w.define(ctx, patient, m.statement); err != nil {
			return fmt.Errorf("apply migration %s: %w", m.name, err)
		}
		if err := w.record(ctx, m); err != nil {
			return fmt.Errorf("record migration %s: %w", m.name, err)
		}
		w.logger.Info("schema migrated", "stage", "analytics", "migration", m.name)
	}
	return nil
}

// prepareServers makes the database. uneven says that a server has fewer tables than another, as one that was added has.
func (w *Warehouse) prepareServers(ctx context.Context) (uneven bool, err error) {
	outside, err := connect(w.cfg, "") // the database cannot be entered before it exists
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, outside.close()) }()
	if w.cfg.Cluster != "" {
		if err := w.checkCluster(ctx, outside); err != nil {
			return false, err
		}
	}
	if err := w.define(ctx, outside, "CREATE DATABASE IF NOT EXISTS "+w.cfg.Database+w.cfg.onCluster()); err != nil { // a plain name, see Config.Validate
		return false, fmt.Errorf("create database %s: %w", w.cfg.Database, err)
	}
	if w.cfg.Cluster == "" {
		return false, nil
	}
	counts := map[uint64]bool{}
	for _, s := range outside.all {
		var tables uint64
		err := s.QueryRow(ctx, "SELECT count() FROM system.tables WHERE database = {database:String}", clickhouse.Named("database", w.cfg.Database)).Scan(&tables)
		if err == nil { // one that is away makes what it missed when it is back: its task waits in Keeper
			counts[tables] = true
		}
	}
	return len(counts) > 1, nil
}

// checkCluster holds the cluster to what the schema relies on.
func (w *Warehouse) checkCluster(ctx context.Context, outside *servers) error {
	var shards uint64
	err := outside.on(ctx, func(s server) error {
		return s.QueryRow(ctx, "SELECT uniqExact(shard_num) FROM system.clusters WHERE cluster = {cluster:String}",
			clickhouse.Named("cluster", w.cfg.Cluster)).Scan(&shards)
	})
	switch {
	case err != nil:
		return fmt.Errorf("look for the cluster %s: %w", w.cfg.Cluster, err)
	case shards == 0:
		return fmt.Errorf("the cluster %s is not in ClickHouse's configuration (remote_servers, see system.clusters)", w.cfg.Cluster)
	case shards > 1:
		return fmt.Errorf("the cluster %s has %d shards: facts want one shard of several replicas", w.cfg.Cluster, shards)
	}
	return nil
}

// defineTimeout is how long the replicas of a cluster are waited for. One that is away finds its task in Keeper when it is
// back.
const defineTimeout = 20 * time.Second

// patient waits an hour for what a migration does.
func (c Config) patient() Config {
	c.QueryTimeout = time.Hour
	return c
}

// define runs a statement of the schema, on all replicas of a cluster.
func (w *Warehouse) define(ctx context.Context, to *servers, statement string) error {
	if w.cfg.Cluster != "" {
		ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{
			"distributed_ddl_output_mode": "null_status_on_timeout", "distributed_ddl_task_timeout": int(defineTimeout / time.Second),
		}))
	}
	return to.on(ctx, func(s server) error { return s.Exec(ctx, statement) })
}

func (w *Warehouse) record(ctx context.Context, m migration) error {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(w.acknowledged(nil)))
	return w.servers.on(ctx, func(s server) error {
		return s.Exec(ctx, "INSERT INTO migrations (number, name) SELECT {number:UInt32}, {name:String}",
			clickhouse.Named("number", m.number), clickhouse.Named("name", m.name))
	})
}

func (w *Warehouse) applied(ctx context.Context) (map[uint32]bool, error) {
	var numbers []struct {
		Number uint32 `ch:"number"`
	}
	err := w.settled(ctx, func(s server) error {
		numbers = nil
		return s.Select(ctx, &numbers, "SELECT DISTINCT number FROM migrations")
	}, "migrations")
	if err != nil {
		return nil, fmt.Errorf("read the migrations applied: %w", err)
	}
	applied := make(map[uint32]bool, len(numbers))
	for _, n := range numbers {
		applied[n.Number] = true
	}
	return applied, nil
}

func migrations(cfg Config) ([]migration, error) {
	files, err := fs.Glob(schemaFiles, "schema/*.sql") // sorted by name
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	all := make([]migration, len(files))
	for i, file := range files {
		text, err := schemaFiles.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read migration %s: %w", file, err)
		}
		name := strings.TrimSuffix(path.Base(file), ".sql")
		number, _, _ := strings.Cut(name, "_")
		n, err := strconv.ParseUint(number, 10, 32)
		if err != nil || i > 0 && uint32(n) <= all[i-1].number {
			return nil, fmt.Errorf("migration %s: a number above those before it is expected", file)
		}
		statement, err := cfg.render(name, string(text))
		if err != nil {
			return nil, err
		}
		all[i] = migration{number: uint32(n), name: name, statement: statement}
	}
	return all, nil
}

// render fills in what differs between one server and the replicas of a cluster.
func (c Config) render(name, text string) (string, error) {
	parsed, err := template.New(name).Funcs(template.FuncMap{"onCluster": c.onCluster, "engine": c.engine, "tokens": c.tokens, "each": each}).Parse(text)
	if err != nil {
		return "", fmt.Errorf("read the statement of %s: %w", name, err)
	}
	var out strings.Builder
	if err := parsed.Execute(&out, nil); err != nil {
		return "", fmt.Errorf("render the statement of %s: %w", name, err)
	}
	return out.String(), nil
}

// each writes something for each number from one to another, both included.
func each(first, last int, format string) string {
	all := make([]string, 0, last-first+1)
	for n := first; n <= last; n++ {
		all = append(all, fmt.Sprintf(format, n))
	}
	return strings.Join(all, ", ")
}

func (c Config) onCluster() string {
	if c.Cluster == "" {
		return ""
	}
	return " ON CLUSTER `" + c.Cluster + "`"
}

// engine is a table's, replicated on a cluster. The path in Keeper is written out, since the default one holds an identifier
// drawn when the table is made: a replica that is added later would draw another one, and share nothing with the others.
func (c Config) engine(family string, args ...string) string {
	if c.Cluster != "" {
		family = "Replicated" + family
		args = append([]string{"'/clickhouse/fil/" + c.Cluster + "/{database}/{table}'", "'{replica}'"}, args...)
	}
	if len(args) == 0 {
		return family
	}
	return family + "(" + strings.Join(args, ", ") + ")"
}

// tokens makes a table remember the tokens of its last inserts; on a cluster also for a time, whose default has changed from
// one version of ClickHouse to another.
func (c Config) tokens(window int) string {
	if c.Cluster == "" {
		return fmt.Sprintf("non_replicated_deduplication_window = %d", window)
	}
	return fmt.Sprintf("replicated_deduplication_window = %d, replicated_deduplication_window_seconds = %d", window, int((7 * 24 * time.Hour).Seconds()))
}
