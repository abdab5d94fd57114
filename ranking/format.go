package ranking

import (
	"errors"
	"fmt"
)

// ErrNewer is what a reader answers for what a newer version of this program has written. It must be left as it is: the
// program that wrote it reads what this one writes, so the way out is to finish the upgrade.
var ErrNewer = errors.New("written by a newer version of this program")

// CheckVersion tells a packed value that this program reads from one that is newer, and from one that is neither. The
// first byte is the version.
//
// A program of version n writes n and reads n-1, so that a store outlives an upgrade and processes of both may run for its
// time; it leaves n+1 alone. To introduce version n: keep the bytes that n-1 packs as a golden file, let the parser turn
// n-1 into n in memory, and write n. What is written back is then of version n. Popularity alone is made again from the log
// when its version is older: version 1 did not keep what version 2 counts, nor version 2 what version 3 does.
func CheckVersion(what string, packed []byte, current byte) error {
	switch v := packed[0]; {
	case v > current && v <= newest:
		return fmt.Errorf("parse %s: version %d, this program reads up to %d: %w", what, v, current, ErrNewer)
	case v == 0 || v+1 < current || v > newest:
		return fmt.Errorf("parse %s: version %d, want %d", what, v, current)
	}
	return nil
}

// newest bounds what is taken for a version: a first byte beyond it is damage, not the future.
const newest = 31
