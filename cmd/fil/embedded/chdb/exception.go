package chdb

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// Exception is an error of the engine, in ClickHouse's own words: "Code: 60. DB::Exception: … (UNKNOWN_TABLE)".
type Exception struct {
	// Code is ClickHouse's number for the error, see its src/Common/ErrorCodes.cpp.
	Code int
	// Text is the whole text, code included.
	Text string
}

// Error returns the engine's text.
func (e *Exception) Error() string { return e.Text }

// The numbers that this package itself gives or looks at.
const (
	codeBadArguments         = 36
	codeNotImplemented       = 48
	codeSyntaxError          = 62
	codeTooLarge             = 307
	codeReadonly             = 164
	codeAborted              = 236
	codeAuthenticationFailed = 516
	codeUnknownException     = 1002
	codeCannotReadAllData    = 33
	codeUnknownCompression   = 89
)

var exceptionCode = regexp.MustCompile(`^(?:Error: )?Code: (\d+)`)

// newException reads the number out of the engine's text.
func newException(text string) *Exception {
	code := codeUnknownException
	if found := exceptionCode.FindStringSubmatch(text); found != nil {
		if n, err := strconv.Atoi(found[1]); err == nil && n > 0 {
			code = n
		}
	}
	text = strings.TrimPrefix(strings.TrimSpace(text), "Error: ")
	if code == codeUnknownException {
		return exceptionf(code, "UNKNOWN_EXCEPTION", "%s", text)
	}
	return &Exception{Code: code, Text: text}
}

// exceptionf makes an error of this package look like one of the engine.
func exceptionf(code int, name, format string, args ...any) *Exception {
	return &Exception{Code: code, Text: fmt.Sprintf("Code: %d. DB::Exception: %s. (%s)", code, fmt.Sprintf(format, args...), name)}
}

// status gives the HTTP status that ClickHouse gives to the error, see exceptionCodeToHTTPStatus in its source; what is
// not listed there is 500.
func (e *Exception) status() int {
	switch e.Code {
	case 6, 25, 26, 27, 38, 41, 53, 70, 72, codeSyntaxError, 117, 130, 131, 457, codeBadArguments, codeCannotReadAllData, codeUnknownCompression:
		return http.StatusBadRequest
	case 16, 46, 47, 50, 56, 60, 73, 81, 83, 115, 161, 218:
		return http.StatusNotFound
	case codeReadonly, 192, 193, 194, 291, 492, 497, codeAuthenticationFailed:
		return http.StatusForbidden
	case codeTooLarge:
		return http.StatusRequestEntityTooLarge
	case codeNotImplemented, 344:
		return http.StatusNotImplemented
	case codeAborted:
		return http.StatusServiceUnavailable
	case 159:
		return http.StatusRequestTimeout
	}
	return http.StatusInternalServerError
}
