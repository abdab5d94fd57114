package eventlog

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"
)

// Mechanisms of a login. Plain shows the password to the broker, and to the network unless TLS hides it; the others prove
// that both sides know it (RFC 5802, RFC 7677).
const (
	Plain       = "plain"
	ScramSHA256 = "scram-sha-256"
	ScramSHA512 = "scram-sha-512"
)

// Login is how the brokers know us, by SASL. The zero Login is none.
type Login struct {
	Mechanism string
	Username  string
	Password  string
}

// mechanism is the login in the client's terms; nil for none. A mechanism of SCRAM keeps what it derived from the password,
// so one is shared by all connections.
func (l Login) mechanism() (*mechanism, error) {
	if l == (Login{}) {
		return nil, nil //nolint:nilnil // no login is no mechanism
	}
	if l.Username == "" || l.Password == "" {
		return nil, errors.New("a user name and a password are required")
	}
	m := &mechanism{}
	var err error
	switch l.Mechanism {
	case Plain:
		m.Mechanism = plain.Mechanism{Username: l.Username, Password: l.Password}
	case ScramSHA256:
		m.Mechanism, err = scram.Mechanism(scram.SHA256, l.Username, l.Password)
	case ScramSHA512:
		m.Mechanism, err = scram.Mechanism(scram.SHA512, l.Username, l.Password)
	default:
		err = fmt.Errorf("mechanism %q is not %s, %s or %s", l.Mechanism, Plain, ScramSHA256, ScramSHA512)
	}
	return m, err
}

// mechanism counts logins, since some brokers, the embedded one among them, refuse one by hanging up.
type mechanism struct {
	sasl.Mechanism
	begun, done atomic.Int64
}

func (m *mechanism) Start(ctx context.Context) (sasl.StateMachine, []byte, error) {
	m.begun.Add(1)
	steps, first, err := m.Mechanism.Start(ctx)
	return &exchange{steps, m}, first, err
}

// refused says that brokers have hung up on the logins so far, of which there were a few.
func (m *mechanism) refused() bool { return m != nil && m.begun.Load() > 2 && m.done.Load() == 0 }

type exchange struct {
	sasl.StateMachine
	mechanism *mechanism
}

func (e *exchange) Next(ctx context.Context, challenge []byte) (done bool, answer []byte, err error) {
	done, answer, err = e.StateMachine.Next(ctx, challenge)
	if done && err == nil {
		e.mechanism.done.Add(1)
	}
	return done, answer, err
}

// explained says what is to be mended when brokers and we do not accept each other. The answer is a fault when
// waiting mends nothing, else the error itself, with what it commonly means.
func (l *Log) explained(err error) error {
	hopeless := func(format string, args ...any) error { return &fault{fmt.Errorf(format, args...)} }
	var certificate *tls.CertificateVerificationError
	var header tls.RecordHeaderError
	var remote *net.OpError
	switch {
	case errors.Is(err, kafka.SASLAuthenticationFailed):
		return hopeless("log in to the brokers as %s by %s: the user or the password is refused: %w", l.cfg.Login.Username, l.cfg.Login.Mechanism, err)
	case errors.Is(err, kafka.UnsupportedSASLMechanism):
		return hopeless("log in to the brokers by %s: they do not offer it: %w", l.cfg.Login.Mechanism, err)
	case errors.Is(err, kafka.IllegalSASLState):
		return hopeless("log in to the brokers: they ask for no login at this address, or for another one: %w", err)
	case errors.Is(err, kafka.TopicAuthorizationFailed), errors.Is(err, kafka.ClusterAuthorizationFailed), errors.Is(err, kafka.GroupAuthorizationFailed):
		return hopeless("the brokers do not let %q do it, see their access lists: %w", l.cfg.Login.Username, err)
	case errors.As(err, &certificate):
		return hopeless("accept the broker's certificate: give the authority that signed it, and the name that it holds: %w", err)
	case errors.As(err, &header):
		return hopeless("speak TLS with the broker: it does not at this address: %w", err)
	case errors.As(err, &remote) && remote.Op == "remote error": // a TLS alert
		return hopeless("the broker refuses our certificate, or the absence of one: %w", err)
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return err
	case l.login.refused():
		return hopeless("log in to the brokers as %s by %s: they hang up, so the user or the password is refused, or none is asked for: %w", l.cfg.Login.Username, l.cfg.Login.Mechanism, err)
	case l.cfg.TLS != nil:
		return fmt.Errorf("%w: the broker hung up; it may speak no TLS at this address, or ask for another login", err)
	}
	return fmt.Errorf("%w: the broker hung up; it may ask for TLS at this address, or for another login", err)
}
