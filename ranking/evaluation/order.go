// Package evaluation judges orders on logs of what agents did: it replays a log in time order and, before each first read,
// asks each order to score what was live for that agent, looks where the content really read stands, and only then lets
// the orders learn from it.
//
// It guarantees that an order is never told of an act, nor of a content's publication, at or after the moment that it is
// asked about: acts of one time are all judged before any is learned. Agents, contents, groups and topics are numbers
// from 0. It does no I/O: rows and readers are given to it, and so is the clock.
//
// Figures tell how well an order foresees what was read under the order that was then in force, which draws eyes to what it
// put first. Where a log tells what was shown, Impressions corrects for that.
package evaluation

// Question asks for the scores of what an agent could have read at a moment.
type Question struct {
	Agent      int32
	At         int64   // Unix nanoseconds
	Candidates []int32 // contents, none twice; lasts until Scores returns, and must not be changed
}

// Order is one way to order contents. Calls come one after another. Before each question it is told of everything that
// came before the moment asked about: contents first, then acts, each in time order and once.
type Order interface {
	// Publish tells that a content went live at a time, in Unix nanoseconds.
	Publish(content int32, at int64)
	// Learn tells what agents did. The slice lasts until Learn returns, and must not be changed.
	Learn(acts []Act)
	// Scores fills scores, as long as the candidates: the higher, the nearer to the top. None may be NaN.
	Scores(q Question, scores []float64)
}
