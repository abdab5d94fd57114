package chdb

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"unsafe"
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
