package directory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/filengine/fil"
)

// What one request carries.
const (
	together      = 2000
	bytesTogether = 3 << 20
)

// errRefused says that the server did not take what this program, by the same check, would have.
var errRefused = errors.New("refused by the server")

// write sends what is added and changed, in the order of the source, then removes.
func (s *sync) write(ctx context.Context) error {
	s.report.Applied = true
	send := slices.DeleteFunc(s.entries.list, func(e entry) bool { return e.state() != fresh && e.state() != changed })
	slices.SortFunc(send, func(a, b entry) int { return cmp.Compare(a.at, b.at) })
	s.bar.stage(fil.Bilingual{FR: "envoi", EN: "sending"}, len(send)+len(s.removed))
	for len(send) > 0 {
		var records [][]byte
		var from []stored
		for size := 0; len(records) < min(together, len(send)) && size < bytesTogether; {
			read, err := s.spool.read(send[len(records)].place())
			if err != nil {
				return err
			}
			size += len(read.record)
			records, from = append(records, slices.Clone(read.record)), append(from, stored{id: read.id, where: read.where})
		}
		send = send[len(records):]
		sent, err := s.client.Put(ctx, records)
		s.report.Written.Put += sent.Done
		s.refusals(from, sent.Refused)
		if err != nil {
			return err
		}
		s.bar.add(len(records))
	}
	return s.writeRemovals(ctx)
}

func (s *sync) writeRemovals(ctx context.Context) error {
	for some := range slices.Chunk(s.removed, together) {
		ids, from := make([]string, len(some)), make([]stored, len(some))
		for i, at := range some {
			read, err := s.spool.read(at)
			if err != nil {
				return err
			}
			ids[i], from[i] = read.id, stored{id: read.id}
		}
		sent, err := s.client.Remove(ctx, ids)
		s.report.Written.Removed += sent.Done
		s.refusals(from, sent.Refused)
		if err != nil {
			return err
		}
		s.bar.add(len(ids))
	}
	if n := s.report.Written.Refused; n > 0 {
		return fmt.Errorf("%d agents: %w", n, errRefused)
	}
	return nil
}

func (s *sync) refusals(from []stored, reasons map[int]string) {
	for i, reason := range reasons {
		if s.report.Written.Refused++; s.report.Written.Refused <= s.o.Examples {
			s.report.Faults = append(s.report.Faults, Fault{Where: from[i].where, ID: from[i].id, Detail: reason})
		}
	}
}
