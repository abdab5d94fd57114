package importer

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/filengine/fil"
)

// What is sent together, and how many requests are under way at a time.
const (
	eventsTogether  = 2000
	recordsTogether = 2000
	bytesTogether   = 3 << 20
	underWay        = 3
)

// parcel is what one request carries, and the rows it comes from.
type parcel struct {
	events  []fil.Event
	records [][]byte
	rows    []row
	bytes   int
}

// engagements sends each row as an event, in parcels, as they are read.
func (i *importing) engagements(ctx context.Context) error {
	group, sending := errgroup.WithContext(ctx)
	group.SetLimit(underWay)
	var mu sync.Mutex // of the counts
	var p parcel
	send := func() {
		full := p
		p = parcel{}
		group.Go(func() error {
			v, err := i.server.events(sending, full.events)
			if err != nil {
				return err
			}
			mu.Lock()
			i.admitted, i.duplicates = i.admitted+v.admitted, i.duplicates+v.duplicates
			mu.Unlock()
			for _, index := range slices.Sorted(maps.Keys(v.refused)) {
				if err := i.refusals.add(full.rows[index], v.refused[index]...); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := i.each(func(r row) error {
		if err := sending.Err(); err != nil {
			return context.Cause(sending)
		}
		event, faults, err := i.event(r)
		if err != nil {
			return err
		}
		if len(faults) > 0 {
			return i.refuse(r, faults)
		}
		p.events, p.rows = append(p.events, event), append(p.rows, r)
		if p.bytes += len(event.Data) + len(event.ID) + len(event.Source) + 200; len(p.events) == eventsTogether || p.bytes > bytesTogether {
			send()
		}
		return nil
	})
	if err == nil && len(p.events) > 0 {
		send()
	}
	if sent := group.Wait(); sent != nil {
		return fmt.Errorf("import engagements: %w", sent) // it is also what stopped the reading
	}
	return err
}

func (i *importing) refuse(r row, faults fil.Faults) error {
	reasons := make([]reason, len(faults))
	for n, fault := range faults {
		reasons[n] = reason{Field: strings.TrimPrefix(fault.Field, attributePrefix), Detail: fault.Problem.In(i.o.Language)}
	}
	return i.refusals.add(r, reasons...)
}

// event makes the engagement that a row tells of. The door says what it lacks.
func (i *importing) event(r row) (fil.Event, fil.Faults, error) {
	values, faults := i.plan.of(r.cell)
	if len(faults) > 0 {
		return fil.Event{}, faults, nil
	}
	var e fil.Engagement
	var id, source string
	for n, f := range i.plan.fields {
		switch v := values[n].(type) {
		case string:
			switch f.name {
			case "agent":
				e.Agent = v
			case "content":
				e.Content = v
			case "kind":
				e.Kind = fil.EngagementKind(v)
			case "id":
				id = v
			case "source":
				source = v
			}
		case time.Time:
			e.Time = v
		case float64:
			e.Dwell = v
		}
	}
	if id == "" {
		id = r.digest()
	}
	if source == "" {
		source = origin(r.names)
	}
	event, err := e.Event(source, id)
	if err != nil {
		return event, nil, fmt.Errorf("%s, line %d: %w", r.path, r.line, err)
	}
	return event, nil, nil
}

// fold is what the rows of one id have become.
type fold struct {
	first  row // without its cells
	rows   int
	values []any
}

// records folds rows by id, then sends what came of it in parcels.
func (i *importing) records(ctx context.Context) error {
	var folds []*fold
	byID := map[string]*fold{}
	err := i.each(func(r row) error {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("import %s: %w", i.o.Kind, err)
		}
		values, faults := i.plan.of(r.cell)
		idAt, _ := lookup(i.plan.fields, "id")
		id, _ := values[idAt].(string)
		if id == "" && len(faults) == 0 {
			faults.Add("id", "doit être renseigné", "is required")
		}
		if len(faults) > 0 {
			return i.refuse(r, faults)
		}
		if known := byID[id]; known != nil {
			known.add(i.plan.fields, values)
			return nil
		}
		f := &fold{first: row{path: r.path, line: r.line}, values: make([]any, len(values))}
		f.add(i.plan.fields, values)
		folds, byID[strings.Clone(id)] = append(folds, f), f
		return nil
	})
	if err != nil {
		return err
	}
	return i.send(ctx, folds)
}

// add folds one more row in: its values take the place of those before, but the earliest publication stays.
func (f *fold) add(fields []field, values []any) {
	f.rows++
	for n, value := range values {
		switch v := value.(type) {
		case nil:
			continue
		case string:
			value = strings.Clone(v) // a cell keeps its whole row in memory
		case []string:
			for i := range v {
				v[i] = strings.Clone(v[i])
			}
		case time.Time:
			if before, ok := f.values[n].(time.Time); ok && fields[n].name == "published_at" && before.Before(v) {
				continue
			}
		}
		f.values[n] = value
	}
}

func (i *importing) send(ctx context.Context, folds []*fold) error {
	i.bar.sending(len(folds))
	for len(folds) > 0 {
		var p parcel
		n := 0
		for n < len(folds) && n < recordsTogether && p.bytes < bytesTogether {
			raw, err := json.Marshal(record(i.plan.fields, folds[n].values, i.o.Kind))
			if err != nil {
				return fmt.Errorf("encode %s, line %d: %w", folds[n].first.path, folds[n].first.line, err)
			}
			p.records, p.bytes = append(p.records, raw), p.bytes+len(raw)
			n++
		}
		v, err := i.server.lines(ctx, "/v1/"+i.o.Kind+":batch", p.records)
		i.admitted += v.admitted
		for index, f := range folds[:n] {
			reasons, refused := v.refused[index]
			if !refused {
				continue
			}
			f.first.object = record(i.plan.fields, f.values, i.o.Kind)
			if err := i.refusals.addFolded(f.first, f.rows, reasons); err != nil {
				return err
			}
		}
		if err != nil {
			return fmt.Errorf("import %s: %w", i.o.Kind, err)
		}
		i.bar.add(n)
		for index, f := range folds[:n] {
			if _, refused := v.refused[index]; !refused {
				i.duplicates += f.rows
			}
		}
		i.duplicates -= v.admitted
		folds = folds[n:]
	}
	return nil
}

// record makes the JSON object of an agent or a content.
func record(fields []field, values []any, kind string) map[string]any {
	out := map[string]any{}
	attributes := map[string]any{}
	for n, f := range fields {
		name, attribute := strings.CutPrefix(f.name, attributePrefix)
		switch v := values[n].(type) {
		case nil:
		case map[string]any:
			if f.name == "attributes" {
				maps.Copy(attributes, v)
			} else {
				out[f.name] = v
			}
		default:
			if attribute {
				attributes[name] = v
			} else {
				out[f.name] = v
			}
		}
	}
	if len(attributes) > 0 {
		out["attributes"] = attributes
	}
	if kind == "contents" && out["title"] == nil {
		out["title"] = out["id"]
	}
	return out
}
