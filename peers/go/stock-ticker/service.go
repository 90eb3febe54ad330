package main

import (
	"context"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	tickerv1 "course.example/peers/gen/ticker/v1"
)

// ticker answers TickerService. Every call has a goroutine of its own.
type ticker struct {
	tickerv1.UnimplementedTickerServiceServer
	recordings recordings
	feeds      *feeds
}

func (t *ticker) GetQuote(
	_ context.Context, request *tickerv1.GetQuoteRequest,
) (*tickerv1.GetQuoteResponse, error) {
	last, found := t.recordings.last(request.GetSymbol())
	if !found {
		return nil, noSuchSymbol(request.GetSymbol())
	}
	return &tickerv1.GetQuoteResponse{Tick: last}, nil
}

// ANCHOR: replay
func (t *ticker) Replay(
	request *tickerv1.ReplayRequest, stream grpc.ServerStreamingServer[tickerv1.ReplayResponse],
) error {
	if interval := request.GetInterval(); interval.AsDuration() < 0 {
		return status.Error(codes.InvalidArgument, "the interval is negative")
	}
	recording, found := t.recordings.open(request.GetSymbol())
	if !found {
		return noSuchSymbol(request.GetSymbol())
	}
	defer recording.close()

	for sent := uint32(0); request.GetLimit() == 0 || sent < request.GetLimit(); sent++ {
		if sent > 0 {
			if err := pause(stream.Context(), request.GetInterval().AsDuration()); err != nil {
				return err
			}
		}
		// A damaged recording panics here. The interceptor makes that INTERNAL, after the ticks
		// that were sent, and the recording is closed on the way.
		tick, err := recording.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return status.Error(codes.Unavailable, err.Error())
		}
		// Waits while the caller does not read, and nothing is read from the recording meanwhile.
		if err := stream.Send(&tickerv1.ReplayResponse{Tick: tick}); err != nil {
			return err
		}
	}
	return nil
}

// ANCHOR_END: replay

// pause waits for so long, counted from now: a clock's beats would go on while Send waits, and
// then come in a burst.
// ANCHOR: pause
func pause(ctx context.Context, interval time.Duration) error {
	if interval <= 0 {
		return ended(ctx)
	}
	timer := time.NewTimer(interval)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ended(ctx)
}

// ended is the status of a call that has ended: because the caller has gone, or because its
// deadline has passed, which grpc-go takes from grpc-timeout. Send does not look at the clock as
// long as it need not wait, so a stream that never waits has to.
//
// At the deadline grpc-go itself resets the stream, and drops what waits to be sent. If that comes
// first, as it does where Send waits, this status reaches nobody. Callers keep to their deadline
// themselves, and call the reset by its name: DEADLINE_EXCEEDED.
func ended(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return status.FromContextError(ctx.Err()).Err()
}

// ANCHOR_END: pause

// ANCHOR: watch
func (t *ticker) Watch(
	request *tickerv1.WatchRequest, stream grpc.ServerStreamingServer[tickerv1.WatchResponse],
) error {
	watcher, leave, found := t.feeds.watch(request.GetSymbol())
	if !found {
		return noSuchSymbol(request.GetSymbol())
	}
	defer leave()
	// Otherwise the headers go out with the first message, and who waits for them cannot know that
	// it is watching already.
	if err := stream.SendHeader(metadata.MD{}); err != nil {
		return err
	}
	for {
		event, err := watcher.receive(stream.Context())
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		// Waits for this caller alone: the feed goes on, and tells it later what it has missed.
		if err := stream.Send(event); err != nil {
			return err
		}
	}
}

// ANCHOR_END: watch

func noSuchSymbol(symbol string) error {
	return status.Errorf(codes.NotFound, "there is no symbol %q", symbol)
}
