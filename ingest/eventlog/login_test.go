package eventlog_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/embedded"
	"github.com/filengine/fil/ingest/eventlog"
)

// certificate gives what a server on the loopback interface needs to prove itself, and the authority to believe it by.
func certificate(t testing.TB) (server *tls.Config, authority *x509.CertPool) {
	t.Helper()
	s := httptest.NewTLSServer(nil) // for the certificate that it comes with
	defer s.Close()
	authority = x509.NewCertPool()
	authority.AddCert(s.Certificate())
	return &tls.Config{Certificates: s.TLS.Certificates, MinVersion: tls.VersionTLS12}, authority
}

const password = "un mot de passe = long, avec une virgule"

// guarded is the configuration of a log on a broker that asks for TLS and a login.
func guarded(t testing.TB) eventlog.Config {
	t.Helper()
	server, authority := certificate(t)
	k, err := embedded.StartKafka(embedded.Config{Dir: t.TempDir(), Password: password, TLS: server})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.Close() })
	return config(t, func(c *eventlog.Config) {
		c.Brokers = []string{k.Addr()}
		c.TLS = &tls.Config{RootCAs: authority, MinVersion: tls.VersionTLS12}
		c.Login = eventlog.Login{Mechanism: eventlog.ScramSHA512, Username: k.Username(), Password: password}
	})
}

// external is the configuration of a log on the brokers that FIL_TEST_KAFKA_SASL names, which ask for TLS and a login.
func external(t testing.TB, addresses string) eventlog.Config {
	t.Helper()
	authority, err := os.ReadFile(os.Getenv("FIL_TEST_KAFKA_CA"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		t.Fatal("FIL_TEST_KAFKA_CA names a file without a certificate")
	}
	return config(t, func(c *eventlog.Config) {
		c.Brokers = strings.Split(addresses, ",")
		c.TLS = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
		c.Login = eventlog.Login{Mechanism: eventlog.ScramSHA512, Username: os.Getenv("FIL_TEST_KAFKA_USER"), Password: os.Getenv("FIL_TEST_KAFKA_PASSWORD")}
	})
}

// onGuarded runs a test on the embedded broker, and on the real one where there is one.
func onGuarded(t *testing.T, test func(*testing.T, func(testing.TB) eventlog.Config)) {
	t.Run("embedded", func(t *testing.T) { test(t, guarded) })
	if addresses := os.Getenv("FIL_TEST_KAFKA_SASL"); addresses != "" {
		t.Run("external", func(t *testing.T) {
			test(t, func(t testing.TB) eventlog.Config { return external(t, addresses) })
		})
	}
}

// Every connection must log in: those of requests, and those that a consumer group makes for itself.
func TestOpen_LogsInOverTLS(t *testing.T) {
	onGuarded(t, func(t *testing.T, settings func(testing.TB) eventlog.Config) {
		l := openWith(t, settings(t))
		sent := publish(t, l, events(100, 10)...)
		var s sink
		startDrain(t, l, eventlog.Drain{Handle: s.handle})
		eventually(t, "every record was received", func() bool { return len(s.ids()) == len(sent) })
	})
}

func TestOpen_SaysAtOnceWhatWaitingCannotMend(t *testing.T) {
	onGuarded(t, func(t *testing.T, settings func(testing.TB) eventlog.Config) {
		cfg := settings(t)
		for name, c := range map[string]struct {
			change func(*eventlog.Config)
			want   string
		}{
			"wrong password":  {func(c *eventlog.Config) { c.Login.Password = "another" }, "the user or the password is refused"},
			"unknown user":    {func(c *eventlog.Config) { c.Login.Username = "nobody" }, "the user or the password is refused"},
			"wrong authority": {func(c *eventlog.Config) { c.TLS = &tls.Config{RootCAs: x509.NewCertPool()} }, "give the authority that signed it"},
			"wrong name": {func(c *eventlog.Config) {
				c.TLS = c.TLS.Clone()
				c.TLS.ServerName = "kafka.example.org"
			}, "give the authority that signed it, and the name that it holds"},
		} {
			t.Run(name, func(t *testing.T) {
				cfg := cfg
				c.change(&cfg)
				refused(t, cfg, c.want)
			})
		}
	})
}

func TestOpen_SaysAtOnceThatItIsNoTLS(t *testing.T) {
	other := httptest.NewServer(nil) // answers in clear what it does not understand
	defer other.Close()
	refused(t, config(t, func(c *eventlog.Config) {
		c.Brokers, c.TLS = []string{other.Listener.Addr().String()}, &tls.Config{MinVersion: tls.VersionTLS12}
	}), "speak TLS with the broker")
}

func TestOpen_SaysAtOnceThatTheBrokerWantsACertificate(t *testing.T) {
	server, authority := certificate(t)
	server.ClientAuth = tls.RequireAnyClientCert
	k, err := embedded.StartKafka(embedded.Config{Dir: t.TempDir(), TLS: server})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.Close() })
	cfg := config(t, func(c *eventlog.Config) {
		c.Brokers = []string{k.Addr()}
		c.TLS = &tls.Config{RootCAs: authority, MinVersion: tls.VersionTLS12}
	})
	refused(t, cfg, "the broker refuses our certificate, or the absence of one")
	cfg.TLS.Certificates = server.Certificates
	publish(t, openWith(t, cfg), event("a", 1))
}

// refused opens a log that cannot be opened. A fault that waiting cannot mend is told long before the 30 s that Open
// waits for brokers; half of that is what a busy machine may take.
func refused(t *testing.T, cfg eventlog.Config, want string) {
	t.Helper()
	answered := make(chan error, 1)
	go func() {
		_, err := eventlog.Open(t.Context(), cfg, logger(t), prometheus.NewRegistry())
		answered <- err
	}()
	select {
	case err := <-answered:
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("open: %v, want %q", err, want)
		}
		if err != nil && strings.Contains(err.Error(), cfg.Login.Password) && cfg.Login.Password != "" {
			t.Errorf("open: %v tells the password", err)
		}
	case <-time.After(15 * time.Second):
		t.Fatalf("open still tries after 15 s, want %q", want)
	}
}

func TestPartitions_AreThoseOfTheTopic(t *testing.T) {
	cfg := config(t)
	createTopic(t, cfg, fil.TopicAgents, 2, "compact")
	l := openWith(t, cfg)
	for topic, want := range map[fil.Topic]int{fil.TopicAgents: 2, fil.TopicEngagements: 2, fil.TopicMemberships: 2, fil.TopicContents: 3, fil.TopicPolicies: 1, fil.TopicAgents + ".rejected": 1} {
		if got, err := l.Partitions(topic); got != want || err != nil {
			t.Errorf("%s has %d partitions, %v; want %d", topic, got, err, want)
		}
	}
}
