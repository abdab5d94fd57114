package importer

import (
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
)

// bar shows how far an import is, by bytes of the files, compressed as they are. A nil bar shows nothing.
type bar struct{ drawn *progressbar.ProgressBar }

func newBar(o Options) *bar {
	if o.Progress == nil {
		return nil
	}
	var total int64
	for _, path := range o.Files {
		if info, err := os.Stat(path); err == nil {
			total += info.Size()
		}
	}
	return &bar{progressbar.NewOptions64(max(1, total),
		progressbar.OptionSetWriter(o.Progress), progressbar.OptionSetDescription(o.Kind), progressbar.OptionShowBytes(true),
		progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100e6), progressbar.OptionClearOnFinish())}
}

// sending shows, from now on, how many of the folded records are sent.
func (b *bar) sending(records int) {
	if b != nil {
		b.drawn.Reset()
		b.drawn.ChangeMax64(max(1, int64(records)))
	}
}

func (b *bar) add(n int) {
	if b != nil {
		_ = b.drawn.Add(n) // a terminal that cannot be written to stops no import
	}
}

func (b *bar) finish() {
	if b != nil {
		_ = b.drawn.Finish()
	}
}

func (b *bar) reader(r io.Reader) io.Reader { return readerFunc{r: r, bar: b} }

func (b *bar) readerAt(r io.ReaderAt) io.ReaderAt { return readerFunc{at: r, bar: b} }

type readerFunc struct {
	r   io.Reader
	at  io.ReaderAt
	bar *bar
}

func (f readerFunc) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	f.bar.add(n)
	return n, err //nolint:wrapcheck // a reader in between: io.EOF must go through
}

func (f readerFunc) ReadAt(p []byte, offset int64) (int, error) {
	n, err := f.at.ReadAt(p, offset)
	f.bar.add(n)
	return n, err //nolint:wrapcheck // as above
}
