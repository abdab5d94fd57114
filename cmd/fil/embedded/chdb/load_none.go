//go:build nochdb

package chdb

import "errors"

// load refuses. A program that can load a C library needs the machine's C library itself, even without cgo; built with
// the tag nochdb it is static, and runs in an image that holds nothing else. Such a program is for `fil serve`.
func load(string) (*library, error) {
	return nil, errors.New("ce programme est construit sans le moteur ClickHouse (nochdb) : il est fait pour « fil serve »" +
		" / this program is built without the ClickHouse engine (nochdb): it is meant for “fil serve”")
}
