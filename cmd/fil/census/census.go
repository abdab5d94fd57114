// Package census makes French public directories of any size, and the engagements of their agents, to try Fil at the size
// it is made for. Nobody in them exists: agents have an identifier and no name.
//
// It hides the tables it is made from (tables/*.tsv: territories, ministries, employers, services, corps, grades, jobs)
// and how an agent is drawn. It guarantees that the same size and seed give the same bytes (on machines that
// compute floating point alike, as all amd64 ones do), whatever the order agents are asked in: each is drawn from its rank
// alone, so a Directory holds its units and no agent. It reads no clock: everything counts from AsOf.
//
// Weights are approximate, after orders of magnitude that the yearly report on the state of the civil service
// (DGAFP) has made known: 5.7 million agents, of whom 2.5 serve the State, 2.0 local authorities and 1.2 hospitals;
// about 35,000 communes, most of a few agents and some of tens of thousands; a fifth of agents under contract. Below
// that, shares of ministries, services and corps are plausible and no more: no statistic should be drawn from them.
//
// A smaller directory has fewer communes and hospitals, in proportion, and the same ministries and départements with
// fewer agents each. Agents come employer by employer and unit by unit, as payroll exports do.
package census

import (
	"fmt"
	"sort"
)

// AsOf is the day that directories describe, and the end of the days their agents read: 1 January 2026.
const AsOf = "2026-01-01"

// FullSize is the size that employers are counted for: agents of the three branches together, about.
const FullSize = 5_700_000

// The bounds of a directory's size, in agents.
const (
	MinSize = 10
	MaxSize = 10_000_000
)

// Directory is one made-up directory. It is safe for concurrent use.
type Directory struct {
	size      int
	seed      uint64
	tables    *tables
	employers []employer
	units     []unit
	mixtures  []mixture
	days      []string // by days since 1970: as texts, 2006-01-02
}

// New lays out the employers and units of a directory of size agents, in some ten milliseconds.
func New(size int, seed uint64) (*Directory, error) {
	if size < MinSize || size > MaxSize {
		return nil, fmt.Errorf("make a directory of %d agents: from %d to %d can be made", size, MinSize, MaxSize)
	}
	t, err := readTables()
	if err != nil {
		return nil, err
	}
	d := &Directory{size: size, seed: seed, tables: t, days: calendar()}
	if err := d.layOut(); err != nil {
		return nil, err
	}
	return d, nil
}

// Len is the number of agents.
func (d *Directory) Len() int { return d.size }

// Employers is the number of employers who have an agent.
func (d *Directory) Employers() int { return len(d.employers) }

// Units is the number of units that agents are in, those above them aside.
func (d *Directory) Units() int { return len(d.units) }

// identifiers is how many there are: a letter for the branch and nine digits.
const identifiers = 1_000_000_000

// ID is the identifier of the agent of a rank, from 0. Identifiers follow neither ranks nor units.
func (d *Directory) ID(rank int) string {
	return d.id(rank, &d.units[d.unitOf(rank)])
}

func (d *Directory) id(rank int, u *unit) string {
	const spread = 618_033_989 // has no factor in common with identifiers, so that no two ranks share one
	n := (uint64(rank)*spread + mix(d.seed)) % identifiers
	var text [10]byte
	text[0] = d.employers[u.employer].kind.branch.letter
	for i := len(text) - 1; i > 0; i-- {
		text[i], n = byte('0'+n%10), n/10
	}
	return string(text[:])
}

// unitOf finds the unit that the agent of a rank is in.
func (d *Directory) unitOf(rank int) int {
	return sort.Search(len(d.units), func(i int) bool { return int(d.units[i].first) > rank }) - 1
}
