package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	tickerv1 "course.example/peers/gen/ticker/v1"
)

// exchange is where shares are traded now. What is traded is decided by a test, through inspect.go,
// or by the exchange itself a few times a second.
type exchange map[string]*floor

// floor is where one symbol is traded.
type floor struct {
	symbol string
	book   int // bytes of the order book in each tick

	mutex   sync.Mutex
	trading *trading // what the lines of today see; another one when trading has ended
	lines   lines
}

// trading is guarded by the mutex of its floor.
type trading struct {
	last    uint64          // the sequence number of the last tick
	ending  tickerv1.Ending // how trading has ended, after that tick; unspecified for not yet
	changed chan struct{}   // closed at the next change, and then replaced
}

// lines say how many lines to the exchange there are for a symbol, and were.
type lines struct {
	open, opened uint64
}

func newExchange() exchange {
	exchange := make(exchange)
	for symbol, book := range map[string]int{"AAPL": 0, "NEWCO": 0, "BULK": 8 << 10} {
		exchange[symbol] = &floor{symbol: symbol, book: book, trading: newTrading(0)}
	}
	return exchange
}

func newTrading(last uint64) *trading {
	return &trading{last: last, changed: make(chan struct{})}
}

// change tells every line that waits.
func (t *trading) change() {
	close(t.changed)
	t.changed = make(chan struct{})
}

// trade makes the symbol's next ticks happen, and gives the sequence number of the last.
func (f *floor) trade(ticks uint32) uint64 {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.trading.last += uint64(ticks)
	f.trading.change()
	return f.trading.last
}

// endTrading ends every line that is open, after what has been traded so far. Lines that are
// opened later know nothing of it.
func (f *floor) endTrading(ending tickerv1.Ending) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.trading.ending = ending
	f.trading.change()
	f.trading = newTrading(f.trading.last)
}

func (f *floor) countLines() lines {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.lines
}

// tradeByItself trades a few times a second, one symbol after another, until it is stopped.
func (e exchange) tradeByItself() (stop func()) {
	ticker := time.NewTicker(130 * time.Millisecond)
	stopped := make(chan struct{})
	symbols := slices.Sorted(maps.Keys(e))
	go func() {
		for turn := 0; ; turn++ {
			select {
			case <-ticker.C:
				e[symbols[turn%len(symbols)]].trade(1)
			case <-stopped:
				return
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(stopped)
	}
}

// line is a subscription to one symbol, and the exchange bills each. It gives every tick that
// happens after it was opened. Ticks wait for a line that is slow, and are made only when it reads
// them, so they cost no memory.
type line struct {
	floor    *floor
	trading  *trading
	sequence uint64 // of the tick that is given next

	closing sync.Once
	closed  chan struct{}
}

// line opens a line.
func (f *floor) line() *line {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.lines.open++
	f.lines.opened++
	return &line{
		floor:    f,
		trading:  f.trading,
		sequence: f.trading.last + 1,
		closed:   make(chan struct{}),
	}
}

// next waits for the next tick. The error is io.EOF when the exchange, or the line, has been
// closed. It panics if trading was ended so.
func (l *line) next() (*tickerv1.Tick, error) {
	for {
		last, ending, changed := l.look()
		if l.sequence <= last {
			l.sequence++
			return tick(l.floor.symbol, l.sequence-1, l.floor.book), nil
		}
		switch ending {
		case tickerv1.Ending_ENDING_CLOSED:
			return nil, io.EOF
		case tickerv1.Ending_ENDING_BROKEN:
			return nil, fmt.Errorf("the line to the exchange for %s broke", l.floor.symbol)
		case tickerv1.Ending_ENDING_PANIC:
			panic(fmt.Sprintf("the line to the exchange for %s is damaged", l.floor.symbol))
		}
		select {
		case <-changed:
		case <-l.closed:
			return nil, io.EOF
		}
	}
}

func (l *line) look() (last uint64, ending tickerv1.Ending, changed <-chan struct{}) {
	l.floor.mutex.Lock()
	defer l.floor.mutex.Unlock()
	return l.trading.last, l.trading.ending, l.trading.changed
}

// close ends the subscription, and a next that waits. Closing it again does nothing.
func (l *line) close() {
	l.closing.Do(func() {
		close(l.closed)
		l.floor.mutex.Lock()
		defer l.floor.mutex.Unlock()
		l.floor.lines.open--
	})
}
