package census_test

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/filengine/fil"
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
	audiences := thousand()
	if err := m.index.ApplyAudiences(audiences); err != nil {
		m.b.Fatal(err)
	}
	const changes = 2000
	var took timing
	var a census.Agent
	var undo []fil.Record
	moved, in := 0, make([]bool, len(audiences))
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
		for n, one := range audiences {
			in[n] = member.In(one.Key)
		}
		if err := m.index.ApplyAgents([]fil.Record{rec}); err != nil {
			m.b.Fatal(err)
		}
		member, _ = m.index.Member(a.ID)
		for n, one := range audiences {
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
// leave and those of another enter.
func (m *measured) ruleChange() {
	from, to := `category == "A" and region == "Occitanie"`, `category == "A" and region == "Nouvelle-Aquitaine"`
	if err := m.index.ApplyAudiences([]fil.Record{audience("census-moved", from)}); err != nil {
		m.b.Fatal(err)
	}
	start := time.Now()
	if err := m.index.ApplyAudiences([]fil.Record{audience("census-moved", to)}); err != nil {
		m.b.Fatal(err)
	}
	applied := time.Since(start)
	start = time.Now()
	entered, err := m.index.Count(fmt.Sprintf("(%s) and not (%s)", to, from))
	if err != nil {
		m.b.Fatal(err)
	}
	left, err := m.index.Count(fmt.Sprintf("(%s) and not (%s)", from, to))
	if err != nil {
		m.b.Fatal(err)
	}
	m.table([][]string{
		{fmt.Sprintf("a rule changes: %d enter, %d leave", entered, left), "measured"},
		{"in force for the next feed read", ms(applied)},
		{"how many entered and left", ms(time.Since(start))},
	})
}
