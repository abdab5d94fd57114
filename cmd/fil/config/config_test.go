package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/filengine/fil/cmd/fil/config"
)

func TestLoad(t *testing.T) {
	write := func(t *testing.T, text string) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), "fil.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	t.Run("defaults run as they are", func(t *testing.T) {
		cfg, err := config.Load("", nil, nil)
		if err != nil || cfg.Listen != "127.0.0.1:8080" || len(cfg.Attributes) == 0 {
			t.Fatalf("got %+v, %v", cfg, err)
		}
	})
	t.Run("flag over environment over file over default", func(t *testing.T) {
		path := write(t, "listen: 127.0.0.1:1\ndata: from-file\nfeeds: {window: 48h}\nprivacy: {threshold: 20}\n")
		environ := []string{"FIL_DATA=from-env", "FIL_LISTEN=127.0.0.1:2", "FIL_LOG_BROKERS=a:1,b:2", "FIL_LOG_PREFIX=essai.", "FIL_SERVER=ignored", "HOME=/"}
		cfg, err := config.Load(path, environ, map[string]any{"listen": "127.0.0.1:3"})
		if err != nil {
			t.Fatal(err)
		}
		if cfg.Listen != "127.0.0.1:3" || cfg.Data != "from-env" || cfg.Feeds.Window != 48*time.Hour || cfg.Privacy.Threshold != 20 ||
			len(cfg.Log.Brokers) != 2 || cfg.Log.Prefix != "essai." || cfg.Log.Partitions != 8 {
			t.Fatalf("got %+v", cfg)
		}
	})
	t.Run("origins are origins", func(t *testing.T) {
		cfg, err := config.Load("", []string{"FIL_WEB_ORIGINS=https://intranet.example,http://127.0.0.1:8081"}, nil)
		if err != nil || len(cfg.Web.Origins) != 2 {
			t.Fatalf("got %+v, %v", cfg.Web, err)
		}
		for _, bad := range []string{"*", "intranet.example", "https://intranet.example/", "https://intranet.example/page", "ftp://intranet.example", "null"} {
			if _, err := config.Load("", []string{"FIL_WEB_ORIGINS=" + bad}, nil); err == nil || !strings.Contains(err.Error(), "web.origins") {
				t.Errorf("%s: %v", bad, err)
			}
		}
	})
	t.Run("every key has a variable", func(t *testing.T) {
		password := write(t, "mot de passe\n")
		cfg, err := config.Load("", []string{
			"FIL_LOG_TLS_ENABLED=true", "FIL_LOG_TLS_SERVER_NAME=kafka", "FIL_LOG_SASL_MECHANISM=scram-sha-512", "FIL_LOG_SASL_USERNAME=fil",
			"FIL_LOG_SASL_PASSWORD_FILE=" + password, "FIL_LOG_MIN_IN_SYNC=1", "FIL_REDIS_CLUSTER=true", "FIL_REDIS_PASSWORD=0123",
			"FIL_CLICKHOUSE_ADDRESSES=a:1 b:2", "FIL_CLICKHOUSE_CLUSTER=fil", "FIL_CLICKHOUSE_TLS_ENABLED=1", "FIL_CLICKHOUSE_TLS_CA=ca.pem",
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := config.Default()
		want.Log.TLS, want.Log.MinInSync = config.TLS{Enabled: true, ServerName: "kafka"}, 1
		want.Log.SASL = config.SASL{Mechanism: "scram-sha-512", Username: "fil", Password: "mot de passe", PasswordFile: password}
		want.Redis.Cluster, want.Redis.Password = true, "0123"
		want.ClickHouse.Addresses, want.ClickHouse.Cluster = []string{"a:1", "b:2"}, "fil"
		want.ClickHouse.TLS = config.TLS{Enabled: true, CA: "ca.pem"}
		if diff := cmp.Diff(want, cfg); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a declared schema replaces the default one", func(t *testing.T) {
		cfg, err := config.Load(write(t, "attributes:\n- {name: direction, kind: text, label: {fr: Direction, en: Directorate}}\n"), nil, nil)
		if err != nil || len(cfg.Attributes) != 1 || cfg.Attributes[0].Label.FR != "Direction" {
			t.Fatalf("got %+v, %v", cfg.Attributes, err)
		}
	})
	for _, c := range []struct {
		name, file string
		environ    []string
		want       []string
	}{
		{"unknown key in the file", "lisen: x\n", nil, []string{"lisen"}},
		{"unknown nested key", "log: {broker: x}\n", nil, []string{"broker"}},
		{"unknown variable", "", []string{"FIL_LISTN=x"}, []string{"FIL_LISTN", "FIL_LISTEN"}},
		{"every fault at once", "listen: nowhere\nprivacy: {threshold: 2}\nlog_level: loud\nlog_format: xml\ntraces: {endpoint: 'collector:4318', sample: 2}\n", nil,
			[]string{"listen", "privacy.threshold", "log_level", "log_format", "traces.endpoint", "traces.sample"}},
		{"behaviour kept longer than the log", "log: {retention: 720h}\nfeeds: {profiles: 720h}\n", nil, []string{"audiences.behaviour", "log.retention"}},
		{"undeclared kind of attribute", "attributes: [{name: x, kind: colour}]\n", nil, []string{"attributes[0].kind"}},
		{"no name of a topic", "log: {prefix: 'two words'}\n", nil, []string{"log.prefix"}},
		{"a login without a mechanism", "log: {sasl: {username: fil}}\n", nil, []string{"log.sasl.mechanism"}},
		{"a mechanism without a login", "log: {sasl: {mechanism: gssapi}}\n", nil, []string{"log.sasl.mechanism", "log.sasl.username", "log.sasl.password"}},
		{"more copies than there are", "log: {replication: 3, min_in_sync: 4}\n", nil, []string{"log.min_in_sync"}},
		{"an address without a port", "log: {brokers: [kafka]}\nredis: {addresses: ['redis:x']}\nclickhouse: {addresses: [':8123']}\n", nil,
			[]string{"log.brokers", "redis.addresses", "clickhouse.addresses"}},
		{"TLS half set", "log: {tls: {ca: ca.pem}}\nredis: {tls: {enabled: true, cert: c.pem}}\nclickhouse: {tls: {enabled: true, key: k.pem}}\n", nil,
			[]string{"log.tls.enabled", "redis.tls.cert", "clickhouse.tls.cert"}},
		{"a cluster with sentinels", "redis: {cluster: true, sentinel: {master: fil}}\n", nil, []string{"redis.cluster"}},
		{"sentinels of nothing", "redis: {sentinel: {password: x}}\n", nil, []string{"redis.sentinel.master"}},
		{"a database of a cluster", "redis: {addresses: ['a:1', 'b:2'], database: 3}\n", nil, []string{"redis.database"}},
		{"replicas of nothing", "clickhouse: {addresses: ['a:1', 'b:2']}\n", nil, []string{"clickhouse.cluster"}},
		{"no name of a cluster", "clickhouse: {cluster: \"a'b\"}\n", nil, []string{"clickhouse.cluster"}},
		{"a password twice", "redis: {password: x, password_file: /dev/null}\n", nil, []string{"redis.password", "redis.password_file"}},
		{"no file of a password", "", []string{"FIL_CLICKHOUSE_PASSWORD_FILE=/nowhere"}, []string{"clickhouse.password_file", "/nowhere"}},
		{"an empty file of a password", "", []string{"FIL_REDIS_SENTINEL_MASTER=fil", "FIL_REDIS_SENTINEL_PASSWORD_FILE=/dev/null"},
			[]string{"redis.sentinel.password_file", "is empty"}},
		{"no YAML", "a: [", nil, []string{"read configuration"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := config.Load(write(t, c.file), c.environ, nil)
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error %v does not name %s", err, want)
				}
			}
		})
	}
}

func TestExampleIsTheDefault(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fil.yaml")
	if err := os.WriteFile(path, config.Example(), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := config.Load(path, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(config.Default(), got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

// The description of an LDAP directory: the example can be read, and each fault is named.
func TestLoadLDAP(t *testing.T) {
	write := func(t *testing.T, text string) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), "annuaire.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	example, err := config.LoadLDAP(write(t, string(config.LDAPExample())))
	if err != nil {
		t.Fatal(err)
	}
	short, err := config.LoadLDAP(write(t, "url: ldaps://annuaire.example.fr\nbind: cn=fil,ou=services,dc=example,dc=fr\npassword_file: /etc/fil/ldap.password\n"+
		"base: ou=agents,dc=example,dc=fr\nmap: [id=objectGUID:guid, org=dn:path, site=physicalDeliveryOfficeName]\n"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(short, example, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the example differs from the defaults: %s", diff)
	}
	const good = "url: ldaps://a\nbase: dc=fr\nmap: [id=uid]\n"
	for text, want := range map[string]string{
		good + "filtre: (a=b)": "filtre", good + "filter: (a=b": "filter: ", good + "page_size: 0": "page_size: 0", good + "timeout: 10ms": "timeout: ",
		good + "closed: maybe": `closed: "maybe"`, good + "bind: cn=x": "password_file: is needed", good + "bind: x": `bind: "x"`,
		good + "groups_base: x": `groups_base: "x"`, "base: dc=fr\nmap: [id=uid]\nurl: http://a": `url: "http://a"`, "url: ldaps://a\nmap: [id=uid]\n": "base: is needed",
		"url: ldaps://a\nbase: dc=fr\n": "map: is needed", "url: ldap:///dc=fr\nbase: dc=fr\nmap: [id=uid]\n": "url: ",
	} {
		if _, err := config.LoadLDAP(write(t, text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one about %q", text, err, want)
		}
	}
}
