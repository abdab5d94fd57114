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

	"github.com/ClickHouse/clickhouse-go/v2"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

const createMigrations = `CREATE TABLE IF NOT EXISTS migrations
(number UInt32, name String, applied DateTime64(3, 'UTC') DEFAULT now64(3)) ENGINE = MergeTree ORDER BY number`

// migration is one file of schema: its number, then a name; one statement, which may run twice.
type migration struct {
	number          uint32
	name, statement string
}

// migrate makes the database and applies, in order, the migrations that it has not recorded, or all of them when tables are
// gone that it has recorded. There is no way back: a schema that is newer than this program is left as it is.
func (w *Warehouse) migrate(ctx context.Context, all bool) error {
	if err := w.createDatabase(ctx); err != nil {
		return err
	}
	if err := w.db.Exec(ctx, createMigrations); err != nil {
		return fmt.Errorf("create the table of migrations: %w", err)
	}
	applied, err := w.applied(ctx)
	if err != nil {
		return err
	}
	known, err := migrations()
	if err != nil {
		return err
	}
	for _, m := range known {
		if applied[m.number] && !all {
			continue
		}
		if err := w.db.Exec(ctx, m.statement); err != nil {
			return fmt.Errorf("apply migration %s: %w", m.name, err)
		}
		if err := w.db.Exec(ctx, "INSERT INTO migrations (number, name) SELECT {number:UInt32}, {name:String}",
			clickhouse.Named("number", m.number), clickhouse.Named("name", m.name)); err != nil {
			return fmt.Errorf("record migration %s: %w", m.name, err)
		}
		w.logger.Info("schema migrated", "stage", "analytics", "migration", m.name)
	}
	return nil
}

func (w *Warehouse) createDatabase(ctx context.Context) (err error) {
	db, err := connect(w.cfg, "") // the database cannot be entered before it exists
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.Exec(ctx, "CREATE DATABASE IF NOT EXISTS "+w.cfg.Database); err != nil { // a plain name, see Config.Validate
		return fmt.Errorf("create database %s: %w", w.cfg.Database, err)
	}
	return nil
}

func (w *Warehouse) applied(ctx context.Context) (map[uint32]bool, error) {
	var numbers []struct {
		Number uint32 `ch:"number"`
	}
	if err := w.db.Select(ctx, &numbers, "SELECT DISTINCT number FROM migrations"); err != nil {
		return nil, fmt.Errorf("read the migrations applied: %w", err)
	}
	applied := make(map[uint32]bool, len(numbers))
	for _, n := range numbers {
		applied[n.Number] = true
	}
	return applied, nil
}

func migrations() ([]migration, error) {
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
		if err != nil || n != uint64(i+1) {
			return nil, fmt.Errorf("migration %s: number %d is expected", file, i+1)
		}
		all[i] = migration{number: uint32(n), name: name, statement: string(text)}
	}
	return all, nil
}
