package warehouse

// Statements are what migrations run, by name.
func Statements(cfg Config) (map[string]string, error) {
	known, err := migrations(cfg)
	if err != nil {
		return nil, err
	}
	all := map[string]string{"database": "CREATE DATABASE IF NOT EXISTS " + cfg.Database + cfg.onCluster()}
	if all["migrations"], err = cfg.render("migrations", createMigrations); err != nil {
		return nil, err
	}
	for _, m := range known {
		all[m.name] = m.statement
	}
	return all, nil
}

// ListsOf cuts the ids that a question is about.
var ListsOf = listsOf
