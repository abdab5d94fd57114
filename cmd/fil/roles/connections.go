package roles

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/filengine/fil/analytics/warehouse"
	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/ingest/eventlog"
)

// connections are the settings of the three clients, as the configuration and the files that it names have them.
type connections struct {
	log       eventlog.Config
	redis     *redis.UniversalOptions
	warehouse warehouse.Config
}

// connectionsOf reads certificates and connects nothing.
func connectionsOf(cfg config.Config) (connections, error) {
	c := connections{log: eventlog.DefaultConfig(), redis: redisOptions(cfg.Redis), warehouse: warehouse.DefaultConfig()}
	for _, one := range []struct {
		key  string
		from config.TLS
		to   **tls.Config
	}{
		{"log.tls", cfg.Log.TLS, &c.log.TLS},
		{"redis.tls", cfg.Redis.TLS, &c.redis.TLSConfig},
		{"clickhouse.tls", cfg.ClickHouse.TLS, &c.warehouse.TLS},
	} {
		var err error
		if *one.to, err = tlsConfig(one.from); err != nil {
			return connections{}, fmt.Errorf("%s.%w", one.key, err)
		}
	}
	c.log.Brokers, c.log.Prefix, c.log.Partitions = cfg.Log.Brokers, cfg.Log.Prefix, cfg.Log.Partitions
	c.log.OpenTimeout = 0 // a log that is away is waited for, and /readyz says so
	c.log.Replication, c.log.MinInSync, c.log.Retention, c.log.Session = cfg.Log.Replication, cfg.Log.MinInSync, cfg.Log.Retention, cfg.Log.Session
	c.log.AccessRetention = cfg.Register.Accesses
	if sasl := cfg.Log.SASL; sasl.Mechanism != "" {
		c.log.Login = eventlog.Login{Mechanism: sasl.Mechanism, Username: sasl.Username, Password: sasl.Password}
	}
	c.warehouse.Addrs, c.warehouse.Database, c.warehouse.Cluster = cfg.ClickHouse.Addresses, cfg.ClickHouse.Database, cfg.ClickHouse.Cluster
	c.warehouse.User, c.warehouse.Password = cfg.ClickHouse.Username, cfg.ClickHouse.Password
	return c, nil
}

// How long Redis is waited for. Whoever reads a feed waits too, and has a way without Redis, so an absent one must be
// noticed soon: a refused connection is an error at once, one that is not answered after redisDial. A caller with less time
// is let go at its deadline. A command is tried a second time, since a connection of the pool may have died unnoticed; what
// must be done in spite of longer failures is tried again by those who know what it is, and redisWatch stops asking.
const (
	redisDial  = time.Second
	redisReply = 2 * time.Second // the longest answers are those to a pipeline of a thousand scripts
	redisQueue = time.Second     // for a connection, when all are in use
	redisPause = 64 * time.Millisecond
)

func redisOptions(cfg config.Redis) *redis.UniversalOptions {
	return &redis.UniversalOptions{
		Addrs: cfg.Addresses, IsClusterMode: cfg.Clustered(), DB: cfg.Database,
		Username: cfg.Username, Password: cfg.Password,
		MasterName: cfg.Sentinel.Master, SentinelUsername: cfg.Sentinel.Username, SentinelPassword: cfg.Sentinel.Password,
		DialTimeout: redisDial, DialerRetries: 1, ReadTimeout: redisReply, WriteTimeout: redisReply, PoolTimeout: redisQueue,
		ContextTimeoutEnabled: true, MaxRetries: 1, MaxRetryBackoff: redisPause,
		// Notices of maintenance are a service of some hosted Redis; others answer the question with an error at each connection.
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}

// tlsConfig reads what a client needs to speak TLS; nil when it is not to. An error begins with the key at fault.
func tlsConfig(cfg config.TLS) (*tls.Config, error) {
	if !cfg.Enabled {
		return nil, nil //nolint:nilnil // the clients take nil for a connection in clear
	}
	settings := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: cfg.ServerName}
	if cfg.CA != "" {
		authorities, err := os.ReadFile(cfg.CA)
		if err != nil {
			return nil, fmt.Errorf("ca: %w", err)
		}
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(authorities) {
			return nil, fmt.Errorf("ca: %s holds no certificate in PEM", cfg.CA)
		}
	}
	if cfg.Cert != "" {
		read := func() (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(cfg.Cert, cfg.Key)
			if err != nil {
				return nil, fmt.Errorf("cert: read %s and its key: %w", cfg.Cert, err)
			}
			return &pair, nil
		}
		if _, err := read(); err != nil {
			return nil, err
		}
		// Read again for each connection, so that a certificate which is renewed needs no restart.
		settings.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return read() }
	}
	return settings, nil
}
