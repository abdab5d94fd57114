package roles

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/filengine/fil"
	"github.com/filengine/fil/cmd/fil/access"
	"github.com/filengine/fil/cmd/fil/config"
	"github.com/filengine/fil/ranking/evaluation"
	"github.com/filengine/fil/ranking/rulebook"
)

// tuning learns weights from the installation's own log, when asked and each night. One run at a time, on one core.
type tuning struct {
	house   *house
	desk    *rulebook.Desk
	cfg     config.Tuning
	zone    *time.Location
	running sync.Mutex

	runs                                    *prometheus.CounterVec
	last, seconds, margin, deviation, reads prometheus.Gauge
}

// openTuning makes the tuning of a process that records facts: it has all agents, and answers no reader.
func (h *house) openTuning(zone *time.Location) {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: "fil_tuning_" + name, Help: help})
	}
	t := &tuning{
		house: h, desk: h.openDesk(), cfg: h.cfg.Ranking.Tuning, zone: zone,
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fil_tuning_runs_total", Help: "Nights of tuning, by what came of them: few, same, worse, proposed, published, failed.",
		}, []string{"outcome"}),
		last:      gauge("last_run_timestamp_seconds", "When the last night of tuning of this process ended."),
		seconds:   gauge("last_duration_seconds", "How long it took."),
		margin:    gauge("last_margin", "NDCG@10 of the weights learned less that of the policy in force, on reads that were not learned from."),
		deviation: gauge("last_margin_stderr", "Standard error of the margin."),
		reads:     gauge("last_reads", "First reads that were at hand."),
	}
	h.reg.MustRegister(t.runs, t.last, t.seconds, t.margin, t.deviation, t.reads)
	h.tuning = t
	if t.cfg.Apply != config.TuneOff {
		h.add("tuning", t.run)
	}
}

// run tunes each night, until the context ends.
func (t *tuning) run(ctx context.Context) error {
	if !t.house.knowsPolicies(ctx) {
		return nil
	}
	for {
		at := t.next(t.house.now())
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(at.Sub(t.house.now())):
			t.night(ctx, at)
		}
	}
}

// next is when the next night of tuning begins, on the clock of the installation's zone.
func (t *tuning) next(now time.Time) time.Time {
	now = now.In(t.zone)
	clock, _ := time.Parse(config.TuneClock, t.cfg.At) // checked with the configuration
	at := time.Date(now.Year(), now.Month(), now.Day(), clock.Hour(), clock.Minute(), 0, 0, t.zone)
	if !at.After(now) {
		at = time.Date(now.Year(), now.Month(), now.Day()+1, clock.Hour(), clock.Minute(), 0, 0, t.zone)
	}
	return at
}

// night tunes once, unless another process has taken this night. One that is stopped halfway is not made up for: the next
// night learns from the same log.
func (t *tuning) night(ctx context.Context, at time.Time) {
	log := t.house.logger.With("stage", "tuning")
	mine, err := t.house.redis.SetNX(ctx, "lock:{tuning}:"+at.Format(time.DateOnly), 1, 48*time.Hour).Result()
	if err == nil && !mine {
		return
	}
	began, outcome := t.house.now(), "failed"
	var done tuned
	if err == nil {
		outcome, done, err = t.once(ctx)
	}
	if ctx.Err() != nil {
		return
	}
	t.runs.WithLabelValues(outcome).Inc()
	t.last.Set(float64(t.house.now().Unix()))
	t.seconds.Set(t.house.now().Sub(began).Seconds())
	if err != nil {
		log.WarnContext(ctx, "weights not tuned this night", "error", err)
		return
	}
	said := []any{"outcome", outcome, "seconds", t.house.now().Sub(began).Seconds()}
	if done.report != nil {
		m := done.margin()
		t.margin.Set(float64(m.NDCG))
		t.deviation.Set(float64(m.StdErr))
		said = append(said, "before", done.before.Version, "after", done.after.Version, "learned", done.steps, "judged", done.report.Judged, "margin", float64(m.NDCG), "stderr", float64(m.StdErr))
	}
	log.InfoContext(ctx, "weights tuned", said...)
}

// once learns, then publishes what is better than the policy in force, in force only if it is so beyond doubt, the operator
// wants it and no experiment would end by it.
func (t *tuning) once(ctx context.Context) (outcome string, done tuned, err error) {
	t.running.Lock()
	defer t.running.Unlock()
	log, _, err := t.gather(ctx, t.cfg.Days, t.cfg.Acts, nil)
	if err != nil {
		return "failed", done, err
	}
	reads := log.FirstReads()
	t.reads.Set(float64(reads))
	if reads < t.cfg.MinReads {
		t.house.logger.InfoContext(ctx, "too few reads to tune by", "stage", "tuning", "reads", reads, "min_reads", t.cfg.MinReads)
		return "few", done, nil
	}
	done, err = tune(ctx, log, t.house.policies.Current(), tunedName, nil)
	switch {
	case errors.Is(err, evaluation.ErrNothing):
		return "few", tuned{}, nil
	case err != nil:
		return "failed", tuned{}, err
	case done.same():
		return "same", done, nil
	case done.margin().NDCG <= 0:
		return "worse", done, nil
	}
	published, err := t.propose(ctx, done, tunedBy)
	if err != nil {
		return "failed", done, err
	}
	if t.cfg.Apply == config.TunePublish && done.sure() && t.house.policies.InForce().Experiment == nil {
		_, err = t.desk.Put(ctx, rulebook.Order{Version: done.after.Version, Note: done.note(), By: tunedBy, Expected: done.before.Version})
		if err != nil {
			return "failed", done, err
		}
		return "published", done, nil
	}
	if !published {
		return "same", done, nil
	}
	return "proposed", done, nil
}

// What a night's proposals are called, and by whom they are.
const (
	tunedName = "fil-tuned"
	tunedBy   = "ranking.tuning"
)

// propose publishes a version that is not in force; false when it, or its weights, are known already.
func (t *tuning) propose(ctx context.Context, done tuned, by string) (published bool, err error) {
	if done.same() {
		return false, nil
	}
	_, published, err = t.desk.Propose(ctx, rulebook.Order{Text: string(done.text), Note: done.note(), By: by})
	return published, err
}

func (t *tuning) gather(ctx context.Context, days, acts int, progress func(done, all int64)) (*evaluation.Log, evaluation.Gathered, error) {
	h := t.house
	return evaluation.ReadSource(ctx, h.events, evaluation.Reading{
		Since: h.now().AddDate(0, 0, -days), Acts: acts, Org: h.index.Org, Progress: progress, Contents: slices.Values(h.catalogue.Contents()),
	})
}

// tuneOrder is one request to learn.
type tuneOrder struct {
	Days    int    `query:"days" minimum:"1" maximum:"3650" default:"90" doc:"De ces derniers jours / of these last days"`
	Acts    int    `query:"acts" minimum:"1000" maximum:"50000000" default:"1000000" doc:"D'autant d'actes au plus, environ : au-delà, ceux d'un échantillon d'agents / of so many acts at most, about: beyond, those of a sample of the agents"`
	Name    string `query:"name" minLength:"1" maxLength:"40" default:"fil-tuned" doc:"Nom de la politique proposée / name of the proposed policy"`
	Propose bool   `query:"propose" doc:"Publier la version, sans la mettre en vigueur / publish the version, and do not put it in force"`

	AcceptLanguage string `header:"Accept-Language"`
}

// TuneLine is one line of the answer to who has weights learned.
type TuneLine struct {
	Step   string      `json:"step" enum:"reading,judging" doc:"Ce qui se fait / what is being done"`
	Read   int64       `json:"read" doc:"Enregistrements lus, ou lectures jugées / records read, or reads judged"`
	Of     int64       `json:"of" doc:"… sur / … of"`
	Result *TuneAnswer `json:"result,omitempty" doc:"À la fin / at the end"`
	Error  string      `json:"error,omitempty" doc:"Ce qui l'a arrêté / what stopped it"`
}

// registerTuning lets those who publish policies have weights learned from the log.
func (h *house) registerTuning(api huma.API) {
	stopping, stop := context.WithCancel(context.Background())
	h.onStop = append(h.onStop, stop)
	line := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[TuneLine](), true, "TuneLine")
	huma.Register(api, huma.Operation{OperationID: "tune-policy", Method: http.MethodPost, Path: "/v1/policies/tune", Hidden: h.tuning == nil,
		Security: []map[string][]string{{access.Scheme: {string(fil.RolePolicy)}}}, Tags: []string{"Politiques (policies)"},
		Summary:     "Apprendre des poids du journal, et les juger / Learn weights from the log, and judge them",
		Description: "Une ligne JSON par étape ; la dernière a « result » ou « error ». Fermer la connexion arrête le travail. / One JSON line a step; the last has result or error. Closing the connection stops the work.",
		Responses:   map[string]*huma.Response{"200": {Description: "NDJSON", Content: map[string]*huma.MediaType{"application/x-ndjson": {Schema: line}}}},
	}, func(ctx context.Context, in *tuneOrder) (*huma.StreamResponse, error) {
		t := h.tuning
		if t == nil {
			return nil, huma.Error404NotFound(fil.Bilingual{FR: "Ce processus n'apprend pas de poids : adressez-vous à un processus qui a le rôle analytics.",
				EN: "This process learns no weights: ask one that has the role analytics."}.In(in.AcceptLanguage))
		}
		if !t.running.TryLock() {
			return nil, huma.Error409Conflict(fil.Bilingual{FR: "Ce processus apprend déjà : attendez qu'il ait fini.", EN: "This process is learning already: wait until it is done."}.In(in.AcceptLanguage))
		}
		return longWork(ctx, stopping, &t.running, func(ctx context.Context, out *lines) { t.serve(ctx, *in, out) }), nil
	})
}

// serve learns once and writes its lines.
func (t *tuning) serve(ctx context.Context, in tuneOrder, out *lines) {
	var last time.Time
	tell := func(step string, done, all int64) {
		if time.Since(last) >= progressEvery {
			last = time.Now()
			out.write(TuneLine{Step: step, Read: done, Of: all})
		}
	}
	answer, err := t.answer(ctx, in, tell)
	if err == nil {
		out.write(TuneLine{Step: "judging", Result: &answer})
		return
	}
	t.house.logger.WarnContext(ctx, "weights not tuned", "stage", "tuning", "error", err)
	why := fil.Bilingual{FR: "arrêté : " + err.Error(), EN: "stopped: " + err.Error()}
	switch {
	case errors.Is(err, evaluation.ErrNothing):
		why = fil.Bilingual{FR: "rien à juger : il faut des agents qui aient lu trois contenus, puis d'autres déjà en ligne ; donnez plus de jours, ou attendez",
			EN: "nothing to judge: there must be agents who read three contents, then others that were live; give more days, or wait"}
	case errors.Is(err, context.Canceled):
		why = fil.Bilingual{FR: "interrompu ; rien n'est publié", EN: "interrupted; nothing is published"}
	}
	out.write(TuneLine{Step: "judging", Error: why.In(in.AcceptLanguage)})
}

func (t *tuning) answer(ctx context.Context, in tuneOrder, tell func(step string, done, all int64)) (TuneAnswer, error) {
	log, got, err := t.gather(ctx, in.Days, in.Acts, func(done, all int64) { tell("reading", done, all) })
	if err != nil {
		return TuneAnswer{}, err
	}
	done, err := tune(ctx, log, t.house.policies.Current(), in.Name, func(done, all int) { tell("judging", int64(done), int64(all)) })
	if err != nil {
		return TuneAnswer{}, err
	}
	answer, err := done.answer(in.AcceptLanguage)
	if err != nil {
		return answer, err
	}
	answer.Gathered = &got
	if in.Propose {
		if answer.Published, err = t.propose(ctx, done, fil.CallerFrom(ctx).Name); err != nil {
			return answer, fmt.Errorf("propose %s: %w", done.after.Version, err)
		}
	}
	return answer, nil
}
