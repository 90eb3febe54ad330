package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	tickerv1 "course.example/peers/gen/ticker/v1"
	"course.example/peers/internal/cli"
)

// ask makes one call, and prints each reply as a line when it comes.
//
// A watch whose time is over has gone well. So has anything whose reader has seen enough and
// closed the output.
// ANCHOR: ask
func ask(args arguments, stdout io.Writer) error {
	connection, err := cli.Connect(args.server)
	if err != nil {
		return err
	}
	defer connection.Close()

	// The deadline is of the whole stream, and goes along as grpc-timeout. Cancel ends a stream
	// that has not been read to its end; without it, that would keep a goroutine for ever.
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if args.timeout != forever {
		ctx, cancel = context.WithTimeout(ctx, args.timeout)
		defer cancel()
	}

	err = printAnswers(ctx, tickerv1.NewTickerServiceClient(connection), args, stdout)
	if err == nil {
		return nil
	}
	// Whichever side has noticed first, and whatever code the call ended with.
	if deadline, set := ctx.Deadline(); set && !time.Now().Before(deadline) && args.command == "watch" {
		return nil
	}
	return cli.Explain(ctx, &args.server, err)
}

// ANCHOR_END: ask

// ANCHOR: answers
func printAnswers(ctx context.Context, stub tickerv1.TickerServiceClient, args arguments, stdout io.Writer) error {
	switch args.command {
	case "quote":
		reply, err := stub.GetQuote(ctx, &tickerv1.GetQuoteRequest{Symbol: args.symbol})
		tick, err := received(reply.GetTick(), err)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(stdout, describe(tick)); err != nil {
			return &cli.OutputError{Err: err}
		}
		return nil
	case "replay":
		replies, err := stub.Replay(ctx, &tickerv1.ReplayRequest{
			Symbol: args.symbol, Limit: args.limit, Interval: durationpb.New(args.interval),
		})
		if err != nil {
			return err
		}
		next := func() (*tickerv1.Tick, error) {
			reply, err := replies.Recv()
			return received(reply.GetTick(), err)
		}
		return cli.PrintEach(next, stdout, describe)
	default:
		replies, err := stub.Watch(ctx, &tickerv1.WatchRequest{Symbol: args.symbol})
		if err != nil {
			return err
		}
		return cli.PrintEach(replies.Recv, stdout, func(reply *tickerv1.WatchResponse) string {
			switch event := reply.GetEvent().(type) {
			case *tickerv1.WatchResponse_Tick:
				return describe(event.Tick)
			case *tickerv1.WatchResponse_Missed:
				return fmt.Sprintf("missed %d", event.Missed)
			}
			return "" // an event of a kind that is newer than this program
		})
	}
}

// ANCHOR_END: answers

// received is a reply's tick, which must be there.
func received(tick *tickerv1.Tick, err error) (*tickerv1.Tick, error) {
	if err == nil && tick == nil {
		err = status.Error(codes.Internal, "the server sent a reply without a tick")
	}
	return tick, err
}

// describe gives a tick's sequence number, the price in dollars, the number of shares.
func describe(tick *tickerv1.Tick) string {
	sign, cents := "", uint64(tick.GetPriceCents())
	if tick.GetPriceCents() < 0 {
		sign, cents = "-", -cents
	}
	return fmt.Sprintf("%d %s%d.%02d %d", tick.GetSequence(), sign, cents/100, cents%100, tick.GetShares())
}
