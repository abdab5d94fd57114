package census_test

import (
	"fmt"
	"time"

	"github.com/filengine/fil"
	"github.com/filengine/fil/audiences/asked"
	"github.com/filengine/fil/audiences/preview"
	"github.com/filengine/fil/cmd/fil/embedded/enginetest"
)

// told measures previews as the API answers them, to one caller who asks rule after rule: evaluated, made to isolate nobody
// beside all that was told before, broken down, with the questions kept in Redis.
func (m *measured) told() {
	previews := preview.New(m.index, fil.Guard{Threshold: fil.DefaultThreshold}, asked.New(enginetest.Redis(m.b)), time.Now)
	rows := [][]string{{"previews as told to one key, 5 clauses", "first question", "twelfth", "p50", "figures told"}}
	for _, by := range [][]string{{"category"}, {"org", "site", "category", "status", "region"}} {
		who, times, told, figures := fil.Caller{Name: fmt.Sprint(by)}, samples{}, 0, 0
		for _, c := range fives() {
			start := time.Now()
			answer, err := previews.Ask(m.b.Context(), who, preview.Question{Rule: c.rule, By: by})
			if err != nil {
				m.b.Fatal(err)
			}
			times = append(times, time.Since(start))
			for _, groups := range answer.Breakdown {
				for _, n := range groups {
					if figures++; n != nil {
						told++
					}
				}
			}
		}
		rows = append(rows, []string{fmt.Sprintf("broken down by %d fields", len(by)), ms(times[0]), ms(times[len(times)-1]), ms(times.p50()),
			fmt.Sprintf("%d of %d", told, figures)})
	}
	m.table(rows)
}
