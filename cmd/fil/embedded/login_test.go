package embedded_test

import (
	"log/slog"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/filengine/fil/cmd/fil/embedded"
	"github.com/filengine/fil/ingest/eventlog"
)

// logIn opens the log at an address as the application does.
func logIn(t *testing.T, addr string, login eventlog.Login) error {
	t.Helper()
	cfg := eventlog.DefaultConfig()
	cfg.Brokers, cfg.Login = []string{addr}, login
	l, err := eventlog.Open(t.Context(), cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		return err
	}
	return l.Close(t.Context())
}

func TestKafka_AsksForThePasswordOfThisStart(t *testing.T) {
	dir := t.TempDir()
	for _, password := range []string{"first", "second"} { // the broker writes down who may log in when it closes
		k, err := embedded.StartKafka(embedded.Config{Dir: dir, Password: password})
		if err != nil {
			t.Fatal(err)
		}
		for _, mechanism := range []string{eventlog.ScramSHA256, eventlog.ScramSHA512} {
			if err := logIn(t, k.Addr(), eventlog.Login{Mechanism: mechanism, Username: k.Username(), Password: password}); err != nil {
				t.Errorf("by %s: %v", mechanism, err)
			}
		}
		if err := logIn(t, k.Addr(), eventlog.Login{Mechanism: eventlog.ScramSHA256, Username: k.Username(), Password: "another"}); err == nil {
			t.Error("another password was let in")
		}
		if err := k.Close(); err != nil {
			t.Fatal(err)
		}
	}
	k := startKafka(t, dir)
	if err := logIn(t, k.Addr(), eventlog.Login{}); err != nil {
		t.Errorf("started without a password it asks for one: %v", err)
	}
}

// The embedded log never asks for PLAIN; brokers elsewhere do.
func TestKafka_LogsInByPlain(t *testing.T) {
	broker, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.EnableSASL(), kfake.Superuser("PLAIN", "fil", "secret"))
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	addr := broker.ListenAddrs()[0]
	if err := logIn(t, addr, eventlog.Login{Mechanism: eventlog.Plain, Username: "fil", Password: "secret"}); err != nil {
		t.Errorf("with the password: %v", err)
	}
	if err := logIn(t, addr, eventlog.Login{Mechanism: eventlog.Plain, Username: "fil", Password: "another"}); err == nil {
		t.Error("another password was let in")
	}
}
