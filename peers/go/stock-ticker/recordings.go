package main

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	tickerv1 "course.example/peers/gen/ticker/v1"
)

// flaw is what happens after the last tick that can be read.
type flaw int

const (
	noFlaw flaw = iota
	breaksOff
	panics
)

// tape is what was traded of a symbol on an earlier day.
type tape struct {
	ticks uint64
	book  int // bytes of the order book in each tick
	flaw  flaw

	mutex sync.Mutex
	reads reads
}

// reads are what has been read of one symbol's recording so far, by all readers together.
type reads struct {
	ticks, bytes    uint64
	open, closed    uint64
	mostWithin100ms uint64 // the largest number of ticks that one reader read in such a time
}

// recordings are what was traded on an earlier day, as if it were kept on a disk. A tick is made
// when it is read, and every read is counted.
type recordings map[string]*tape

func newRecordings() recordings {
	return recordings{
		"AAPL":  {ticks: 500},
		"NEWCO": {}, // listed, and never traded
		"BULK":  {ticks: 2048, book: 32 << 10},
		"FLOW":  {ticks: 200_000}, // a busy day
		"TORN":  {ticks: 40, flaw: breaksOff},
		"MOULD": {ticks: 5, flaw: panics},
	}
}

// open opens a symbol's recording at its first tick. The caller closes it.
func (r recordings) open(symbol string) (opened *recording, found bool) {
	tape, found := r[symbol]
	if !found {
		return nil, false
	}
	tape.mutex.Lock()
	defer tape.mutex.Unlock()
	tape.reads.open++
	return &recording{symbol: symbol, tape: tape, sequence: 1}, true
}

// last gives the last tick of a symbol's recording. It is kept apart, so nothing is read.
func (r recordings) last(symbol string) (last *tickerv1.Tick, found bool) {
	tape, found := r[symbol]
	if !found || tape.ticks == 0 {
		return nil, false
	}
	return tick(symbol, tape.ticks, tape.book), true
}

func (r recordings) readSoFar(symbol string) (soFar reads, found bool) {
	tape, found := r[symbol]
	if !found {
		return reads{}, false
	}
	tape.mutex.Lock()
	defer tape.mutex.Unlock()
	return tape.reads, true
}

// recording is a symbol's ticks, from the first to the last. One reader has it.
type recording struct {
	symbol   string
	tape     *tape
	sequence uint64      // of the tick that is read next
	lately   []time.Time // when the ticks of the last 100 milliseconds were read
}

// next reads the next tick, and never waits. The error is io.EOF at the end. It panics if the
// recording is damaged at this place, as a bug in somebody else's library would.
func (r *recording) next() (*tickerv1.Tick, error) {
	if last := r.tape.ticks; r.sequence > last {
		switch r.tape.flaw {
		case breaksOff:
			return nil, fmt.Errorf("the recording of %s breaks off after tick %d", r.symbol, last)
		case panics:
			panic(fmt.Sprintf("the recording of %s is damaged after tick %d", r.symbol, last))
		}
		return nil, io.EOF
	}
	tick := tick(r.symbol, r.sequence, r.tape.book)
	r.sequence++
	r.count(tick)
	return tick, nil
}

func (r *recording) count(tick *tickerv1.Tick) {
	now := time.Now()
	r.lately = append(r.lately, now)
	for now.Sub(r.lately[0]) >= 100*time.Millisecond {
		r.lately = r.lately[1:]
	}
	r.tape.mutex.Lock()
	defer r.tape.mutex.Unlock()
	reads := &r.tape.reads
	reads.ticks++
	reads.bytes += uint64(proto.Size(tick))
	reads.mostWithin100ms = max(reads.mostWithin100ms, uint64(len(r.lately)))
}

// close is to be called once.
func (r *recording) close() {
	r.tape.mutex.Lock()
	defer r.tape.mutex.Unlock()
	r.tape.reads.open--
	r.tape.reads.closed++
}

// tick makes the tick with this sequence number: the same whenever it is asked for, on any machine.
func tick(symbol string, sequence uint64, book int) *tickerv1.Tick {
	name := int64(0)
	for _, letter := range []byte(symbol) {
		name += int64(letter)
	}
	return &tickerv1.Tick{
		Sequence: sequence,
		// Up and down by at most 20 cents.
		PriceCents: 50*name + int64(sequence%10_000*7_919%41) - 20,
		Shares:     1 + uint32(sequence%10_000*6_151%500),
		Book:       bytes.Repeat([]byte{byte(sequence)}, book),
	}
}
