package chaos_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"time"
)

// proxy stands between one process and one engine. It can refuse, cut and delay connections, and it watches for the
// durable step that a trap waits for.
type proxy struct {
	listener net.Listener
	target   string
	protocol protocol

	mu      sync.Mutex // protects what follows
	conns   map[net.Conn]struct{}
	refused bool
	delay   time.Duration // before each request goes on
	trap    *trap
}

// protocol relays the two directions of one connection.
type protocol interface {
	// request reads one piece of what the client says and says which step it asks for; "" for any other.
	request(r io.Reader) (piece []byte, step string, tag uint32, err error)
	// response reads one piece of what the engine says; tag is that of the request which it answers, if it is known.
	response(r io.Reader, p *proxy) (piece []byte, tag uint32, err error)
}

// trap springs once, before a step reaches the engine or after the engine has done it and before the process hears of it.
type trap struct {
	step   string
	after  bool
	spring func()

	awaited net.Conn // the connection whose answer is awaited
	tag     uint32
}

func newProxy(target string, p protocol) (*proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	x := &proxy{listener: listener, target: target, protocol: p, conns: map[net.Conn]struct{}{}}
	go x.accept()
	return x, nil
}

func (x *proxy) addr() string { return x.listener.Addr().String() }

func (x *proxy) close() {
	_ = x.listener.Close()
	x.cut()
}

// cut ends every connection.
func (x *proxy) cut() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for c := range x.conns {
		_ = c.Close()
	}
}

// refuse cuts, and ends new connections at once, until told otherwise.
func (x *proxy) refuse(yes bool) {
	x.mu.Lock()
	x.refused = yes
	x.mu.Unlock()
	if yes {
		x.cut()
	}
}

func (x *proxy) slow(delay time.Duration) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.delay = delay
}

// set arms a trap, in place of one that has not sprung.
func (x *proxy) set(t *trap) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.trap = t
}

func (x *proxy) accept() {
	for {
		client, err := x.listener.Accept()
		if err != nil {
			return
		}
		go x.relay(client)
	}
}

func (x *proxy) relay(client net.Conn) {
	defer func() { _ = client.Close() }()
	x.mu.Lock()
	refused := x.refused
	x.mu.Unlock()
	if refused {
		return
	}
	engine, err := net.DialTimeout("tcp", x.target, 2*time.Second)
	if err != nil {
		return
	}
	defer func() { _ = engine.Close() }()
	x.mu.Lock()
	x.conns[client], x.conns[engine] = struct{}{}, struct{}{}
	x.mu.Unlock()
	defer func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		delete(x.conns, client)
		delete(x.conns, engine)
	}()
	go func() {
		x.forward(client, engine)
		_ = engine.Close()
	}()
	x.backward(engine, client)
}

func (x *proxy) forward(client, engine net.Conn) {
	for {
		piece, step, tag, err := x.protocol.request(client)
		if err != nil {
			return
		}
		x.mu.Lock()
		delay, spring := x.delay, func() {}
		if t := x.trap; t != nil && step != "" && t.step == step && t.awaited == nil {
			if t.after {
				t.awaited, t.tag = client, tag
			} else {
				x.trap, spring = nil, t.spring
			}
		}
		x.mu.Unlock()
		spring()
		if delay > 0 {
			rest(rand.N(delay))
		}
		if _, err := engine.Write(piece); err != nil {
			return
		}
	}
}

// rest lets time pass: a proxy that delays and a run that waits between two blows have nothing to wait for but time.
func rest(d time.Duration) { <-time.After(d) }

func (x *proxy) backward(engine, client net.Conn) {
	for {
		piece, tag, err := x.protocol.response(engine, x)
		if err != nil {
			return
		}
		x.mu.Lock()
		spring := func() {}
		if t := x.trap; t != nil && t.awaited == client && t.tag == tag {
			x.trap, spring = nil, t.spring
		}
		x.mu.Unlock()
		spring()
		if _, err := client.Write(piece); err != nil {
			return
		}
	}
}

// The durable steps that a trap can wait for.
const (
	stepProduce = "produce"
	stepCommit  = "commit"
	stepInsert  = "insert"
	stepScript  = "script"
)

// kafkaWire cuts Kafka's protocol in messages. Brokers name their own address in their answers: it is replaced by the
// proxy's, so that a client never leaves it.
type kafkaWire struct{ broker string }

// Keys of requests (https://kafka.apache.org/protocol#protocol_api_keys).
const (
	keyProduce      = 0
	keyOffsetCommit = 8
)

func (kafkaWire) request(r io.Reader) (piece []byte, step string, tag uint32, err error) {
	piece, err = frame(r)
	if err != nil || len(piece) < 12 {
		return piece, "", 0, err
	}
	switch binary.BigEndian.Uint16(piece[4:]) {
	case keyProduce:
		step = stepProduce
	case keyOffsetCommit:
		step = stepCommit
	}
	return piece, step, binary.BigEndian.Uint32(piece[8:]), nil
}

func (w kafkaWire) response(r io.Reader, x *proxy) (piece []byte, tag uint32, err error) {
	piece, err = frame(r)
	if err != nil || len(piece) < 8 {
		return piece, 0, err
	}
	return bytes.ReplaceAll(piece, wireAddress(w.broker), wireAddress(x.addr())), binary.BigEndian.Uint32(piece[4:]), nil
}

// wireAddress is a host and a port as answers hold them: the text, then 32 bits.
func wireAddress(address string) []byte {
	host, text, _ := net.SplitHostPort(address)
	port, _ := strconv.Atoi(text)
	return binary.BigEndian.AppendUint32([]byte(host), uint32(port))
}

func frame(r io.Reader) ([]byte, error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	piece := make([]byte, 4+binary.BigEndian.Uint32(head))
	copy(piece, head)
	_, err := io.ReadFull(r, piece[4:])
	return piece, err
}

// textWire is Redis' protocol and HTTP as they come: a step is known by words of its request, and a request is answered
// before the next one of its connection.
type textWire struct {
	step  string
	words [][]byte // all of them, in one piece
}

func (w textWire) request(r io.Reader) (piece []byte, step string, tag uint32, err error) {
	piece, err = chunk(r)
	step = w.step
	for _, word := range w.words {
		if !bytes.Contains(piece, word) {
			step = ""
		}
	}
	return piece, step, 0, err
}

func (textWire) response(r io.Reader, _ *proxy) (piece []byte, tag uint32, err error) {
	piece, err = chunk(r)
	return piece, 0, err
}

func chunk(r io.Reader) ([]byte, error) {
	piece := make([]byte, 64<<10)
	n, err := r.Read(piece)
	return piece[:n], err
}
