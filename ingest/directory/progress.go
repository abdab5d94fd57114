package directory

import (
	"github.com/schollz/progressbar/v3"

	"github.com/filengine/fil"
)

// bar shows how far a synchronisation is. A nil bar shows nothing.
type bar struct {
	o     Options
	drawn *progressbar.ProgressBar
}

func newBar(o Options) *bar {
	if o.Progress == nil {
		return nil
	}
	return &bar{o: o}
}

// stage begins a stage of so many agents; -1, nobody knows how many.
func (b *bar) stage(name fil.Bilingual, agents int) {
	if b == nil {
		return
	}
	b.end()
	b.drawn = progressbar.NewOptions(agents,
		progressbar.OptionSetWriter(b.o.Progress), progressbar.OptionSetDescription(name.In(b.o.Language)), progressbar.OptionShowCount(),
		progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100e6), progressbar.OptionClearOnFinish())
}

func (b *bar) add(n int) {
	if b != nil {
		_ = b.drawn.Add(n) // a terminal that cannot be written to stops nothing
	}
}

func (b *bar) end() {
	if b != nil && b.drawn != nil {
		_ = b.drawn.Finish()
	}
}
