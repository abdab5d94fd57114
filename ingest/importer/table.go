package importer

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/filengine/fil"
)

// table is one file's rows. next gives io.EOF after the last, and a *badRow, with what is known of the row, for one that
// cannot be read; the next ones can.
type table interface {
	path() string
	columns() []string // in order; nil when each row has its own
	next() (row, error)
}

// row is one row, whose cells go by the names of columns.
type row struct {
	path   string
	line   int
	names  []string       // of CSV
	cells  []string       // of CSV
	object map[string]any // of NDJSON
}

type badRow struct{ problem fil.Bilingual }

func (b *badRow) Error() string { return b.problem.EN }

func unreadable(fr, en string) error { return &badRow{fil.Bilingual{FR: fr, EN: en}} }

// cell gives a cell, nil when there is none. In NDJSON "a.b" also leads to b in the object a.
func (r row) cell(name string) any {
	if r.object == nil {
		if i := slices.Index(r.names, name); i >= 0 {
			return r.cells[i]
		}
		return nil
	}
	if v, ok := r.object[name]; ok {
		return v
	}
	outer, inner, nested := strings.Cut(name, ".")
	if within, ok := r.object[outer].(map[string]any); nested && ok {
		return row{object: within}.cell(inner)
	}
	return nil
}

// digest is the row's identity when it names none: the same columns with the same cells have the same one.
func (r row) digest() string {
	h := sha256.New()
	if r.object != nil {
		_ = json.NewEncoder(h).Encode(r.object) // keys are sorted, numbers as they are written
	}
	for i, cell := range r.cells {
		for _, part := range []string{r.names[i], cell} {
			_, _ = io.WriteString(h, strconv.Itoa(len(part))+":"+part)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// origin is the source of events that name none. It goes by the columns, so that a file has it whatever its name, and two
// systems with ids of their own have one each. NDJSON has no columns before its end: all of it has one.
func origin(names []string) string {
	if names == nil {
		return "import:ndjson"
	}
	sum := sha256.Sum256([]byte(strings.Join(names, "\x00")))
	return "import:" + hex.EncodeToString(sum[:6])
}

// maxRow bounds one row, in bytes: more is a quote that was never closed.
const maxRow = 4 << 20

// openTables finds what a file is by its first bytes, and visits what it holds.
func openTables(name string, bar *bar, visit func(io.Reader) error) error {
	file, err := os.Open(name)
	if err != nil {
		return misuse("%s ne peut être lu : %v", "%s cannot be read: %v", name, err)
	}
	defer func() { _ = file.Close() }()
	head := make([]byte, 4)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return misuse("%s ne peut être lu : %v", "%s cannot be read: %v", name, err)
	}
	if bytes.Equal(head[:n], []byte("PK\x03\x04")) {
		return openZip(name, file, bar, visit)
	}
	return unzip(name, io.MultiReader(bytes.NewReader(head[:n]), bar.reader(file)), visit)
}

// unzip visits what gzip holds, or the bytes themselves.
func unzip(name string, raw io.Reader, visit func(io.Reader) error) error {
	buffered := bufio.NewReaderSize(raw, 64<<10)
	if head, err := buffered.Peek(2); err != nil || !bytes.Equal(head, []byte{0x1f, 0x8b}) {
		return visit(buffered)
	}
	inner, err := gzip.NewReader(buffered)
	if err != nil {
		return fmt.Errorf("read %s as gzip: %w", name, err)
	}
	return visit(inner)
}

func openZip(name string, file *os.File, bar *bar, visit func(io.Reader) error) error {
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	archive, err := zip.NewReader(bar.readerAt(file), info.Size())
	if err != nil {
		return misuse("%s commence comme un zip mais n'en est pas un : %v", "%s begins like a zip but is not one: %v", name, err)
	}
	for _, entry := range archive.File {
		base := path.Base(entry.Name)
		if entry.FileInfo().IsDir() || strings.HasPrefix(base, ".") || strings.HasPrefix(entry.Name, "__MACOSX/") {
			continue
		}
		inner, err := entry.Open()
		if err != nil {
			return fmt.Errorf("read %s in %s: %w", entry.Name, name, err)
		}
		err = unzip(name, inner, visit)
		_ = inner.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// newTable tells CSV from NDJSON by the first character.
func newTable(name string, raw io.Reader) (table, error) {
	bounded := &bounded{r: raw, left: maxRow}
	buffered := bufio.NewReaderSize(bounded, 64<<10)
	if mark, err := buffered.Peek(3); err == nil && bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = buffered.Discard(3)
	}
	head, err := buffered.Peek(64 << 10)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	switch trimmed := bytes.TrimLeft(head, " \t\r\n"); {
	case bytes.HasPrefix(trimmed, []byte("{")):
		return &ndjsonTable{name: name, r: buffered, bounded: bounded}, nil
	case bytes.HasPrefix(trimmed, []byte("[")):
		return nil, misuse("%s est un tableau JSON : donnez un objet par ligne (NDJSON)", "%s is a JSON array: give one object a line (NDJSON)", name)
	}
	t := &csvTable{name: name, r: csv.NewReader(buffered), bounded: bounded}
	t.r.Comma, t.r.FieldsPerRecord = delimiter(head), -1
	header, err := t.r.Read()
	if errors.Is(err, io.EOF) {
		return nil, misuse("%s est vide", "%s is empty", name)
	}
	if err != nil {
		return nil, misuse("%s n'a pas d'en-tête lisible : %v", "%s has no readable header: %v", name, err)
	}
	for i, column := range header {
		header[i] = strings.TrimSpace(column)
		if slices.Contains(header[:i], header[i]) && header[i] != "" {
			return nil, misuse("%s a deux colonnes %q", "%s has two columns %q", name, header[i])
		}
	}
	t.header = header
	return t, nil
}

// delimiter is what the header has most of, outside of quotes.
func delimiter(head []byte) rune {
	counts, quoted := map[rune]int{}, false
	for _, c := range string(head) {
		if c == '\n' && !quoted {
			break
		}
		if c == '"' {
			quoted = !quoted
		}
		if !quoted {
			counts[c]++
		}
	}
	best := ','
	for _, candidate := range []rune{';', '\t'} {
		if counts[candidate] > counts[best] {
			best = candidate
		}
	}
	return best
}

// bounded fails when more than left is read before the row that is being read ends.
type bounded struct {
	r    io.Reader
	left int
}

var errLongRow = fmt.Errorf("a row is over %d bytes: was a quote left open?", maxRow)

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errLongRow
	}
	n, err := b.r.Read(p)
	b.left -= n
	return n, err //nolint:wrapcheck // a reader in between: io.EOF must go through
}

type csvTable struct {
	name    string
	r       *csv.Reader
	bounded *bounded
	header  []string
}

func (t *csvTable) path() string      { return t.name }
func (t *csvTable) columns() []string { return t.header }

func (t *csvTable) next() (row, error) {
	t.bounded.left = maxRow
	cells, err := t.r.Read()
	r := row{path: t.name, names: t.header, cells: cells}
	var wrong *csv.ParseError
	switch {
	case errors.As(err, &wrong) && !errors.Is(err, errLongRow):
		r.line, r.names, r.cells = wrong.StartLine, nil, nil
		return r, unreadable("n'est pas du CSV : "+wrong.Err.Error(), "is not CSV: "+wrong.Err.Error())
	case err != nil:
		return r, err //nolint:wrapcheck // io.EOF as it is; others are wrapped by the caller
	}
	r.line, _ = t.r.FieldPos(0)
	if len(cells) != len(t.header) {
		r.names = t.header[:min(len(cells), len(t.header))]
		r.cells = cells[:len(r.names)]
		return r, unreadable(fmt.Sprintf("a %d cellules, l'en-tête en a %d", len(cells), len(t.header)), fmt.Sprintf("has %d cells, the header has %d", len(cells), len(t.header)))
	}
	return r, nil
}

type ndjsonTable struct {
	name    string
	r       *bufio.Reader
	bounded *bounded
	line    int
}

func (t *ndjsonTable) path() string      { return t.name }
func (t *ndjsonTable) columns() []string { return nil }

func (t *ndjsonTable) next() (row, error) {
	for {
		t.bounded.left = maxRow
		raw, err := t.r.ReadBytes('\n')
		if err != nil && (!errors.Is(err, io.EOF) || len(raw) == 0) {
			return row{}, err //nolint:wrapcheck // io.EOF as it is; others are wrapped by the caller
		}
		t.line++
		if raw = bytes.TrimSpace(raw); len(raw) == 0 {
			continue
		}
		r := row{path: t.name, line: t.line}
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.UseNumber() // ids are often numbers over 2⁵³
		if err := decoder.Decode(&r.object); err != nil || r.object == nil || decoder.InputOffset() != int64(len(raw)) {
			r.object = nil
			return r, unreadable("n'est pas un objet JSON sur une ligne", "is not a JSON object on one line")
		}
		return r, nil
	}
}
