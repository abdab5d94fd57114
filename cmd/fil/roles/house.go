// Package roles puts the rooms together: what each role of Fil is made of, and the process that runs some of them behind one
// address.
//
// It guarantees the order of a start (engines are waited for, projections caught up, then readiness) and of a stop, and that an
// engine which is away stops what needs it and nothing else. It reads no flag and prints nothing: that is the command's.
package roles

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"github.com/filengine/fil"
	"github.com/filengine/fil/analytics/dashboards"
	"github.com/filengine/fil/audiences"
	"github.com/filengine/fil/audiences/preview"
	"github.com/filengine/fil/cmd/fil/access"
	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/cmd/fil/tracing"
	"github.com/filengine/fil/ingest"
	"github.com/filengine/fil/ingest/drafts"
	"github.com/filengine/fil/ingest/eventlog"
	"github.com/filengine/fil/ranking"
	"github.com/filengine/fil/ranking/profiles"
	"github.com/filengine/fil/ranking/rulebook"
)

// house is what the roles of one process share: the log, Redis, and the projections of the compacted topics that they
// all read. A role adds what it runs, what it serves and when it is ready.
type house struct {
	cfg     config.Config
	version string // of the program
	logger  *slog.Logger
	reg     *prometheus.Registry
	now     func() time.Time
	secret  []byte

	connections connections
	events      *eventlog.Log
	redis       redis.UniversalClient
	watch       *redisWatch
	index       *audiences.Index
	catalogue   *ranking.Catalogue
	profiles    *profiles.Store
	tables      map[fil.Topic]*eventlog.Table
	policy      ranking.Policy    // of the configuration: in force as long as none is published
	policies    *ranking.Policies // what is in force
	feeds       *feeds            // made by openFeeds
	door        *ingest.Door      // made by openDoor
	desk        *rulebook.Desk    // made by openDesk
	roll        *roll             // of the door
	editors     *ingest.Editors   // of the door
	drafts      *drafts.Drafts    // of the door
	previews    *preview.Previews // of the role ingest
	zone        *time.Location
	announcer   *audiences.Announcer     // of a worker; nil otherwise
	holdings    *holdings                // of a process that only works; nil otherwise
	changed     []func()                 // told that an agent, audience or content changed
	moved       []func(agents ...string) // told that what is known of some agents changed, their records apart

	rebuilders map[string]rebuilder   // what the roles of this process can make again
	tuning     *tuning                // of a process that records facts; nil otherwise
	boards     *dashboards.Dashboards // of the same

	metrics  *serverMetrics
	tracing  *tracing.Tracing // nil: off
	engines  []engine         // asked now and then whether they answer
	run      []runner
	register []func(huma.API)
	mounts   []mount
	public   map[string]http.Handler                  // pages that need no key, by pattern
	also     map[fil.Topic][]func([]fil.Record) error // projections beside the first one of a topic's table
	roles    []string
	waits    []condition
	onStop   []func()                      // called when the stop begins, before the requests under way have ended
	closers  []func(context.Context) error // in the order of opening; closed in the reverse one
}

// mount is a protocol of its own behind the gate: all that is under pattern, which ends in a slash.
type mount struct {
	pattern string
	handler http.Handler
	refuse  access.Refuse
	roles   []fil.Role
}

// runner is one loop of a role. It ends when its context does.
type runner struct {
	name string
	loop func(context.Context) error
}

// dependency is an engine that a stage needs and that may be away for a while.
type dependency interface {
	name() string
	away() bool
	await(ctx context.Context) bool // what must be before a stage may use it; false when the context ends first
}

// condition is something that a process waits for before it answers.
type condition struct {
	name  string
	ready func() bool
	needs dependency // nil: the log, without which nothing is

	failing  func() bool               // whether the stage that needs it fails
	progress func() (loaded, of int64) // of a table that loads; nil for others
}

// build opens what every role needs, then the roles named.
func build(ctx context.Context, p Process) (*house, error) {
	h := &house{
		cfg: p.Config, version: p.Version, logger: p.Logger, reg: prometheus.NewRegistry(), now: time.Now,
		tables: map[fil.Topic]*eventlog.Table{}, roles: p.Roles, rebuilders: map[string]rebuilder{},
		also: map[fil.Topic][]func([]fil.Record) error{}, public: map[string]http.Handler{},
	}
	h.metrics = newServerMetrics(h.reg, p)
	h.reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	var err error
	h.tracing, err = tracing.Open(ctx, tracing.Config{
		Endpoint: p.Config.Traces.Endpoint, Sample: p.Config.Traces.Sample, Version: p.Version, Roles: p.Roles, Logger: p.Logger, Metrics: h.reg,
	})
	if err != nil {
		return h, err
	}
	h.onClose(h.tracing.Close)
	if err := h.open(ctx); err != nil {
		return h, err
	}
	for _, name := range p.Roles {
		if err := roleBuilders[name](ctx, h); err != nil {
			return h, fmt.Errorf("build role %s: %w", name, err)
		}
	}
	h.register = append(h.register, h.registerRebuild, h.registerTuning, func(api huma.API) { rulebook.Register(api, h.policies) })
	return h, nil
}

// roleBuilders are the roles by name, each in a file of its own.
var roleBuilders = map[string]func(context.Context, *house) error{
	"ingest":    buildIngest,
	"worker":    buildWorker,
	"delivery":  buildDelivery,
	"analytics": buildAnalytics,
}

// All lists the roles, in the order in which `fil up` builds them.
func All() []string { return []string{"ingest", "worker", "delivery", "analytics"} }

func (h *house) open(ctx context.Context) error {
	var err error
	if h.policy, err = loadPolicy(h.cfg); err != nil {
		return err
	}
	if h.secret, err = access.OpenSecret(h.cfg.SecretFile()); err != nil {
		return err
	}
	if h.connections, err = connectionsOf(h.cfg); err != nil {
		return err
	}
	if h.events, err = eventlog.Open(ctx, h.connections.log, h.logger, h.reg); err != nil {
		return err
	}
	h.onClose(h.events.Close)
	h.redis = redis.NewUniversalClient(h.connections.redis)
	h.onClose(func(context.Context) error { return h.redis.Close() })
	if h.watch, err = watchRedis(ctx, h.redis, h.logger, h.reg); err != nil {
		return err
	}
	h.add("redis", h.watch.run)
	profileConfig := profiles.DefaultConfig()
	profileConfig.Retention = h.cfg.Feeds.Profiles
	if h.profiles, err = profiles.New(h.redis, profileConfig); err != nil {
		return err
	}

	h.depend("kafka", h.events.Ping)
	h.depend("redis", func(ctx context.Context) error { return h.redis.Ping(ctx).Err() })
	h.add("engines", h.probe)

	h.zone, err = time.LoadLocation(h.cfg.Zone)
	if err != nil {
		return fmt.Errorf("zone %s: %w", h.cfg.Zone, err)
	}
	h.policies = ranking.NewPolicies(h.policy)
	h.index, h.catalogue = audiences.NewIndex(h.cfg.Attributes, audiences.Config{
		Now: h.now, Zone: h.zone, Behaviour: h.cfg.Audiences.Behaviour, Announced: h.goesByAnnouncements(),
	}), ranking.NewCatalogue()
	return h.followDirectory()
}

// follow keeps a projection of a topic. The process is ready when the topic has been read to its end and what is to be done
// then, if anything, is done.
func (h *house) follow(p projection, then ...func()) {
	topic := p.topic
	table := h.events.TablePart(topic, p.part, func(batch []fil.Record) error {
		err := p.apply(batch)
		for _, more := range h.also[topic] {
			err = errors.Join(err, more(batch))
		}
		return err
	})
	h.tables[topic] = table
	h.add(string(topic), table.Run)
	ready := table.Ready()
	if len(then) > 0 {
		done := make(chan struct{})
		ready = done
		h.add(string(topic)+" caught up", func(ctx context.Context) error {
			select {
			case <-table.Ready():
			case <-ctx.Done():
				return nil
			}
			for _, do := range then {
				do()
			}
			close(done)
			return nil
		})
	}
	h.wait(condition{name: string(topic), ready: func() bool {
		select {
		case <-ready:
			return true
		default:
			return false
		}
	}, progress: table.Progress})
}

// drain runs a stage, which needs an engine, over a topic; the process is ready once it has caught up.
func (h *house) drain(needs dependency, d eventlog.Drain) {
	d = h.tracing.Drain(d)
	h.add(d.Stage, func(ctx context.Context) error {
		if !needs.await(ctx) {
			return nil
		}
		return h.events.Drain(ctx, d)
	})
	h.wait(condition{name: d.Stage, ready: func() bool { return h.events.CaughtUp(d.Stage) }, needs: needs, failing: func() bool {
		return h.events.Failing(d.Stage)
	}})
}

func (h *house) add(name string, loop func(context.Context) error) {
	h.run = append(h.run, runner{name, loop})
}

func (h *house) wait(c condition) { h.waits = append(h.waits, c) }

func (h *house) onClose(closer func(context.Context) error) { h.closers = append(h.closers, closer) }

// waiting names what is not ready yet, in alphabetical order. A process with several roles does not wait for a stage that
// cannot get on, because its engine is away or refuses: it answers what it can without. One that has no other role has
// nothing to answer.
func (h *house) waiting() []string {
	var names []string
	for _, c := range h.waits {
		trouble := c.trouble()
		switch {
		case c.ready() || trouble != "" && len(h.roles) > 1:
		case trouble != "":
			names = append(names, c.name+" ("+trouble+")")
		default:
			names = append(names, c.name+c.share())
		}
	}
	slices.Sort(names)
	return names
}

// share says how much of what a table loads is there, once that is known.
func (c condition) share() string {
	if c.progress == nil {
		return ""
	}
	loaded, of := c.progress()
	if of == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d %%)", 100*loaded/of)
}

// trouble says why a stage cannot get on, empty when it can.
func (c condition) trouble() string {
	switch {
	case c.needs == nil:
		return ""
	case c.needs.away():
		return c.needs.name() + " is away"
	case c.failing():
		return c.needs.name() + " does not take what it is given"
	}
	return ""
}

// troubles says what the process does without, in alphabetical order.
func (h *house) troubles() []string {
	var all []string
	if h.watch.away() {
		all = append(all, h.watch.name()+" is away")
	}
	for _, c := range h.waits {
		if trouble := c.trouble(); trouble != "" {
			all = append(all, trouble)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// live runs every loop until the context ends or one of them fails.
func (h *house) live(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, r := range h.run {
		group.Go(func() error {
			if err := r.loop(ctx); err != nil && !errors.Is(err, context.Canceled) {
				return fmt.Errorf("run %s: %w", r.name, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// close closes what was opened, last first, within the time that a stop may take.
func (h *house) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), h.cfg.Shutdown)
	defer cancel()
	var errs []error
	for _, closer := range slices.Backward(h.closers) {
		errs = append(errs, closer(ctx))
	}
	return errors.Join(errs...)
}
