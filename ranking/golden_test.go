package ranking_test

import (
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/filengine/fil"
)

var update = flag.Bool("update", false, "write the golden files of the version in force")

// golden gives the bytes that a version of this program packed. A store outlives the program that filled it: a file of a
// version that is no longer written is never made again.
func golden(t *testing.T, name string, now []byte) []byte {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update && now != nil {
		if err := os.MkdirAll("testdata", 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(hex.EncodeToString(now)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	packed, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

// chronicle is what the golden files tell.
func chronicle() []fil.Engagement {
	dwell := did(fil.Dwell, "b", noon.Add(time.Hour))
	dwell.Dwell = 61
	return []fil.Engagement{did(fil.Impression, "a", noon), did(fil.Read, "a", noon.Add(time.Minute)), dwell, did(fil.Acknowledge, "c", noon.Add(2*time.Hour))}
}
