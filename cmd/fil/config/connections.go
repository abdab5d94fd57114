package config

import (
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Log says where Kafka is; no broker means the embedded one.
type Log struct {
	Brokers     []string      `koanf:"brokers"`
	Prefix      string        `koanf:"prefix"` // begins the name of every topic and consumer group
	Partitions  int           `koanf:"partitions"`
	Replication int           `koanf:"replication"`
	MinInSync   int           `koanf:"min_in_sync"` // copies written before a record is acknowledged; 0: all but one, at least one
	Retention   time.Duration `koanf:"retention"`   // of engagements
	Session     time.Duration `koanf:"session"`     // how long a process may be silent before others take its partitions
	TLS         TLS           `koanf:"tls"`
	SASL        SASL          `koanf:"sasl"`
}

// SASL is how Kafka knows us; no mechanism means that it does not ask.
type SASL struct {
	Mechanism    string `koanf:"mechanism"` // plain, scram-sha-256 or scram-sha-512
	Username     string `koanf:"username"`
	Password     string `koanf:"password"`
	PasswordFile string `koanf:"password_file"`
}

// Redis says where Redis is; no address means the embedded one.
type Redis struct {
	Addresses    []string `koanf:"addresses"` // of one Redis; of some nodes of a cluster; of the sentinels
	Cluster      bool     `koanf:"cluster"`   // the addresses are those of a Redis Cluster; several addresses mean it too
	Sentinel     Sentinel `koanf:"sentinel"`
	Database     int      `koanf:"database"` // a cluster has the database 0 only
	Username     string   `koanf:"username"`
	Password     string   `koanf:"password"`
	PasswordFile string   `koanf:"password_file"`
	TLS          TLS      `koanf:"tls"` // sentinels included
}

// Sentinel says which Redis the sentinels watch; no master means that there are none.
type Sentinel struct {
	Master       string `koanf:"master"`
	Username     string `koanf:"username"` // what the sentinels themselves ask for
	Password     string `koanf:"password"`
	PasswordFile string `koanf:"password_file"`
}

// Clustered says whether Redis is a Redis Cluster.
func (r Redis) Clustered() bool { return r.Cluster || r.Sentinel.Master == "" && len(r.Addresses) > 1 }

// ClickHouse says where ClickHouse's HTTP interface is; no address means the embedded one.
type ClickHouse struct {
	Addresses    []string `koanf:"addresses"` // of one server, or of the replicas of a cluster
	Database     string   `koanf:"database"`
	Cluster      string   `koanf:"cluster"` // name in the servers' configuration; empty: one server
	Username     string   `koanf:"username"`
	Password     string   `koanf:"password"`
	PasswordFile string   `koanf:"password_file"`
	TLS          TLS      `koanf:"tls"`
}

// TLS says how connections to an engine are encrypted. Files are PEM.
type TLS struct {
	Enabled    bool   `koanf:"enabled"`
	CA         string `koanf:"ca"`          // file of the authorities that sign the servers' certificates; empty: those of the system
	Cert       string `koanf:"cert"`        // file of our certificate, where servers ask for one
	Key        string `koanf:"key"`         // file of its key
	ServerName string `koanf:"server_name"` // name that servers must prove; empty: the host of each address
}

// secrets are the passwords that may come from a file of their own, by the key of the password.
func (c *Config) secrets() map[string][2]*string {
	return map[string][2]*string{
		"log.sasl.password":       {&c.Log.SASL.Password, &c.Log.SASL.PasswordFile},
		"redis.password":          {&c.Redis.Password, &c.Redis.PasswordFile},
		"redis.sentinel.password": {&c.Redis.Sentinel.Password, &c.Redis.Sentinel.PasswordFile},
		"clickhouse.password":     {&c.ClickHouse.Password, &c.ClickHouse.PasswordFile},
	}
}

// readSecrets takes passwords from their files. The end of a line is no part of one: editors and `echo` write it.
func (c *Config) readSecrets(fail func(key, problem string, args ...any)) {
	for key, secret := range c.secrets() {
		password, file := secret[0], secret[1]
		switch {
		case *file == "":
			continue
		case *password != "":
			fail(key, "is set, and so is %s_file: leave one of them out", key)
			continue
		}
		text, err := os.ReadFile(*file)
		if err != nil {
			fail(key+"_file", "%s", err)
			continue
		}
		if *password = strings.TrimRight(string(text), "\r\n"); *password == "" {
			fail(key+"_file", "%s is empty", *file)
		}
	}
}

var (
	prefixes     = regexp.MustCompile(`^[a-zA-Z0-9._-]{0,64}$`)
	clusterNames = regexp.MustCompile(`^[a-zA-Z0-9._-]{0,64}$`)
	mechanisms   = []string{"plain", "scram-sha-256", "scram-sha-512"}
)

func (c Config) checkConnections(fail func(key, problem string, args ...any)) {
	c.Log.check(fail)
	c.Redis.check(fail)
	c.ClickHouse.check(fail)
	for key, addresses := range map[string][]string{"log.brokers": c.Log.Brokers, "redis.addresses": c.Redis.Addresses, "clickhouse.addresses": c.ClickHouse.Addresses} {
		for _, address := range addresses {
			if host, port, err := net.SplitHostPort(address); err != nil || host == "" || !isPort(port) {
				fail(key, "%q is not HOST:PORT", address)
			}
		}
	}
	for key, t := range map[string]TLS{"log.tls": c.Log.TLS, "redis.tls": c.Redis.TLS, "clickhouse.tls": c.ClickHouse.TLS} {
		t.check(key, fail)
	}
}

func (l Log) check(fail func(key, problem string, args ...any)) {
	if !prefixes.MatchString(l.Prefix) {
		fail("log.prefix", "%q has something else than letters, digits, '.', '_' and '-', or more than 64 of them", l.Prefix)
	}
	if l.Partitions < 1 || l.Partitions > 1024 {
		fail("log.partitions", "%d is not between 1 and 1024", l.Partitions)
	}
	if l.Replication < 1 || l.Replication > 16 {
		fail("log.replication", "%d is not between 1 and 16", l.Replication)
	}
	if l.MinInSync < 0 || l.MinInSync > l.Replication {
		fail("log.min_in_sync", "%d is not between 0 and log.replication (%d)", l.MinInSync, l.Replication)
	}
	if l.SASL.Mechanism == "" {
		if l.SASL != (SASL{}) {
			fail("log.sasl.mechanism", "a login is set without one: %s", strings.Join(mechanisms, ", "))
		}
		return
	}
	if !slices.Contains(mechanisms, l.SASL.Mechanism) {
		fail("log.sasl.mechanism", "%q is not %s", l.SASL.Mechanism, strings.Join(mechanisms, ", "))
	}
	if l.SASL.Username == "" {
		fail("log.sasl.username", "%s needs one", l.SASL.Mechanism)
	}
	if l.SASL.Password == "" && l.SASL.PasswordFile == "" {
		fail("log.sasl.password", "%s needs one, here or in log.sasl.password_file", l.SASL.Mechanism)
	}
}

func (r Redis) check(fail func(key, problem string, args ...any)) {
	if r.Cluster && r.Sentinel.Master != "" {
		fail("redis.cluster", "a Redis Cluster has no sentinels: leave redis.sentinel out, or this")
	}
	if r.Sentinel.Master == "" && r.Sentinel != (Sentinel{}) {
		fail("redis.sentinel.master", "a login is set without the name of what the sentinels watch")
	}
	if r.Database < 0 {
		fail("redis.database", "%d is under 0", r.Database)
	}
	if r.Database > 0 && r.Clustered() {
		fail("redis.database", "%d: a Redis Cluster has the database 0 only", r.Database)
	}
}

func (c ClickHouse) check(fail func(key, problem string, args ...any)) {
	if !clusterNames.MatchString(c.Cluster) {
		fail("clickhouse.cluster", "%q has something else than letters, digits, '.', '_' and '-', or more than 64 of them", c.Cluster)
	}
	if len(c.Addresses) > 1 && c.Cluster == "" {
		fail("clickhouse.cluster", "several addresses need the name of the cluster whose replicas they are: servers that know nothing of each other "+
			"would each hold a part of the facts")
	}
}

// check leaves the files to those who open connections, and to `fil check`.
func (t TLS) check(key string, fail func(key, problem string, args ...any)) {
	if !t.Enabled && t != (TLS{}) {
		fail(key+".enabled", "is false, and %s sets what only counts when it is true", key)
	}
	if (t.Cert == "") != (t.Key == "") {
		fail(key+".cert", "a certificate and its key (%s.key) go together", key)
	}
}

// Engine is where an engine answers, and as whom it is asked.
type Engine interface {
	Addr() string
	Username() string
	Password() string
}

// On points the configuration to the engines of one process, whatever addresses it names.
func (c Config) On(log, redis, facts Engine) Config {
	c.Log.Brokers, c.Log.TLS = []string{log.Addr()}, TLS{}
	c.Log.SASL = SASL{Mechanism: "scram-sha-256", Username: log.Username(), Password: log.Password()}
	c.Redis = Redis{Addresses: []string{redis.Addr()}, Username: redis.Username(), Password: redis.Password()}
	c.ClickHouse = ClickHouse{Addresses: []string{facts.Addr()}, Database: c.ClickHouse.Database, Username: facts.Username(), Password: facts.Password()}
	return c
}
