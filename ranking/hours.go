package ranking

import "math"

// hours compares what an agent reads at this time of day with what they read at any: of each topic, source and kind, its share
// of their reads then less its share of all. Reads two hours apart count half as much as those of the same hour, and those of a
// working day a quarter at the week-end, and the other way round; days begin at midnight UTC. Reads of the last twelve hours
// tell nothing: they are of this hour because the agent is here.
type hours struct {
	habit     [hourColumns][]habit  // by code
	met       [hourColumns][]uint32 // codes with a habit
	near, all float64               // reads, by closeness and in number
	kernel    [48]float64           // closeness, by half-hours apart
}

// habit is how often a value was read, by closeness and in number; once scaled, near is the difference of its shares.
type habit struct{ near, all float64 }

// Columns whose values have hours.
const hourColumns = 3

func columnsWithHours() [hourColumns]int { return [...]int{columnTopic, columnSource, columnKind} }

const (
	dayLong    = 86400
	tooRecent  = dayLong / 2
	otherDays  = 0.25
	halfAtTwo  = 2 // hours apart that leave a half
	halfHours  = 1800
	hourOfUnix = 4 // 1 January 1970 was a Thursday: days since, and these, make a week that begins on a Sunday
)

// noMoment stands for a moment that is not known.
const noMoment = math.MinInt64

func newHours() (h hours) {
	for slot := range h.kernel {
		apart := float64(min(slot, len(h.kernel)-slot)) * halfHours / 3600 / halfAtTwo
		h.kernel[slot] = math.Exp2(-apart * apart)
	}
	return h
}

// fit sizes the memory for a board.
func (h *hours) fit(b *board) {
	for i, column := range columnsWithHours() {
		h.habit[i] = grow(h.habit[i], len(b.snap.names[column]))
	}
}

// add takes in a read of a content, both times in Unix seconds.
func (h *hours) add(row *row, at, now int64) {
	if at > now-tooRecent {
		return
	}
	closeness := h.kernel[(now-at)%dayLong/halfHours]
	if weekend(at) != weekend(now) {
		closeness *= otherDays
	}
	h.near, h.all = h.near+closeness, h.all+1
	for i, column := range columnsWithHours() {
		if column == columnTopic {
			for _, code := range row.topics {
				h.one(i, code, closeness)
			}
		} else {
			h.one(i, row.codes[column], closeness)
		}
	}
}

func weekend(at int64) bool {
	weekday := (at/dayLong + hourOfUnix) % 7
	return weekday == 0 || weekday == 6
}

func (h *hours) one(i int, code uint32, closeness float64) {
	if code == 0 {
		return
	}
	own := &h.habit[i][code]
	if own.all == 0 {
		h.met[i] = append(h.met[i], code)
	}
	own.near, own.all = own.near+closeness, own.all+1
}

// scale makes differences of shares of what was added, as many imaginary reads without a difference counting beside them as the
// prior says.
func (h *hours) scale(prior float64) {
	for i := range h.met {
		for _, code := range h.met[i] {
			own := &h.habit[i][code]
			own.near = (own.near - h.near*own.all/h.all) / (h.near + prior)
		}
	}
}

// close forgets the agent.
func (h *hours) close() {
	for i := range h.met {
		for _, code := range h.met[i] {
			h.habit[i][code] = habit{}
		}
		h.met[i] = h.met[i][:0]
	}
	h.near, h.all = 0, 0
}

// daytime is the greatest difference, either way, among the topics, the source and the kind of a content.
func (sc *scratch) daytime(b *board, place int32) (greatest float64) {
	h := &sc.hours
	if h.all == 0 {
		return 0
	}
	for i, column := range columnsWithHours() {
		if column == columnTopic {
			for _, code := range b.topicsOf(place) {
				greatest = further(greatest, h.habit[i][code].near)
			}
		} else {
			greatest = further(greatest, h.habit[i][b.codes[column][place]].near)
		}
	}
	return greatest
}

// further is the one that is further from 0.
func further(a, b float64) float64 {
	if math.Abs(b) > math.Abs(a) {
		return b
	}
	return a
}
