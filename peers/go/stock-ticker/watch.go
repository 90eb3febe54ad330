package main

import (
	"context"
	"io"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	tickerv1 "course.example/peers/gen/ticker/v1"
	"course.example/peers/internal/cli"
)

// kept is how many ticks a caller may be behind before it misses some: 512 KiB of the largest. It
// is the most that a symbol costs, since all its callers share them.
const kept = 64

// feeds are the symbols that are watched at the moment: one line to the exchange for each.
//
// Whoever joins or leaves a feed does so under the lock, and so does whoever ends one. So nobody
// joins a feed that has ended.
// ANCHOR: feeds
type feeds struct {
	exchange exchange
	mutex    sync.Mutex
	open     map[string]*feed
}

// feed is what happens to one symbol, for all who watch it.
type feed struct {
	line     *line
	watchers int // guarded by the mutex of feeds

	mutex     sync.Mutex
	ring      [kept]*tickerv1.Tick // the last ticks: tick n of this feed is at n % kept
	published uint64               // how many ticks there have been
	end       error                // how it ends after them: io.EOF for well, nil for not yet
	changed   chan struct{}        // closed at the next change, and then replaced
}

// ANCHOR_END: feeds

func newFeeds(exchange exchange) *feeds {
	return &feeds{exchange: exchange, open: make(map[string]*feed)}
}

// watcher is one caller's place in a feed.
type watcher struct {
	feed *feed
	next uint64 // which tick of the feed is to be sent next
}

// watch gives what happens from now on. The caller calls leave when it has seen enough.
func (f *feeds) watch(symbol string) (joined *watcher, leave func(), found bool) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	watched, open := f.open[symbol]
	if !open {
		floor, found := f.exchange[symbol]
		if !found {
			return nil, nil, false
		}
		watched = &feed{line: floor.line(), changed: make(chan struct{})}
		f.open[symbol] = watched
		go f.pump(symbol, watched)
	}
	watched.watchers++
	watched.mutex.Lock()
	defer watched.mutex.Unlock()
	return &watcher{feed: watched, next: watched.published}, func() { f.leave(symbol, watched) }, true
}

// leave closes the line after the last who watches, and that ends the pump.
func (f *feeds) leave(symbol string, left *feed) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	left.watchers--
	if left.watchers == 0 {
		f.forget(symbol, left)
	}
}

// forget closes a feed's line. Who watches next opens another one.
func (f *feeds) forget(symbol string, forgotten *feed) {
	forgotten.line.close()
	if f.open[symbol] == forgotten {
		delete(f.open, symbol)
	}
}

// pump passes on what a line gives, and waits for no caller: who is slow misses what the feed no
// longer keeps. It ends with the line.
// ANCHOR: pump
func (f *feeds) pump(symbol string, feed *feed) {
	var end error
	// No interceptor watches over this goroutine: a panic would end the process. It ends the calls
	// of those who watch, and not as if all were well.
	defer func() {
		if reason := recover(); reason != nil {
			end = cli.Panicked(reason)
		}
		f.mutex.Lock()
		defer f.mutex.Unlock()
		feed.publish(nil, end)
		f.forget(symbol, feed)
	}()
	for {
		var tick *tickerv1.Tick
		tick, end = feed.line.next()
		if end == io.EOF {
			return
		}
		if end != nil {
			end = status.Error(codes.Unavailable, end.Error())
			return
		}
		feed.publish(tick, nil)
	}
}

// ANCHOR_END: pump

// publish adds a tick, or says how the feed ends.
func (f *feed) publish(tick *tickerv1.Tick, end error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if tick != nil {
		f.ring[f.published%kept] = tick
		f.published++
	}
	f.end = end
	// Closing wakes everybody who waits. Nobody can wait for a sync.Cond and a context at once.
	close(f.changed)
	f.changed = make(chan struct{})
}

// receive waits for the next event of this caller. The error is io.EOF when the exchange has
// closed, and otherwise a status.
// ANCHOR: receive
func (w *watcher) receive(ctx context.Context) (*tickerv1.WatchResponse, error) {
	for {
		if err := ended(ctx); err != nil {
			return nil, err
		}
		event, changed, err := w.take()
		if event != nil || err != nil {
			return event, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// take gives what is there at once: an event, the end, or what to wait for.
func (w *watcher) take() (*tickerv1.WatchResponse, <-chan struct{}, error) {
	f := w.feed
	f.mutex.Lock()
	defer f.mutex.Unlock()
	switch behind := f.published - w.next; {
	case behind > kept:
		missed := behind - kept
		w.next += missed
		return &tickerv1.WatchResponse{Event: &tickerv1.WatchResponse_Missed{Missed: missed}}, nil, nil
	case behind > 0:
		tick := f.ring[w.next%kept]
		w.next++
		return &tickerv1.WatchResponse{Event: &tickerv1.WatchResponse_Tick{Tick: tick}}, nil, nil
	}
	return nil, f.changed, f.end
}

// ANCHOR_END: receive
