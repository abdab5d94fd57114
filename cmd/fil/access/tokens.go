package access

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwt"

	"github.com/filengine/fil"
)

const issuer = "fil"

// Signer signs and checks tokens: JWTs (RFC 7519) under HMAC-SHA256 with a secret that stays on the server.
type Signer struct {
	secret []byte
	now    func() time.Time
}

// OpenSecret reads the secret of 32 bytes at path, and makes it first if there is none.
func OpenSecret(path string) ([]byte, error) {
	secret, err := os.ReadFile(path)
	if err == nil && len(secret) != 32 {
		return nil, fmt.Errorf("read secret %s: it has %d bytes and must have 32", path, len(secret))
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return secret, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make folder of secret: %w", err)
	}
	secret = make([]byte, 32)
	_, _ = rand.Read(secret)
	// Not named by the process' number: in containers that share a folder, each is number 1.
	fresh, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return nil, fmt.Errorf("write secret: %w", err)
	}
	defer func() { _ = os.Remove(fresh.Name()) }()
	_, err = fresh.Write(secret)
	if err := errors.Join(err, fresh.Close()); err != nil {
		return nil, fmt.Errorf("write secret: %w", err)
	}
	// A link fails where another process was first, and then that one's secret counts.
	if err := os.Link(fresh.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("write secret: %w", err)
	}
	return os.ReadFile(path)
}

// NewSigner signs with a secret of at least 32 bytes.
func NewSigner(secret []byte, now func() time.Time) (*Signer, error) {
	if len(secret) < 32 {
		return nil, fmt.Errorf("sign tokens: the secret has %d bytes and must have 32", len(secret))
	}
	return &Signer{secret: secret, now: now}, nil
}

// Token signs that its bearer has a role, and which agent they are when the role is RoleAgent, for a time.
func (s *Signer) Token(caller fil.Caller, life time.Duration) (string, error) {
	if (caller.Role == fil.RoleAgent) == (caller.Agent == "") {
		return "", fmt.Errorf("sign token: role %s and agent %q do not go together", caller.Role, caller.Agent)
	}
	now := s.now()
	token, err := jwt.NewBuilder().Issuer(issuer).Subject(caller.Agent).Claim("role", string(caller.Role)).
		IssuedAt(now).Expiration(now.Add(life)).Build()
	if err != nil {
		return "", fmt.Errorf("build token: %w", err)
	}
	signed, err := jwt.Sign(token, jwt.WithKey(jwa.HS256(), s.secret))
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return string(signed), nil
}

// verify gives the caller of a token, and until when it holds.
func (s *Signer) verify(text string) (fil.Caller, time.Time, error) {
	token, err := jwt.ParseString(text, jwt.WithKey(jwa.HS256(), s.secret), jwt.WithIssuer(issuer), jwt.WithClock(jwt.ClockFunc(s.now)))
	if err != nil {
		return fil.Caller{}, time.Time{}, fmt.Errorf("verify token: %w", err)
	}
	var role string
	if err := token.Get("role", &role); err != nil {
		return fil.Caller{}, time.Time{}, fmt.Errorf("verify token: %w", err)
	}
	subject, _ := token.Subject()
	expires, ok := token.Expiration()
	caller := fil.Caller{Role: fil.Role(role), Agent: subject, Name: "token"}
	if !ok || !slices.Contains(fil.Roles(), caller.Role) || (caller.Role == fil.RoleAgent) == (subject == "") {
		return fil.Caller{}, time.Time{}, errors.New("verify token: role, subject or expiry is missing")
	}
	return caller, expires, nil
}
