package evaluation

import "math"

// How much of the past a question may cost: the last reads of an agent, the last readers of each of them, the readers who share
// most, and the reads of these in all. Logs of some thousands of agents are hardly cut; larger ones cost no more than these.
const (
	lastReads   = 300
	lastReaders = 400
	nearest     = 2000
	mostSpread  = 100_000
)

// crowd is who read what first and when, for orders that compare readers.
type crowd struct {
	reads   [][]read  // by agent, in time order
	readers [][]int32 // by content, in time order

	weight  []float64 // by agent, zero between questions
	touched []int32   // agents of non-zero weight
	sum     []float64 // by content, zero between questions
	summed  []int32   // contents of non-zero sum
}

type read struct {
	content int32
	at      int64
}

func newCrowd(l *Log) crowd {
	agents, contents := l.Size()
	return crowd{reads: make([][]read, agents), readers: make([][]int32, contents), weight: make([]float64, agents), sum: make([]float64, contents)}
}

func (*crowd) Publish(int32, int64) {}

func (c *crowd) Learn(acts []Act) {
	for _, act := range acts {
		if act.First {
			c.reads[act.Agent] = append(c.reads[act.Agent], read{act.Content, act.At})
			c.readers[act.Content] = append(c.readers[act.Content], act.Agent)
		}
	}
}

// meet weighs the readers of what an agent read, each by the sum over the contents that both read.
func (c *crowd) meet(agent int32, worth func(read) float64) {
	for _, r := range last(c.reads[agent], lastReads) {
		w := worth(r)
		if w <= 0 {
			continue
		}
		for _, reader := range last(c.readers[r.content], lastReaders) {
			if reader == agent {
				continue
			}
			if c.weight[reader] == 0 {
				c.touched = append(c.touched, reader)
			}
			c.weight[reader] += w
		}
	}
	c.keepNearest()
}

// keepNearest forgets all but the readers of most weight, by a heap of them whose root is the least.
func (c *crowd) keepNearest() {
	if len(c.touched) <= nearest {
		return
	}
	kept := c.touched[:nearest]
	for i := nearest/2 - 1; i >= 0; i-- {
		c.sink(kept, i)
	}
	for _, reader := range c.touched[nearest:] {
		if c.before(reader, kept[0]) {
			reader, kept[0] = kept[0], reader
			c.sink(kept, 0)
		}
		c.weight[reader] = 0
	}
	c.touched = kept
}

// before says whether a reader shares more than another; equal ones go by number.
func (c *crowd) before(a, b int32) bool {
	return c.weight[a] > c.weight[b] || c.weight[a] == c.weight[b] && a < b
}

// sink restores the heap under a place.
func (c *crowd) sink(heap []int32, at int) {
	for {
		least := at
		for child := 2*at + 1; child <= 2*at+2 && child < len(heap); child++ {
			if c.before(heap[least], heap[child]) {
				least = child
			}
		}
		if least == at {
			return
		}
		heap[at], heap[least] = heap[least], heap[at]
		at = least
	}
}

// spread sums the weights of the readers over what they read last, and forgets the weights. Where they read more than may be
// looked at, each has an equal share of it.
func (c *crowd) spread(scale func(reader int32) float64) {
	each := max(1, mostSpread/max(1, len(c.touched)))
	for _, reader := range c.touched {
		w := c.weight[reader] * scale(reader)
		c.weight[reader] = 0
		for _, r := range last(c.reads[reader], each) {
			if c.sum[r.content] == 0 {
				c.summed = append(c.summed, r.content)
			}
			c.sum[r.content] += w
		}
	}
	c.touched = c.touched[:0]
}

func (c *crowd) forget() {
	for _, content := range c.summed {
		c.sum[content] = 0
	}
	c.summed = c.summed[:0]
}

func last[T any](s []T, n int) []T { return s[max(0, len(s)-n):] }

// coRead scores a content by the cosine of its readers with those of what the agent read, each read halved with each week of
// its age (item-based neighbours, Sarwar and others, 2001). Σi w(i)·|Ri∩Rj|/√(|Ri||Rj|) is summed reader by reader.
type coRead struct{ crowd }

func (o *coRead) Scores(q Question, scores []float64) {
	o.meet(q.Agent, func(r read) float64 {
		return math.Exp2(-float64(q.At-r.at)/(168*hour)) / math.Sqrt(float64(len(o.readers[r.content])))
	})
	o.spread(func(int32) float64 { return 1 })
	for i, content := range q.Candidates {
		scores[i] = o.sum[content] / math.Sqrt(float64(max(1, len(o.readers[content]))))
	}
	o.forget()
}

// likeness scores a content by how much its readers so far read what the agent read: the mean of the cosines of their reads,
// in which nobody counts for one reader more, and never nothing, so that it may be a factor of a product.
type likeness struct{ crowd }

const leastLikeness = 0.01

func (o *likeness) Scores(q Question, scores []float64) {
	own := float64(len(o.reads[q.Agent]))
	o.meet(q.Agent, func(read) float64 { return 1 })
	o.spread(func(reader int32) float64 { return 1 / math.Sqrt(own*float64(len(o.reads[reader]))) })
	for i, content := range q.Candidates {
		scores[i] = math.Log2(leastLikeness + o.sum[content]/(float64(len(o.readers[content]))+1))
	}
	o.forget()
}
