package census

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"math"
	"strconv"
	"time"

	"github.com/filengine/fil"
)

// Reading is what the agents of a directory did with contents in the ninety days before AsOf, in the order of time.
// A few agents read much and most read little; a few contents are read by many. It is safe for concurrent use.
type Reading struct {
	directory *Directory
	acts      int
	contents  int
	bins      []int // acts before the end of each bin
	end       time.Time
}

const (
	readDays = 90
	binsADay = 24 * 12 // of five minutes
	bin      = 24 * time.Hour / binsADay
)

// Reading makes acts engagements with contents that Contents lists: one for each 5,000 acts, at least 50.
func (d *Directory) Reading(acts int) *Reading {
	end, _ := time.Parse(time.DateOnly, AsOf)
	return d.ReadingUntil(acts, end)
}

// ReadingUntil makes them of the ninety days before another moment than AsOf.
func (d *Directory) ReadingUntil(acts int, end time.Time) *Reading {
	const per, fewest = 5000, 50
	r := &Reading{directory: d, acts: acts, contents: max(fewest, acts/per), end: end}
	weight := make([]float64, readDays*binsADay)
	for i := range weight {
		weight[i] = presence(end.Add(time.Duration(i-len(weight)) * bin))
	}
	run := 0
	for _, n := range apportion(acts, weight) {
		run += n
		r.bins = append(r.bins, run)
	}
	return r
}

// presence is how many people read at a moment of winter, in UTC, beside others: in the morning, after lunch and before
// leaving, little in the evening, and less by far on Saturdays and Sundays, when hospitals and police work.
func presence(at time.Time) float64 {
	local := at.Add(time.Hour)
	hour := float64(local.Hour()) + float64(local.Minute())/60
	peak := func(when, width, high float64) float64 {
		return high * math.Exp(-(hour-when)*(hour-when)/(2*width*width))
	}
	weight := 0.02 + peak(9, 0.9, 1) + peak(13.4, 0.8, 0.7) + peak(16.7, 0.9, 0.5) + peak(20.5, 1.2, 0.08)
	if day := local.Weekday(); day == time.Saturday || day == time.Sunday {
		weight *= 0.12
	}
	return weight
}

// Len is the number of acts.
func (r *Reading) Len() int { return r.acts }

// act draws the act of a rank into e, with when its bin begins at or after the one given, and gives its bin.
func (r *Reading) act(rank, from int, e *fil.Engagement) int {
	for r.bins[from] <= rank {
		from++
	}
	before := 0
	if from > 0 {
		before = r.bins[from-1]
	}
	part := (float64(rank-before) + 0.5) / float64(r.bins[from]-before)
	e.Time = r.end.Add(time.Duration(from-len(r.bins))*bin + time.Duration(part*float64(bin))).Truncate(time.Second)

	dice := throw(r.directory.seed+2, rank)
	const leanReaders, leanContents, spread = 2.2, 2.6, 15_485_863 // a prime over MaxSize: keen readers are everywhere
	reader := dice.below(r.directory.size, leanReaders)
	e.Agent = r.directory.ID(int(uint64(reader) * spread % uint64(r.directory.size)))
	e.Content = content(dice.below(r.contents, leanContents))
	e.Kind, e.Dwell = r.kind(&dice), 0
	if e.Kind == fil.Dwell {
		e.Dwell = float64(2 + dice.below(300, 2.5))
	}
	return from
}

func (r *Reading) kind(dice *dice) fil.EngagementKind {
	kinds := [...]struct {
		kind fil.EngagementKind
		upTo float64
	}{
		{fil.Impression, 54}, {fil.Open, 73}, {fil.Read, 86}, {fil.Dwell, 94}, {fil.Reaction, 96.5}, {fil.Click, 97.8}, {fil.Save, 98.5},
		{fil.Acknowledge, 99.1}, {fil.Comment, 99.4}, {fil.Share, 99.6}, {fil.Dismiss, 99.95}, {fil.Follow, 100},
	}
	roll := dice.share() * 100
	for _, k := range kinds {
		if roll < k.upTo {
			return k.kind
		}
	}
	return fil.Impression
}

func content(n int) string { return fmt.Sprintf("c%05d", n) }

// Contents lists what is read: the first is read most. Each has one to three topics of forty and one source of sixty.
func (r *Reading) Contents() iter.Seq[fil.Content] {
	const topics, services = 40, 60
	return func(yield func(fil.Content) bool) {
		for n := range r.contents {
			dice := throw(r.directory.seed+3, n)
			c := fil.Content{ID: content(n), Kind: "news", Title: fmt.Sprintf("Information n° %d", n+1), Source: fmt.Sprintf("Service %02d", 1+dice.below(services, 1.8))}
			for range 1 + dice.below(3, 1.5) {
				c.Topics = added(c.Topics, fmt.Sprintf("Sujet %02d", 1+dice.below(topics, 1.8)))
			}
			c.PublishedAt = r.end.AddDate(0, 0, -1-dice.below(readDays+30, 1))
			if !yield(c) {
				return
			}
		}
	}
}

// WriteContents writes the contents as NDJSON.
func (r *Reading) WriteContents(w io.Writer) error {
	encoder := json.NewEncoder(w)
	for c := range r.Contents() {
		if err := encoder.Encode(c); err != nil {
			return fmt.Errorf("write content %s: %w", c.ID, err)
		}
	}
	return nil
}

// Records gives acts as records of no log, those of ranks from first to before, which is excluded.
func (r *Reading) Records(first, before int) iter.Seq[fil.Record] {
	return func(yield func(fil.Record) bool) {
		var e fil.Engagement
		at := 0
		for rank := first; rank < before; rank++ {
			at = r.act(rank, at, &e)
			data := make([]byte, 0, 64)
			data = append(append(append(append(data, `{"agent":"`...), e.Agent...), `","content":"`...), e.Content...)
			data = append(data, '"')
			if e.Dwell > 0 {
				data = strconv.AppendFloat(append(data, `,"dwell":`...), e.Dwell, 'f', -1, 64)
			}
			rec := fil.Record{Key: e.Agent, Event: fil.Event{
				ID: act(rank), Source: Source, Type: fil.TypeEngagement + string(e.Kind), Subject: e.Content, Time: e.Time, Data: append(data, '}'),
			}}
			if !yield(rec) {
				return
			}
		}
	}
}

func act(rank int) string { return fmt.Sprintf("acte-%09d", rank) }

// Write writes every act; told hears how many more are written, now and then.
func (r *Reading) Write(ctx context.Context, w io.Writer, format Format, told func(acts int)) error {
	var e fil.Engagement
	at := 0
	return write(ctx, w, sheet{format, "id,agent,content,kind,time,dwell", r.acts, told}, func(b []byte, rank int) []byte {
		at = r.act(rank, at, &e)
		dwell := ""
		if e.Dwell > 0 {
			dwell = strconv.FormatFloat(e.Dwell, 'f', -1, 64)
		}
		if format == CSV {
			b = append(b, act(rank)...)
			for _, value := range [...]string{e.Agent, e.Content, string(e.Kind), e.Time.Format(time.RFC3339), dwell} {
				b = append(append(b, ','), value...)
			}
			return b
		}
		b = append(append(append(b, `{"id":"`...), act(rank)...), '"')
		b = member(member(member(b, "agent", e.Agent), "content", e.Content), "kind", string(e.Kind))
		b = member(b, "time", e.Time.Format(time.RFC3339))
		if dwell != "" {
			b = append(append(b, `,"dwell":`...), dwell...)
		}
		return append(b, '}')
	})
}
