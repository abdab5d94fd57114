package eventlog

import (
	"context"
	"net"
	"sync"
)

// network opens connections and remembers them, so that closing it ends every request under way: kafka-go lets a
// request whose context was cancelled run on until its answer.
type network struct {
	dialer net.Dialer
	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	closed bool
}

func newNetwork() *network {
	return &network{dialer: net.Dialer{Timeout: dialTimeout}, conns: map[net.Conn]struct{}{}}
}

func (n *network) dial(ctx context.Context, kind, addr string) (net.Conn, error) {
	c, err := n.dialer.DialContext(ctx, kind, addr)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		_ = c.Close()
		return nil, net.ErrClosed
	}
	n.conns[c] = struct{}{}
	return &conn{Conn: c, network: n}, nil
}

// close ends every connection, and refuses new ones.
func (n *network) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	for c := range n.conns {
		_ = c.Close()
	}
	clear(n.conns)
}

type conn struct {
	net.Conn
	network *network
}

func (c *conn) Close() error {
	c.network.mu.Lock()
	delete(c.network.conns, c.Conn)
	c.network.mu.Unlock()
	return c.Conn.Close()
}
