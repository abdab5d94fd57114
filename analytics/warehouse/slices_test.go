package warehouse_test

import (
	"testing"
	"time"

	"github.com/filengine/fil/analytics/warehouse"
)

// Whatever the time, its slices hold each of its days once and no other, in order; whole months are one slice, or one each.
func TestSlices_CoverATimeOnce(t *testing.T) {
	for from := range 40 {
		for length := 1; length < 430; length += 1 + length/7 {
			begin := time.Date(2024, 1, 1+from*9, 0, 0, 0, 0, time.UTC)
			end := begin.AddDate(0, 0, length)
			for _, apart := range []bool{false, true} {
				at, wholes := begin, 0
				for _, s := range warehouse.SlicesOf(begin, end, apart) {
					if apart && s.First != s.Last {
						t.Fatalf("%v to %v: %v to %v are together", begin, end, s.First, s.Last)
					}
					if len(s.Days) == 31 {
						wholes++
					}
					for month := s.First; !month.After(s.Last); month = month.AddDate(0, 1, 0) {
						for _, number := range s.Days {
							day := month.AddDate(0, 0, number-1)
							if day.Month() != month.Month() {
								continue
							}
							if !day.Equal(at) {
								t.Fatalf("%v to %v: %v where %v is next", begin, end, day, at)
							}
							at = at.AddDate(0, 0, 1)
						}
					}
				}
				if !at.Equal(end) || !apart && wholes > 1 {
					t.Errorf("%v to %v: covered to %v, with whole months in %d slices", begin, end, at, wholes)
				}
			}
		}
	}
}
