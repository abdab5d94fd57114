package evaluation

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/filengine/fil"
)

// Showing is what was shown to an agent at once, and what of it they opened.
type Showing struct {
	Agent   string
	Time    time.Time
	History []string // contents that the agent opened before the log begins
	Shown   []string // contents, in the order in which the log has them
	Opened  []bool   // by place in Shown
}

// ParseShowing reads a line of the impression logs of MIND (Wu and others, 2020), with tabs between its cells: id, agent, time,
// history, and what was shown, as "N1-0 N2-1", the last digit telling what was opened. Times are written as there, 11/15/2019
// 10:22:32 AM, or as RFC 3339, or as Unix seconds; UTC is meant where no zone is given. A content shown twice counts once. An
// error is fil.Faults.
func ParseShowing(line string) (Showing, error) {
	cells := strings.Split(strings.TrimRight(line, "\r\n"), "\t")
	if len(cells) != 5 {
		return Showing{}, fil.Faults{fil.NewFault("", fmt.Sprintf("a %d cellule(s) ; il en faut 5, séparées par des tabulations : id, agent, heure, historique, affichés", len(cells)),
			fmt.Sprintf("has %d cell(s); 5 are needed, with tabs between: id, agent, time, history, shown", len(cells)))}
	}
	var faults fil.Faults
	s := Showing{Agent: strings.TrimSpace(cells[1]), History: strings.Fields(cells[3])}
	if s.Agent == "" {
		faults.Add("agent", "est vide : toute ligne en demande un", "is empty: every row needs one")
	}
	var ok bool
	if s.Time, ok = parseTime(strings.TrimSpace(cells[2])); !ok {
		faults.Add("time", fmt.Sprintf("n'est pas une heure comme 11/15/2019 10:22:32 AM : %.40q", cells[2]), fmt.Sprintf("is not a time such as 11/15/2019 10:22:32 AM: %.40q", cells[2]))
	}
	for word := range strings.FieldsSeq(cells[4]) {
		cut := strings.LastIndexByte(word, '-')
		if cut < 1 || word[cut:] != "-0" && word[cut:] != "-1" {
			faults.Add("shown", fmt.Sprintf("n'est pas un contenu suivi de -0 ou -1 : %.40q", word), fmt.Sprintf("is not a content followed by -0 or -1: %.40q", word))
			break
		}
		opened := word[cut:] == "-1"
		if at := slices.Index(s.Shown, word[:cut]); at >= 0 {
			s.Opened[at] = s.Opened[at] || opened
			continue
		}
		s.Shown, s.Opened = append(s.Shown, word[:cut]), append(s.Opened, opened)
	}
	return s, faults.Err()
}

func parseTime(written string) (time.Time, bool) {
	at, err := time.Parse("1/2/2006 3:04:05 PM", written)
	if err != nil {
		at, err = time.Parse(time.RFC3339, written)
	}
	if seconds, wrong := strconv.ParseInt(written, 10, 64); err != nil && wrong == nil && seconds < 1e11 && seconds > -1e11 {
		at, err = time.Unix(seconds, 0).UTC(), nil
	}
	return at, err == nil && at.Year() >= 1970 && at.Year() <= 2105
}

// ReadShowings calls visit for each line, with its number from 1 and the error of ParseShowing. Its own error is visit's, or
// the reader's.
func ReadShowings(r io.Reader, visit func(line int, s Showing, wrong error) error) error {
	return readLines(r, func(n int, line string) error {
		s, wrong := ParseShowing(line)
		return visit(n, s, wrong)
	})
}

// readLines calls visit for each line that is not empty, with its number from 1.
func readLines(r io.Reader, visit func(n int, line string) error) error {
	const longest = 4 << 20
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 64<<10), longest)
	for n := 1; lines.Scan(); n++ {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		if err := visit(n, lines.Text()); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read lines: %w", err)
	}
	return nil
}

// shown is a showing by numbers.
type shown struct {
	at       int64
	agent    int32
	contents []int32
	opened   []int32 // places in contents, ascending
}

// AddShowing takes what was shown: as an impression of each content, a read of what was opened and, the first time that the
// agent is met, a read of each content of the history, before everything else. A log that has any is judged by its showings.
func (b *Builder) AddShowing(s Showing) error {
	if len(s.Opened) != len(s.Shown) {
		return errors.New("a showing must say of each content whether it was opened")
	}
	out := shown{at: s.Time.UnixNano(), agent: b.agent(s.Agent)}
	for _, id := range s.Shown {
		content := b.content(id)
		out.contents = append(out.contents, content)
		b.log.acts = append(b.log.acts, Act{At: out.at, Agent: out.agent, Content: content, Kind: b.kind[fil.Impression]})
	}
	for place, opened := range s.Opened {
		if opened {
			out.opened = append(out.opened, int32(place))
			b.log.acts = append(b.log.acts, Act{At: out.at, Agent: out.agent, Content: out.contents[place], Kind: b.kind[fil.Read]})
		}
	}
	if b.told.add(out.agent) {
		for _, id := range s.History {
			b.log.acts = append(b.log.acts, Act{At: math.MinInt64, Agent: out.agent, Content: b.content(id), Kind: b.kind[fil.Read]})
		}
	}
	b.log.shown = append(b.log.shown, out)
	return nil
}

// met remembers agents.
type met []bool

// add says whether an agent is new.
func (m *met) add(agent int32) bool {
	for int(agent) >= len(*m) {
		*m = append(*m, false)
	}
	was := (*m)[agent]
	(*m)[agent] = true
	return !was
}

// dateHistories puts what was read before the log a minute before its first act.
func (l *Log) dateHistories() {
	first := int64(math.MaxInt64)
	for _, s := range l.shown {
		first = min(first, s.at)
	}
	for i := range l.acts {
		if l.acts[i].At == math.MinInt64 {
			l.acts[i].At = first - int64(time.Minute)
		}
	}
}

// showings lists those of a window of which a part was opened.
func (l *Log) showings(w Window) (found []event) {
	reads, learned := make([]int32, len(l.agents.list)), 0
	for i, s := range l.shown {
		for ; learned < len(l.acts) && l.acts[learned].At < s.at; learned++ {
			if l.acts[learned].First {
				reads[l.acts[learned].Agent]++
			}
		}
		if w.holds(s.at) && len(s.opened) > 0 && len(s.opened) < len(s.contents) {
			found = append(found, event{int32(i), reads[s.agent] < warmReads})
		}
	}
	return found
}

// impressions judges how each order would have arranged what was shown.
func (r *replay) impressions(ctx context.Context) (*Report, error) {
	all := r.log.showings(r.window)
	kept := sample(all, r.mostEvents(), r.settings.Seed)
	warm := countWarm(kept)
	if warm == 0 {
		return nil, fmt.Errorf("%d showings in the part: %w", len(all), ErrNothing)
	}
	r.every = (warm + 999) / 1000
	r.weights = &weighing{}
	for i, e := range kept {
		s := r.log.shown[e.place]
		before := r.learned
		for before < len(r.log.acts) && r.log.acts[before].At < s.at {
			before++
		}
		r.advance(s.at+1, before) // what is shown now is live
		own := make([]int, len(s.opened))
		for i, place := range s.opened {
			own[i] = int(place)
		}
		if err := r.ask(Question{s.agent, s.at, s.contents}, e.cold, own...); err != nil {
			return nil, err
		}
		if !e.cold {
			r.weigh(own)
		}
		if err := r.tick(ctx, i+1, len(kept)); err != nil {
			return nil, err
		}
	}
	report := r.report("impressions")
	report.Judged, report.Cold, report.Judgeable = warm, len(kept)-warm, countWarm(all)
	return report, nil
}

// mostWeight bounds what one click may count, so that a click far down does not decide alone.
const mostWeight = 10

// weighing sums the weights of clicks.
type weighing struct{ clicks, sum, squares float64 }

// reward sums what clicks are worth where an order puts them.
type reward struct {
	perShowing   mean
	worth        float64 // Σ w·d
	weighedTwice float64 // Σ w²·d
	squares      float64 // Σ w²·d²
}

// weigh estimates what an order would earn from clicks that were seen under another (Joachims, Swaminathan and Schnabel,
// 2017). A content at place k, from 1, is supposed to have been looked at with a chance of 1/k, so that a click there counts
// for k (mostWeight at most); it is worth 1/log2(rank+2) where the order puts it. IPS is the mean by showing; SNIPS divides by
// the weights instead (Swaminathan and Joachims, 2015).
func (r *replay) weigh(own []int) {
	for _, e := range r.entries {
		sum := 0.0
		for _, place := range own {
			w := r.weight(place)
			rank, _ := placed(e.scores, place)
			d := discount(rank)
			sum += w * d
			e.reward.worth, e.reward.weighedTwice, e.reward.squares = e.reward.worth+w*d, e.reward.weighedTwice+w*w*d, e.reward.squares+w*w*d*d
		}
		e.reward.perShowing.add(sum)
	}
	for _, place := range own {
		w := r.weight(place)
		r.weights.clicks, r.weights.sum, r.weights.squares = r.weights.clicks+1, r.weights.sum+w, r.weights.squares+w*w
	}
}

func (r *replay) weight(place int) float64 {
	if r.settings.Shuffled {
		return 1
	}
	return min(float64(place+1), mostWeight)
}

// estimate gives IPS and SNIPS with their standard errors, that of SNIPS by the delta method.
func (r *replay) estimate(e *entry) *Estimate {
	w, x := r.weights, e.reward
	snips := x.worth / w.sum
	variance := x.squares - 2*snips*x.weighedTwice + snips*snips*w.squares
	return &Estimate{Number(x.perShowing.value()), Number(x.perShowing.stderr()), Number(snips), Number(math.Sqrt(max(0, variance)) / w.sum)}
}

func (r *replay) assumption() *Assumption {
	a := &Assumption{Propensity: "1/place", Clip: mostWeight, Clicks: int(r.weights.clicks), Effective: Number(r.weights.sum * r.weights.sum / r.weights.squares)}
	if r.settings.Shuffled {
		a.Propensity, a.Clip = "uniform", 1
	}
	return a
}
