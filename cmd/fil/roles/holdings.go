package roles

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/filengine/fil"
	"github.com/filengine/fil/ingest/eventlog"
)

// holdings are the partitions whose agents a process has at hand when it does nothing but work: those of its lanes. One is
// loaded before the first batch of its lane, kept over a rebalance that gives it back, and dropped when another process has
// it. A process that answers reads, previews or reports has all partitions and no holdings.
type holdings struct {
	house   *house
	running chan struct{}   // closed when ctx is set
	ctx     context.Context //nolint:containedctx // of run: whoever asks for a partition, it is read for as long as that runs

	mu       sync.Mutex
	all      bool // the agents of all partitions are at hand, or the process ends: nothing is dropped any more
	held     map[int]*holding
	dropping map[int]chan struct{} // closed when the partition is dropped
	over     sync.WaitGroup
}

// holding is one partition.
type holding struct {
	tables map[fil.Topic]*eventlog.Table
	ctx    context.Context //nolint:containedctx // under which the tables are read
	stop   context.CancelFunc
	over   sync.WaitGroup
}

func newHoldings(h *house) *holdings {
	return &holdings{house: h, running: make(chan struct{}), held: map[int]*holding{}, dropping: map[int]chan struct{}{}}
}

// run lends its context to the tables until it is done. It is called once.
func (p *holdings) run(ctx context.Context) error {
	p.ctx = ctx
	close(p.running)
	<-ctx.Done()
	p.mu.Lock()
	p.all = true // lanes end what they have in hand, with what they know: nothing is dropped any more
	held := slices.Collect(maps.Values(p.held))
	p.mu.Unlock()
	for _, one := range held {
		one.over.Wait()
	}
	p.over.Wait()
	return nil
}

// open returns when a partition is at hand: read up to where the log ended when it was begun.
func (p *holdings) open(ctx context.Context, partition int) error {
	return p.load(ctx, partition, p.house.byAgent())
}

// whole returns when the agents of all partitions are at hand, as rules need that ask about one agent for another.
func (p *holdings) whole(ctx context.Context) error {
	partitions, err := p.house.events.Partitions(fil.TopicAgents)
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.all = true
	p.mu.Unlock()
	for n := range partitions {
		if err := p.load(ctx, n, p.house.byAgent()[:1]); err != nil {
			return err
		}
	}
	return nil
}

func (p *holdings) load(ctx context.Context, partition int, of []projection) error {
	select {
	case <-p.running:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	p.mu.Lock()
	dropped := p.dropping[partition]
	p.mu.Unlock()
	if dropped != nil {
		select {
		case <-dropped:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	tables, fresh := p.begin(partition, of)
	if err := caughtUp(ctx, tables...); err != nil {
		return fmt.Errorf("load partition %d: %w", partition, err)
	}
	if fresh {
		p.house.index.Settle(partition)
	}
	return nil
}

// table gives what reads a topic of a partition, nil when nothing does.
func (p *holdings) table(partition int, topic fil.Topic) *eventlog.Table {
	p.mu.Lock()
	defer p.mu.Unlock()
	if held := p.held[partition]; held != nil {
		return held.tables[topic]
	}
	return nil
}

// caughtUp returns when tables have applied what was in the log when they began.
func caughtUp(ctx context.Context, tables ...*eventlog.Table) error {
	for _, table := range tables {
		select {
		case <-table.Ready():
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// begin starts to read topics of a partition, those that are not read already. It says whether the agents are among those
// that it started.
func (p *holdings) begin(partition int, of []projection) (tables []*eventlog.Table, fresh bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	held := p.held[partition]
	if held == nil {
		held = &holding{tables: map[fil.Topic]*eventlog.Table{}}
		held.ctx, held.stop = context.WithCancel(p.ctx)
		p.held[partition] = held
	}
	for _, one := range of {
		table := held.tables[one.topic]
		if table == nil {
			one.part.Partitions = []int{partition}
			table = p.house.events.TablePart(one.topic, one.part, one.apply)
			held.tables[one.topic] = table
			held.over.Go(func() {
				if err := table.Run(held.ctx); err != nil {
					p.house.logger.ErrorContext(held.ctx, "partition not followed", "topic", one.topic, "partition", partition, "error", err)
				}
			})
			fresh = fresh || one.topic == fil.TopicAgents
		}
		tables = append(tables, table)
	}
	return tables, fresh
}

// keep drops the partitions that are not among those given. It does not wait.
func (p *holdings) keep(partitions []int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for n, held := range p.held {
		if p.all || slices.Contains(partitions, n) {
			continue
		}
		dropped := make(chan struct{})
		delete(p.held, n)
		p.dropping[n] = dropped
		held.stop()
		p.over.Go(func() {
			held.over.Wait()
			p.house.index.Drop(n)
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.dropping[n] == dropped {
				delete(p.dropping, n)
			}
			close(dropped)
		})
	}
}
