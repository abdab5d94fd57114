package census_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences"
	"github.com/filengine/fil/cmd/fil/census"
)

// audience is a record of an audience's definition.
func audience(id, rule string) fil.Record {
	raw, err := json.Marshal(fil.Audience{ID: id, Name: id, Rule: rule})
	if err != nil {
		panic(err) // texts always encode
	}
	return fil.Record{Key: id, Event: fil.Event{ID: id, Source: census.Source, Type: fil.TypeAudience, Data: raw}}
}

// thousand are as many audiences as a large body has, each of three to five clauses.
func thousand() []fil.Record {
	jobs := []string{"Voirie et réseaux", "Soins infirmiers", "Budget et finances", "Ressources humaines", "Police nationale", "Enseignement du second degré", "Action sociale", "Systèmes d'information", "Aide aux soins", "Accueil du public"}
	regions := []string{"Bretagne", "Normandie", "Occitanie", "Corse", "Île-de-France", "Grand Est", "Hauts-de-France", "Nouvelle-Aquitaine", "Pays de la Loire", "La Réunion"}
	shapes := []string{
		`job == %q and region == %q and not opted_out`,
		`job == %q and region == %q and telework_days >= 1 and not manager`,
		`job != %q and region == %q and category in ["A", "B"] and hired < "2015-01-01" and not opted_out`,
		`(job == %q or region == %q) and manager and not opted_out`,
		`job == %q and region == %q and "secourisme" in skills`,
		`inOrg("territorial") and job == %q and region == %q`,
		`status == "contractuel" and job == %q and region == %q and contract_end < "2026-07-01"`,
		`job == %q and region != %q and working_time < 100 and birth_decade <= 1970`,
		`inOrg("hospitalier") and not (job == %q) and region == %q and "anglais" in languages`,
		`job == %q and not (region == %q) and grade contains "principal"`,
	}
	records := make([]fil.Record, 1000)
	for i := range records {
		records[i] = audience(fmt.Sprintf("census-%03d", i), fmt.Sprintf(shapes[i/100], jobs[i/10%10], regions[i%10]))
	}
	return records
}

// oneChange is one agent's record that changes, until it is known which of a thousand audiences they entered and left.
func (m *measured) oneChange() {
	many := thousand()
	if err := m.index.ApplyAudiences(many); err != nil {
		m.b.Fatal(err)
	}
	const changes = 2000
	var took timing
	var a census.Agent
	var undo []fil.Record
	moved, in := 0, make([]bool, len(many))
	for i := range changes {
		m.directory.Read(i*(m.directory.Len()/changes), &a)
		undo = append(undo, agentRecord(&a))
		a.Manager, a.TeleworkDays = !a.Manager, (a.TeleworkDays+1)%4
		if i%2 == 0 {
			a.Job, a.Region = "Soins infirmiers", "Bretagne"
		}
		rec := agentRecord(&a)
		start, used := time.Now(), processor()
		member, _ := m.index.Member(a.ID)
		for n, one := range many {
			in[n] = member.In(one.Key)
		}
		if err := m.index.ApplyAgents([]fil.Record{rec}); err != nil {
			m.b.Fatal(err)
		}
		member, _ = m.index.Member(a.ID)
		for n, one := range many {
			if member.In(one.Key) != in[n] {
				moved++
			}
		}
		took.add(timing{samples{time.Since(start)}, samples{processor() - used}})
	}
	if err := m.index.ApplyAgents(undo); err != nil {
		m.b.Fatal(err)
	}
	if moved == 0 {
		m.fault("%d changes moved nobody", changes)
	}
	m.table([][]string{
		{"one agent's change, 1000 audiences", "p50", "p99", "of processors p50", "p99", "aim"},
		{fmt.Sprintf("applied, entries and exits known (%d in %d changes)", moved, changes), ms(took.wall.p50()), ms(took.wall.p99()), ms(took.processor.p50()), ms(took.processor.p99()), "1 ms"},
	})
}

// agentRecord is a record of no log, of the partition that the agent is in.
func agentRecord(a *census.Agent) fil.Record {
	return fil.Record{
		Position: fil.Position{Partition: partitionOf(a.ID)}, Key: a.ID,
		Event: fil.Event{ID: a.ID, Source: census.Source, Type: fil.TypeAgent, Data: a.AppendJSON(nil)},
	}
}

// ruleChange is a rule that changes and moves half a million agents of 5.8 million: those of category A in one region
// leave and those of another enter. It is timed until all of them are known by name, with what else they are in, and the
// records that say so are written, to a log that takes no time.
func (m *measured) ruleChange() {
	from, to := `category == "A" and region == "Auvergne-Rhône-Alpes"`, `category == "A" and region == "Hauts-de-France"`
	log := newTally()
	announcer, err := audiences.NewAnnouncer(m.index, log, func(context.Context) error { return nil }, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		m.b.Fatal(err)
	}
	define := func(rule string) {
		if err := m.index.ApplyAudiences([]fil.Record{announced("census-moved", rule)}); err != nil {
			m.b.Fatal(err)
		}
	}
	count := func(rule string) int {
		n, err := m.index.Count(rule)
		if err != nil {
			m.b.Fatal(err)
		}
		return n
	}
	define(from)
	ctx, cancel := context.WithCancel(m.b.Context())
	var work sync.WaitGroup
	for p := range partitions {
		work.Go(func() { announcer.Announce(ctx, p) })
	}
	start := time.Now()
	log.await(count(from), 0)
	first := time.Since(start)

	m.later.Add(10) // everyone is looked at once in a second at most
	start, used := time.Now(), processor()
	define(to)
	applied := time.Since(start)
	entered, left := count(fmt.Sprintf("(%s) and not (%s)", to, from)), count(fmt.Sprintf("(%s) and not (%s)", from, to))
	known := time.Since(start)
	announcer.Redefined()
	log.await(entered, left)
	announcedIn, spent := time.Since(start), processor()-used
	cancel()
	work.Wait()
	m.later.Store(0)
	m.table([][]string{
		{fmt.Sprintf("a rule changes: %d enter, %d leave", entered, left), "measured"},
		{"(first announcement of the audience)", ms(first)},
		{"in force for the next feed read", ms(applied)},
		{"and how many entered and left", ms(known)},
		{"and each of them announced", fmt.Sprintf("%s (%.1f µs of processors each)", ms(announcedIn), float64(spent.Microseconds())/float64(max(1, entered+left)))},
	})
}

func announced(id, rule string) fil.Record {
	rec := audience(id, rule)
	rec.Event.Data = append(rec.Event.Data[:len(rec.Event.Data)-1], `,"announce":true}`...)
	return rec
}

// tally is a log that counts the entries and exits it is given.
type tally struct {
	lock          sync.Mutex
	more          *sync.Cond
	entered, left int
	offsets       [partitions]int64
}

func newTally() *tally {
	t := &tally{}
	t.more = sync.NewCond(&t.lock)
	return t
}

func (t *tally) Publish(_ context.Context, records []fil.Record) error {
	entered, left := 0, 0
	for i := range records {
		m, err := fil.Decode[audiences.Membership](records[i])
		if err != nil {
			return err
		}
		entered, left = entered+len(m.Entered), left+len(m.Left)
	}
	t.lock.Lock()
	defer t.lock.Unlock()
	for i := range records {
		p := partitionOf(records[i].Key)
		records[i].Partition, records[i].Offset = p, t.offsets[p]
		t.offsets[p]++
	}
	t.entered, t.left = t.entered+entered, t.left+left
	t.more.Broadcast()
	return nil
}

// await returns when so many have entered and left, and begins to count again.
func (t *tally) await(entered, left int) {
	t.lock.Lock()
	defer t.lock.Unlock()
	for t.entered < entered || t.left < left {
		t.more.Wait()
	}
	t.entered, t.left = 0, 0
}
