package warehouse_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/filengine/fil/analytics/warehouse"
)

// ClickHouse refuses a parameter over 128 KiB, and the embedded engine does not: lists are held to it here.
func TestListsFitInParameters(t *testing.T) {
	var many, wide []string
	for i := range 20_000 {
		many = append(many, fmt.Sprintf("content-%06d", i))
	}
	for range 3000 {
		wide = append(wide, strings.Repeat(`'`, 128)) // each byte is escaped
	}
	for name, ids := range map[string][]string{"none": {}, "one": {"a"}, "many": many, "wide": wide} {
		lists := warehouse.ListsOf(ids)
		for i, list := range lists {
			size := len("[]")
			for _, id := range list {
				size += len(id) + strings.Count(id, `'`) + len("'',")
			}
			if size > 128<<10 || i > 0 && len(list) == 0 {
				t.Errorf("%s: list %d has %d ids in %d bytes", name, i, len(list), size)
			}
		}
		if len(lists) == 0 || !slices.Equal(slices.Concat(lists...), ids) && len(ids) > 0 {
			t.Errorf("%s: %d lists do not hold what was cut", name, len(lists))
		}
	}
	if lists := warehouse.ListsOf(nil); lists != nil {
		t.Errorf("a question about all contents names %v", lists)
	}
}
