package roles

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/cmd/fil/embedded"
	"github.com/filengine/fil/cmd/fil/filtest"
)

// oneSlot is a client's hook that looks whether the keys of a command share a hash tag, so a slot of a Redis Cluster.
type oneSlot struct {
	mu       sync.Mutex
	commands map[string]int
	offences []string
}

func (*oneSlot) DialHook(next redis.DialHook) redis.DialHook { return next }

func (o *oneSlot) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		o.look(cmd)
		return next(ctx, cmd)
	}
}

func (o *oneSlot) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		var together []any
		for _, cmd := range cmds {
			if keys := o.look(cmd); cmds[0].Name() == "multi" {
				together = append(together, keys...)
			}
		}
		o.inOneSlot("multi", together)
		return next(ctx, cmds)
	}
}

// look notes a command, and gives the keys that it asks for.
func (o *oneSlot) look(cmd redis.Cmder) (keys []any) {
	args := cmd.Args()
	switch name := cmd.Name(); name {
	case "ping", "multi", "exec":
		return nil
	case "get", "set", "setnx", "del", "getrange", "hget", "hgetall":
		keys = args[1:2]
	case "mget":
		keys = args[1:]
	case "eval", "evalsha":
		keys = args[3 : 3+args[2].(int)]
	default:
		o.mu.Lock()
		defer o.mu.Unlock()
		o.offences = append(o.offences, name+": not known to this test, which must know the keys of every command")
		return nil
	}
	o.inOneSlot(cmd.Name(), keys)
	return keys
}

// inOneSlot notes keys that are asked for at once.
func (o *oneSlot) inOneSlot(name string, keys []any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(keys) > 0 {
		o.commands[name]++
	}
	for _, key := range keys {
		if tag := hashTag(key.(string)); tag == "" || tag != hashTag(keys[0].(string)) {
			o.offences = append(o.offences, fmt.Sprintf("%s of %q: not in one slot by a hash tag", name, keys))
			return
		}
	}
}

// hashTag is what is between the first { and the first } after it; the whole key is hashed when that is nothing.
// See https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
func hashTag(key string) string {
	_, after, _ := strings.Cut(key, "{")
	tag, _, closed := strings.Cut(after, "}")
	if !closed {
		return ""
	}
	return tag
}

// On a Redis Cluster the whole path works, whatever braces an agent's id has, and no command asks for keys of two slots.
// FIL_TEST_REDIS_CLUSTER names nodes of a real one; the embedded Redis is a cluster of one.
func TestRedisCluster(t *testing.T) {
	nodes, start := os.Getenv("FIL_TEST_REDIS_CLUSTER"), startAlone
	if nodes != "" {
		start = startHere
	}
	h := start(t, func(cfg *config.Config) {
		cfg.Redis.Cluster = true
		if nodes != "" {
			cfg.Redis.Addresses, cfg.Redis.Password, cfg.Redis.Database = strings.Split(nodes, ","), os.Getenv("FIL_TEST_REDIS_PASSWORD"), 0
		}
	})
	cluster, ok := h.server.house.redis.(*redis.ClusterClient)
	if !ok {
		t.Fatalf("the client is a %T", h.server.house.redis)
	}
	hook := &oneSlot{commands: map[string]int{}}
	cluster.AddHook(hook)
	if err := cluster.ForEachMaster(t.Context(), func(ctx context.Context, node *redis.Client) error { return node.FlushAll(ctx).Err() }); err != nil {
		t.Fatal(err)
	}
	h.Story()
	odd := []string{"a{b", "a}b", "{a}", "a}{b", "é{}"}
	var events strings.Builder
	for i, id := range odd {
		h.Must(http.MethodPut, "/v1/agents/"+url.PathEscape(id), h.Keys["ingest"], `{"org":"cd/routes","site":"Hôtel","attributes":{"category":"A"}}`, 200, 201)
		fmt.Fprintf(&events, `{"specversion":"1.0","id":"odd-%d","source":"test","type":"fil.engagement.read","time":"2026-11-05T08:00:00Z","data":{"agent":%q,"content":"c1"}}`+"\n", i, id)
	}
	h.Ask(http.MethodPost, "/v1/engagements", h.Keys["ingest"], filtest.Engagements(0, 1000, 60, 3)+events.String(), "Content-Type: application/x-ndjson")
	h.AwaitTotals(1000 + len(odd))
	h.awaitLearned(1000)
	for _, id := range append(odd, "a0", "a59") {
		if page := h.Feed(url.PathEscape(id)); len(page.Items) == 0 {
			t.Errorf("the feed of %s is empty", id)
		}
		h.Feed(url.PathEscape(id)) // from Redis this time
	}
	if got := h.Ask(http.MethodGet, "/v1/agents/"+url.PathEscape("}a")+"/feed", h.Keys["service"], ""); got.Status >= 500 {
		t.Errorf("an id that no agent can have answers %d: %s", got.Status, got.Body)
	}
	hook.mu.Lock()
	defer hook.mu.Unlock()
	for _, offence := range hook.offences {
		t.Error(offence)
	}
	for _, used := range []string{"get", "set", "getrange", "mget", "hgetall", "multi", "evalsha"} {
		if hook.commands[used] == 0 {
			t.Errorf("%s was not seen: this test looks past what it is about", used)
		}
	}
}

// writePEM writes a test server's certificate and key, and gives the paths.
func writePEM(t *testing.T, pair tls.Certificate) (cert, key string) {
	t.Helper()
	dir := t.TempDir()
	raw, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: pair.Certificate[0]}, key: {Type: "PRIVATE KEY", Bytes: raw}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// Certificates come from the files of the configuration; one that is renewed is used by the next connection.
func TestRedisOverTLS(t *testing.T) {
	other := httptest.NewTLSServer(nil) // for the certificate that it comes with
	defer other.Close()
	cert, key := writePEM(t, other.TLS.Certificates[0])
	engine, err := embedded.StartRedis(embedded.Config{Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	door, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: other.TLS.Certificates, ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	defer door.Close()
	go passOn(door, engine.Addr())

	ping := func(change func(*config.TLS)) error {
		cfg := config.Default()
		cfg.Redis = config.Redis{Addresses: []string{door.Addr().String()}, Password: "secret", TLS: config.TLS{Enabled: true, CA: cert, Cert: cert, Key: key}}
		change(&cfg.Redis.TLS)
		opened, err := connectionsOf(cfg)
		if err != nil {
			return err
		}
		client := redis.NewUniversalClient(opened.redis)
		defer client.Close()
		return client.Ping(t.Context()).Err()
	}
	if err := ping(func(*config.TLS) {}); err != nil {
		t.Errorf("ping: %v", err)
	}
	for want, change := range map[string]func(*config.TLS){
		"unknown authority":                     func(c *config.TLS) { c.CA = "" },
		"certificate is valid for":              func(c *config.TLS) { c.ServerName = "redis.example.org" },
		"certificate required":                  func(c *config.TLS) { c.Cert, c.Key = "", "" },
		"redis.tls.ca: open /nowhere":           func(c *config.TLS) { c.CA = "/nowhere" },
		"holds no certificate in PEM":           func(c *config.TLS) { c.CA = key },
		"redis.tls.cert: read " + key + " and ": func(c *config.TLS) { c.Cert = key },
	} {
		if err := ping(change); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ping: %v, want %q", err, want)
		}
	}
}

// On the Redis that FIL_TEST_REDIS_TLS names, if any, likewise.
func TestRedisOverTLS_Elsewhere(t *testing.T) {
	address, authority := os.Getenv("FIL_TEST_REDIS_TLS"), os.Getenv("FIL_TEST_REDIS_CA")
	for ca, well := range map[string]bool{authority: true, "": false} {
		cfg := config.Default()
		cfg.Redis = config.Redis{Addresses: []string{address}, Password: os.Getenv("FIL_TEST_REDIS_PASSWORD"), TLS: config.TLS{Enabled: true, CA: ca}}
		opened, err := connectionsOf(cfg)
		if err != nil {
			t.Fatal(err)
		}
		client := redis.NewUniversalClient(opened.redis)
		if err := client.Ping(t.Context()).Err(); (err == nil) != (well && address != "") {
			t.Errorf("ping with the authority %q: %v", ca, err)
		}
		_ = client.Close()
	}
}

// Several addresses are those of a cluster, unless sentinels are named. FIL_TEST_REDIS_SENTINEL names some that run.
func TestRedisSentinel(t *testing.T) {
	cfg := config.Default()
	cfg.Redis = config.Redis{Addresses: []string{"127.0.0.1:1", "127.0.0.1:2"}, Database: 1, Sentinel: config.Sentinel{Master: "fil"}}
	addresses, elsewhere := os.LookupEnv("FIL_TEST_REDIS_SENTINEL")
	if elsewhere {
		cfg.Redis.Addresses, cfg.Redis.Sentinel.Master = strings.Split(addresses, ","), os.Getenv("FIL_TEST_REDIS_MASTER")
	}
	opened, err := connectionsOf(cfg)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewUniversalClient(opened.redis)
	defer client.Close()
	if _, one := client.(*redis.Client); !one {
		t.Errorf("the client is a %T", client)
	}
	if err := client.Ping(t.Context()).Err(); (err == nil) != elsewhere {
		t.Errorf("ping: %v", err)
	}
}

// passOn hands connections over to an address, until the listener closes.
func passOn(from net.Listener, to string) {
	for {
		outer, err := from.Accept()
		if err != nil {
			return
		}
		go func() {
			defer outer.Close()
			inner, err := net.Dial("tcp", to)
			if err != nil {
				return
			}
			defer inner.Close()
			go func() { _, _ = io.Copy(outer, inner) }()
			_, _ = io.Copy(inner, outer)
		}()
	}
}
