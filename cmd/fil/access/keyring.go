// Package access says who makes a request: it keeps the bearer keys of each role, hashed, in one file, signs and checks
// the tokens of agents, and stands before every operation of the API.
//
// It guarantees that a key's text is never stored, that keys are compared in constant time, and that a key made by another
// process counts at once, and one revoked within a second. It does not speak OIDC: what does will meet Authenticator.
package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/filengine/fil"
)

// Key is one key as it is stored: Hash is the SHA-256 of its text, which has 256 bits of chance and so needs no salt.
type Key struct {
	ID      string    `json:"id"`
	Role    fil.Role  `json:"role"`
	Name    string    `json:"name,omitempty"`
	Hash    string    `json:"hash"`
	Created time.Time `json:"created"`
	Scope
}

// Scope is what bounds a key, or widens it, beside its role: see fil.Caller.
type Scope struct {
	Perimeter string `json:"perimeter,omitempty"`
	Sample    bool   `json:"sample,omitempty"`
	Register  bool   `json:"register,omitempty"`
}

// check says whether keys of a role may have the scope.
func (s Scope) check(role fil.Role) error {
	if s != (Scope{}) && role != fil.RoleCommunicator && role != fil.RoleLeader {
		return fmt.Errorf("role %q has no perimeter and sees neither sample nor register: only communicator and leader do", role)
	}
	return nil
}

// Keyring is the file of keys. Several processes may read and change it at once.
type Keyring struct {
	path string
	now  func() time.Time

	mu      sync.RWMutex // guards what follows
	keys    map[string]Key
	stamp   fileStamp
	checked time.Time
}

type fileStamp struct {
	size     int64
	modified time.Time
}

// OpenKeyring reads the keys at path; a missing file is an empty ring.
func OpenKeyring(path string, now func() time.Time) (*Keyring, error) {
	r := &Keyring{path: path, now: now}
	return r, r.reload()
}

// Create makes a key, stores its hash, and gives its text, which cannot be had again.
func (r *Keyring) Create(role fil.Role, name string) (text string, err error) {
	return r.CreateScoped(role, name, Scope{})
}

// CreateScoped is Create for a key with a scope, which communicators and leaders may have.
func (r *Keyring) CreateScoped(role fil.Role, name string, scope Scope) (text string, err error) {
	if role == fil.RoleAgent || !slices.Contains(fil.Roles(), role) {
		return "", fmt.Errorf("create key: role %q has no keys", role)
	}
	if err := scope.check(role); err != nil {
		return "", fmt.Errorf("create key: %w", err)
	}
	id, secret := make([]byte, 6), make([]byte, 32)
	_, _ = rand.Read(id)
	_, _ = rand.Read(secret)
	key := Key{ID: hex.EncodeToString(id), Role: role, Name: name, Created: r.now().UTC().Truncate(time.Second), Scope: scope}
	text = "fil_" + key.ID + "_" + base64.RawURLEncoding.EncodeToString(secret)
	key.Hash = digest(text)
	err = r.change(func(keys map[string]Key) error {
		keys[key.ID] = key
		return nil
	})
	return text, err
}

// Revoke removes a key by its id.
func (r *Keyring) Revoke(id string) error {
	return r.change(func(keys map[string]Key) error {
		if _, ok := keys[id]; !ok {
			return fmt.Errorf("revoke key %s: no such key", id)
		}
		delete(keys, id)
		return nil
	})
}

// Keys lists the keys, oldest first.
func (r *Keyring) Keys() ([]Key, error) {
	if err := r.reload(); err != nil {
		return nil, err
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	list := make([]Key, 0, len(r.keys))
	for _, k := range r.keys {
		list = append(list, k)
	}
	slices.SortFunc(list, func(a, b Key) int {
		if c := a.Created.Compare(b.Created); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return list, nil
}

// find gives the caller whose key has this text.
func (r *Keyring) find(text string) (fil.Caller, bool) {
	parts := strings.SplitN(text, "_", 3)
	if len(parts) != 3 || parts[0] != "fil" {
		return fil.Caller{}, false
	}
	r.refresh()
	key, ok := r.get(parts[1])
	if !ok && r.reload() == nil { // it may have been made this very moment
		key, ok = r.get(parts[1])
	}
	if subtle.ConstantTimeCompare([]byte(key.Hash), []byte(digest(text))) != 1 || !ok {
		return fil.Caller{}, false
	}
	return fil.Caller{Role: key.Role, Name: key.ID, Label: key.Name, Perimeter: key.Perimeter, Sample: key.Sample, Register: key.Register}, true
}

func (r *Keyring) get(id string) (Key, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	key, ok := r.keys[id]
	return key, ok
}

// refresh reads the file again if it changed; it looks at most five times a second. An unreadable file keeps the keys
// known before.
func (r *Keyring) refresh() {
	now := r.now()
	r.mu.RLock()
	recent := now.Sub(r.checked) < 200*time.Millisecond
	r.mu.RUnlock()
	if !recent {
		_ = r.reload()
	}
}

func (r *Keyring) reload() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.checked = r.now()
	info, err := os.Stat(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		r.keys, r.stamp = map[string]Key{}, fileStamp{}
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at keys: %w", err)
	}
	stamp := fileStamp{size: info.Size(), modified: info.ModTime()}
	if r.keys != nil && stamp == r.stamp {
		return nil
	}
	keys, err := readKeys(r.path)
	if err != nil {
		return err
	}
	r.keys, r.stamp = keys, stamp
	return nil
}

// change edits the file under a lock that other processes respect, and replaces it in one step.
func (r *Keyring) change(edit func(map[string]Key) error) error {
	if err := os.MkdirAll(filepath.Dir(r.path), 0o700); err != nil {
		return fmt.Errorf("make folder of keys: %w", err)
	}
	lock, err := os.OpenFile(r.path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("lock keys: %w", err)
	}
	defer func() { _ = lock.Close() }()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("lock keys: %w", err)
	}
	keys, err := readKeys(r.path)
	if err != nil {
		return err
	}
	if err := edit(keys); err != nil {
		return err
	}
	list := make([]Key, 0, len(keys))
	for _, k := range keys {
		list = append(list, k)
	}
	slices.SortFunc(list, func(a, b Key) int { return strings.Compare(a.ID, b.ID) })
	raw, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return fmt.Errorf("encode keys: %w", err)
	}
	if err := replaceFile(r.path, raw); err != nil {
		return err
	}
	return r.reload()
}

func readKeys(path string) (map[string]Key, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]Key{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	return DecodeKeys(raw)
}

// DecodeKeys reads the file's JSON: a list of Key. It refuses a key of an unknown role, without a hash, or whose role has
// no scope.
func DecodeKeys(raw []byte) (map[string]Key, error) {
	var list []Key
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("decode keys: %w", err)
	}
	keys := make(map[string]Key, len(list))
	for i, k := range list {
		if k.ID == "" || len(k.Hash) != 2*sha256.Size || k.Role == fil.RoleAgent || !slices.Contains(fil.Roles(), k.Role) {
			return nil, fmt.Errorf("decode keys: entry %d has no id, hash or known role", i)
		}
		if err := k.check(k.Role); err != nil {
			return nil, fmt.Errorf("decode keys: entry %d: %w", i, err)
		}
		keys[k.ID] = k
	}
	return keys, nil
}

func replaceFile(path string, raw []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = temporary.Write(raw)
	err = errors.Join(err, temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		_ = os.Remove(temporary.Name())
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
