package chdb

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"unsafe"

	"github.com/ebitengine/purego"
)

// ErrNoLibrary is what Open answers when libchdb.so is nowhere to be found; its text says what to run.
var ErrNoLibrary = errors.New("libchdb.so est introuvable : lancez « make » dans les sources, ou indiquez son chemin par FIL_EMBEDDED_LIBRARY" +
	" / libchdb.so was not found: run “make” in the source tree, or give its path in FIL_EMBEDDED_LIBRARY")

const libraryName = "libchdb.so"

// Find returns the path of libchdb.so: the one given if it is not empty, else the first that exists beside the
// executable, in /usr/local/lib/fil, in /usr/lib/fil, then in the folder bin of the working directory or of one above
// it, which is where the source tree keeps it and where tests find it. The error is ErrNoLibrary.
func Find(given string) (string, error) {
	if given != "" {
		if !isFile(given) {
			return "", fmt.Errorf("%w (%s)", ErrNoLibrary, given)
		}
		return given, nil
	}
	var places []string
	if executable, err := os.Executable(); err == nil {
		places = append(places, filepath.Dir(executable))
	}
	places = append(places, "/usr/local/lib/fil", "/usr/lib/fil")
	if dir, err := os.Getwd(); err == nil {
		for ; filepath.Dir(dir) != dir; dir = filepath.Dir(dir) {
			places = append(places, filepath.Join(dir, "bin"))
		}
	}
	for _, dir := range places {
		if path := filepath.Join(dir, libraryName); isFile(path) {
			return path, nil
		}
	}
	return "", ErrNoLibrary
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// library holds the C functions that are used, named as in the library's header, chdb.h. Handles that C gives are kept
// as uintptr, since they point into memory that is not Go's.
type library struct {
	setSignalHandlers func(enabled int32)
	connect           func(argc int32, argv unsafe.Pointer) *uintptr
	closeConn         func(conn *uintptr)
	classify          func(conn uintptr, query *byte, queryLen uint, database *byte, databaseLen uint, analysis unsafe.Pointer) int32

	query        func(conn uintptr, query *byte, queryLen uint, format *byte, formatLen uint, names, nameLens, values, valueLens unsafe.Pointer, count uint) uintptr
	streamQuery  func(conn uintptr, query *byte, queryLen uint, format *byte, formatLen uint, names, nameLens, values, valueLens unsafe.Pointer, count uint) uintptr
	streamFetch  func(conn, result uintptr) uintptr
	streamCancel func(conn, result uintptr)

	resultBuffer      func(result uintptr) unsafe.Pointer
	resultLength      func(result uintptr) uint
	resultError       func(result uintptr) string
	resultRowsRead    func(result uintptr) uint64
	resultRowsWritten func(result uintptr) uint64
	resultDestroy     func(result uintptr)

	insertOpen    func(conn uintptr, query *byte, queryLen uint, format *byte, formatLen uint, names, nameLens, values, valueLens unsafe.Pointer, count uint) uintptr
	insertAppend  func(stream uintptr, data *byte, length uint) int32
	insertDone    func(stream uintptr) uintptr
	insertCancel  func(stream uintptr)
	insertError   func(stream uintptr) string
	insertDestroy func(stream uintptr)
}

// load maps the library into the process. It is never unmapped: the library's own threads could still run in it.
func load(path string) (*library, error) {
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", path, err)
	}
	l := &library{}
	for name, function := range map[string]any{
		"chdb_set_signal_handlers_enabled": &l.setSignalHandlers,
		"chdb_connect":                     &l.connect,
		"chdb_close_conn":                  &l.closeConn,
		"chdb_classify_query_n":            &l.classify,
		"chdb_query_with_params_n":         &l.query,
		"chdb_stream_query_with_params_n":  &l.streamQuery,
		"chdb_stream_fetch_result":         &l.streamFetch,
		"chdb_stream_cancel_query":         &l.streamCancel,
		"chdb_result_buffer":               &l.resultBuffer,
		"chdb_result_length":               &l.resultLength,
		"chdb_result_error":                &l.resultError,
		"chdb_result_rows_read":            &l.resultRowsRead,
		"chdb_result_rows_written":         &l.resultRowsWritten,
		"chdb_destroy_query_result":        &l.resultDestroy,
		"chdb_stream_insert_with_params_n": &l.insertOpen,
		"chdb_stream_append":               &l.insertAppend,
		"chdb_stream_done":                 &l.insertDone,
		"chdb_stream_cancel_insert":        &l.insertCancel,
		"chdb_stream_insert_error":         &l.insertError,
		"chdb_destroy_insert_stream":       &l.insertDestroy,
	} {
		symbol, err := purego.Dlsym(handle, name)
		if err != nil {
			return nil, fmt.Errorf("load %s: version 26.7 is required: %w", path, err)
		}
		purego.RegisterFunc(function, symbol)
	}
	// The Go runtime needs its own handlers, for nil dereferences among others.
	l.setSignalHandlers(0)
	return l, nil
}
