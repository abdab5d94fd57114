// Package config gathers what an operator may set, from a YAML file, the environment (FIL_…) and flags, the later ones
// winning, over defaults that run as they are.
//
// It guarantees that an unknown key is an error, wherever it stands, and that every fault is named at once. A password may
// be in a file of its own. It opens nothing else: the roles read it.
package config

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones are named, on machines that have no zone files too

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"

	"github.com/filengine/fil"
)

// Config is everything an operator may set. Durations are written "30s", "720h".
type Config struct {
	Listen     string        `koanf:"listen"` // HOST:PORT of the one address that serves everything
	Data       string        `koanf:"data"`   // folder of the embedded engines, the keys and the secrets
	Policy     string        `koanf:"policy"` // ranking policy file; empty: the default policy
	Zone       string        `koanf:"zone"`   // time zone in which the days of reports and of rules begin
	Attributes fil.Schema    `koanf:"attributes"`
	Directory  Directory     `koanf:"directory"`
	Audiences  Audiences     `koanf:"audiences"`
	Contents   Contents      `koanf:"contents"`
	Privacy    Privacy       `koanf:"privacy"`
	Register   Register      `koanf:"register"`
	Log        Log           `koanf:"log"`
	Redis      Redis         `koanf:"redis"`
	ClickHouse ClickHouse    `koanf:"clickhouse"`
	Access     Access        `koanf:"access"`
	Feeds      Feeds         `koanf:"feeds"`
	Ranking    Ranking       `koanf:"ranking"`
	Web        Web           `koanf:"web"`
	Embedded   Embedded      `koanf:"embedded"`
	Shutdown   time.Duration `koanf:"shutdown"` // most time that a stop may take
	// ShutdownDelay is how long a process that was told to stop goes on answering, while /readyz says that it leaves.
	ShutdownDelay time.Duration `koanf:"shutdown_delay"`
	LogLevel      string        `koanf:"log_level"`
	LogFormat     string        `koanf:"log_format"` // text or json
	Traces        Traces        `koanf:"traces"`
}

// Audiences sets what rules may ask.
type Audiences struct {
	Behaviour time.Duration `koanf:"behaviour"` // how long what agents did is kept for rules about it; 0: not at all, and such rules are refused
}

// Contents sets what must be before a content is published.
type Contents struct {
	Approval bool   `koanf:"approval"` // what communicators write needs a second person, whatever perimeters and audiences ask
	Gate     string `koanf:"gate"`     // whose contents are refused for an accessibility error: people, everyone, off
}

// Privacy sets the guard.
type Privacy struct {
	Threshold int `koanf:"threshold"` // agents; no figure about fewer
}

// Register sets how long what is known by name is kept.
type Register struct {
	Keep     time.Duration `koanf:"keep"`     // acknowledgements, in whole days
	Accesses time.Duration `koanf:"accesses"` // who looked at them; of a log whose topics are made already, alter the topic
}

func (r Register) validate(fail func(key, problem string, args ...any)) {
	const day = 24 * time.Hour
	if r.Keep < 30*day || r.Keep > 3660*day || r.Keep%day != 0 {
		fail("register.keep", "%s is not in whole days between 720h (30 days) and 87840h (10 years)", r.Keep)
	}
	if r.Accesses < 30*day || r.Accesses > 3660*day {
		fail("register.accesses", "%s is not between 720h (30 days) and 87840h (10 years)", r.Accesses)
	}
}

// Access says where keys and secrets are; empty paths are in the data folder.
type Access struct {
	Keys   string `koanf:"keys"`   // file of hashed keys
	Secret string `koanf:"secret"` // file of the 32 bytes that sign tokens and make pseudonyms
}

// Web says where the feed may be shown.
type Web struct {
	Origins []string `koanf:"origins"` // of pages of other applications, such as https://intranet.example, that may ask the API from a browser
}

// Feeds bounds what is kept for readers.
type Feeds struct {
	Window   time.Duration `koanf:"window"`   // how long after a read an agent's feed is kept up to date
	Profiles time.Duration `koanf:"profiles"` // how long the profile of an agent who does nothing is kept
	// Addresses is how many addresses an agent may have to read their feed in other applications; 0: none.
	Addresses int `koanf:"addresses"`
}

// Ranking sets what becomes of the weights of the policy.
type Ranking struct {
	Tuning Tuning `koanf:"tuning"`
}

// Tuning says when weights are learned from the log, from how much of it, and what becomes of them.
type Tuning struct {
	At       string `koanf:"at"`        // each day, on the clock of the zone, as TuneClock
	Apply    string `koanf:"apply"`     // TunePropose, TunePublish or TuneOff
	MinReads int    `koanf:"min_reads"` // fewer first reads teach nothing
	Days     int    `koanf:"days"`      // of the log, back from now
	Acts     int    `koanf:"acts"`      // most, about, that are read: beyond, those of a sample of the agents
}

// What becomes of the weights learned each night: they are published and not in force, or put in force where they are surely
// better, or nothing is learned.
const (
	TunePropose = "propose"
	TunePublish = "publish"
	TuneOff     = "off"
)

// TuneClock is how an hour of the day is written.
const TuneClock = "15:04"

// Traces says where spans are sent; without an endpoint nothing is traced and nothing goes out.
type Traces struct {
	Endpoint string  `koanf:"endpoint"` // URL of an OTLP collector over HTTP, such as http://127.0.0.1:4318
	Sample   float64 `koanf:"sample"`   // share of the requests that are traced, of those that no caller has sampled
}

// Embedded sets the engines that run inside `fil up`.
type Embedded struct {
	KeepFreeMiB int    `koanf:"keep_free_mib"` // of the disk; under it the log takes no record, under twice as much the facts no insert
	Library     string `koanf:"library"`       // path of libchdb.so; empty: beside the program, then the usual folders
}

// Default is the configuration that needs no file.
func Default() Config {
	return Config{
		Listen:     "127.0.0.1:8080",
		Data:       "data",
		Zone:       "Europe/Paris",
		Attributes: defaultSchema(),
		Directory:  defaultDirectory(),
		Audiences:  Audiences{Behaviour: 90 * 24 * time.Hour},
		Contents:   Contents{Gate: "people"},
		Privacy:    Privacy{Threshold: fil.DefaultThreshold},
		Register:   Register{Keep: 1826 * 24 * time.Hour, Accesses: 365 * 24 * time.Hour},
		Log:        Log{Partitions: 8, Replication: 1, Retention: 400 * 24 * time.Hour, Session: 10 * time.Second},
		ClickHouse: ClickHouse{Database: "fil"},
		Feeds:      Feeds{Window: 30 * 24 * time.Hour, Profiles: 396 * 24 * time.Hour, Addresses: 20},
		Ranking:    Ranking{Tuning{At: "03:00", Apply: TunePropose, MinReads: 1000, Days: 90, Acts: 1_000_000}},
		Embedded:   Embedded{KeepFreeMiB: 256},
		Shutdown:   20 * time.Second,
		LogLevel:   "info",
		LogFormat:  "text",
		Traces:     Traces{Sample: 0.01},
	}
}

// Load reads the file at path (none when empty), the environment given as KEY=VALUE, and the flags as dotted keys, and
// validates the outcome.
func Load(path string, environ []string, flags map[string]any) (Config, error) {
	k := koanf.New(".")
	if path != "" {
		if err := k.Load(file.Provider(path), yaml.Parser()); err != nil {
			return Config{}, fmt.Errorf("read configuration %s: %w", path, err)
		}
	}
	variables := environmentNames()
	var unknown []string
	provider := env.Provider(".", env.Opt{
		Prefix:      "FIL_",
		EnvironFunc: func() []string { return environ },
		TransformFunc: func(name, value string) (string, any) {
			key, ok := variables[name]
			switch {
			case ok && slices.Contains(lists, key):
				return key, strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
			case ok:
				return key, value
			case !slices.Contains(clientVariables, name) && !strings.HasPrefix(name, "FIL_TEST_"):
				unknown = append(unknown, name)
			}
			return "", nil
		},
	})
	if err := k.Load(provider, nil); err != nil {
		return Config{}, fmt.Errorf("read environment: %w", err)
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return Config{}, fmt.Errorf("read environment: unknown variables %s; known: %s", strings.Join(unknown, ", "),
			strings.Join(slices.Sorted(maps.Keys(variables)), ", "))
	}
	if err := k.Load(confmap.Provider(flags, "."), nil); err != nil {
		return Config{}, fmt.Errorf("read flags: %w", err)
	}
	cfg := Default()
	if k.Exists("attributes") {
		cfg.Attributes = nil // a declared schema replaces the default one; it does not merge with it
	}
	err := k.UnmarshalWithConf("", &cfg, koanf.UnmarshalConf{DecoderConfig: &mapstructure.DecoderConfig{
		ErrorUnused: true, WeaklyTypedInput: true, Result: &cfg, TagName: "koanf", ZeroFields: true,
		DecodeHook: mapstructure.StringToTimeDurationHookFunc(),
	}})
	if err != nil {
		return Config{}, fmt.Errorf("read configuration %s: %w", path, err)
	}
	var faults []error
	cfg.readSecrets(func(key, problem string, args ...any) { faults = append(faults, fault(key, problem, args...)) })
	return cfg, errors.Join(append(faults, cfg.Validate())...)
}

func fault(key, problem string, args ...any) error {
	return fmt.Errorf("%s: "+problem, append([]any{key}, args...)...)
}

// Validate gathers every fault.
func (c Config) Validate() error {
	var errs []error
	fail := func(key, problem string, args ...any) {
		errs = append(errs, fault(key, problem, args...))
	}
	if _, port, err := net.SplitHostPort(c.Listen); err != nil || !isPort(port) {
		fail("listen", "%q is not HOST:PORT", c.Listen)
	}
	if c.Data == "" {
		fail("data", "a folder is needed")
	}
	if c.Privacy.Threshold < fil.FloorThreshold {
		fail("privacy.threshold", "%d is under the floor of %d", c.Privacy.Threshold, fil.FloorThreshold)
	}
	if b := c.Audiences.Behaviour; b < 0 || b > 0 && b < time.Hour || b > c.Log.Retention {
		fail("audiences.behaviour", "%s is neither 0 nor between an hour and log.retention (%s), which is as far back as the log goes", b, c.Log.Retention)
	}
	if !slices.Contains([]string{"people", "everyone", "off"}, c.Contents.Gate) {
		fail("contents.gate", "%q is none of people, everyone, off", c.Contents.Gate)
	}
	if c.Embedded.KeepFreeMiB < 1 {
		fail("embedded.keep_free_mib", "%d is under 1", c.Embedded.KeepFreeMiB)
	}
	c.Web.check(fail)
	c.checkConnections(fail)
	for key, d := range map[string]time.Duration{"log.retention": c.Log.Retention, "log.session": c.Log.Session, "feeds.window": c.Feeds.Window,
		"feeds.profiles": c.Feeds.Profiles, "shutdown": c.Shutdown} {
		if d < time.Second {
			fail(key, "%s is under a second", d)
		}
	}
	if c.ShutdownDelay < 0 || c.ShutdownDelay > time.Minute {
		fail("shutdown_delay", "%s is not between 0s and 1m", c.ShutdownDelay)
	}
	c.Feeds.check(fail, c.Log.Retention)
	if _, err := time.LoadLocation(c.Zone); err != nil || c.Zone == "" || c.Zone == "Local" {
		fail("zone", "%q is not a time zone such as Europe/Paris", c.Zone)
	}
	c.validateWatching(fail)
	c.Ranking.Tuning.validate(fail)
	c.Register.validate(fail)
	for _, fault := range fil.FaultsOf(c.Attributes.Validate()) {
		fail(fault.Field, "%s", fault.Problem.EN)
	}
	return errors.Join(errs...)
}

func (f Feeds) check(fail func(key, problem string, args ...any), retention time.Duration) {
	if f.Profiles > retention {
		fail("feeds.profiles", "%s is over log.retention (%s): they could not be rebuilt", f.Profiles, retention)
	}
	if f.Addresses < 0 || f.Addresses > 100 {
		fail("feeds.addresses", "%d is not between 0 and 100", f.Addresses)
	}
}

func (w Web) check(fail func(key, problem string, args ...any)) {
	for _, origin := range w.Origins {
		if u, err := url.Parse(origin); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || origin != u.Scheme+"://"+u.Host {
			fail("web.origins", "%q is not an origin such as https://intranet.example, without a path", origin)
		}
	}
}

// validateWatching checks what the program tells of itself.
func (c Config) validateWatching(fail func(key, problem string, args ...any)) {
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.LogLevel) {
		fail("log_level", "%q is not debug, info, warn or error", c.LogLevel)
	}
	if !slices.Contains([]string{"text", "json"}, c.LogFormat) {
		fail("log_format", "%q is not text or json", c.LogFormat)
	}
	if u, err := url.Parse(c.Traces.Endpoint); c.Traces.Endpoint != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		fail("traces.endpoint", "%q is not a URL such as http://127.0.0.1:4318", c.Traces.Endpoint)
	}
	if !(c.Traces.Sample >= 0 && c.Traces.Sample <= 1) { // so that NaN is refused too
		fail("traces.sample", "%v is not between 0 and 1", c.Traces.Sample)
	}
}

func (t Tuning) validate(fail func(key, problem string, args ...any)) {
	if _, err := time.Parse(TuneClock, t.At); err != nil {
		fail("ranking.tuning.at", "%q is not an hour of the day such as 03:00", t.At)
	}
	if !slices.Contains([]string{TunePropose, TunePublish, TuneOff}, t.Apply) {
		fail("ranking.tuning.apply", "%q is not propose, publish or off", t.Apply)
	}
	for key, n := range map[string]int{"min_reads": t.MinReads, "days": t.Days, "acts": t.Acts} {
		if n < 1 {
			fail("ranking.tuning."+key, "%d is under 1", n)
		}
	}
}

func isPort(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return err == nil
}

// KeysFile and SecretFile are where access keeps its state.
func (c Config) KeysFile() string {
	return orDefault(c.Access.Keys, filepath.Join(c.Data, "keys.json"))
}

// SecretFile is where the secret that signs tokens and makes pseudonyms is.
func (c Config) SecretFile() string {
	return orDefault(c.Access.Secret, filepath.Join(c.Data, "secret.key"))
}

func orDefault(value, other string) string {
	if value == "" {
		return other
	}
	return value
}

var (
	lists           = []string{"log.brokers", "redis.addresses", "clickhouse.addresses", "directory.scim.org", "web.origins"}
	clientVariables = []string{"FIL_SERVER", "FIL_KEY", "FIL_CONFIG", "FIL_ENGINE_PASSWORD"}
)

// environmentNames maps FIL_LOG_BROKERS to log.brokers and so on: every key but the attributes and where a
// directory has them, which need a file.
func environmentNames() map[string]string {
	var tree map[string]any
	if err := mapstructureEncode(Default(), &tree); err != nil {
		panic(err) // the shape of Config is ours: this cannot depend on input
	}
	k := koanf.New(".")
	_ = k.Load(confmap.Provider(tree, "."), nil)
	names := map[string]string{}
	for _, key := range k.Keys() {
		if !strings.HasPrefix(key, "attributes") && !strings.HasPrefix(key, "directory.scim.attributes") {
			names["FIL_"+strings.ToUpper(strings.ReplaceAll(key, ".", "_"))] = key
		}
	}
	return names
}

func mapstructureEncode(cfg Config, out *map[string]any) error {
	decoder, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{Result: out, TagName: "koanf"})
	if err != nil {
		return err
	}
	return decoder.Decode(cfg)
}
