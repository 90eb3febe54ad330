package main

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	tickerv1 "course.example/peers/gen/ticker/v1"
)

// inspect lets a test see and steer the recordings and the exchange.
type inspect struct {
	tickerv1.UnimplementedInspectServiceServer
	recordings recordings
	exchange   exchange
}

func (i *inspect) CountReads(_ context.Context, request *tickerv1.CountReadsRequest) (*tickerv1.CountReadsResponse, error) {
	reads, found := i.recordings.readSoFar(request.GetSymbol())
	if !found {
		return nil, noSuchSymbol(request.GetSymbol())
	}
	return &tickerv1.CountReadsResponse{
		Ticks:            reads.ticks,
		Bytes:            reads.bytes,
		Open:             reads.open,
		Closed:           reads.closed,
		MostWithin_100Ms: reads.mostWithin100ms,
	}, nil
}

func (i *inspect) Trade(_ context.Context, request *tickerv1.TradeRequest) (*tickerv1.TradeResponse, error) {
	floor, err := i.floor(request.GetSymbol())
	if err != nil {
		return nil, err
	}
	return &tickerv1.TradeResponse{Sequence: floor.trade(request.GetTicks())}, nil
}

func (i *inspect) EndTrading(_ context.Context, request *tickerv1.EndTradingRequest) (*tickerv1.EndTradingResponse, error) {
	// An enum of proto3 is open: any number may come.
	switch request.GetEnding() {
	case tickerv1.Ending_ENDING_CLOSED, tickerv1.Ending_ENDING_BROKEN, tickerv1.Ending_ENDING_PANIC:
	default:
		return nil, status.Error(codes.InvalidArgument, "say how trading ends")
	}
	floor, err := i.floor(request.GetSymbol())
	if err != nil {
		return nil, err
	}
	floor.endTrading(request.GetEnding())
	return &tickerv1.EndTradingResponse{}, nil
}

func (i *inspect) CountLines(_ context.Context, request *tickerv1.CountLinesRequest) (*tickerv1.CountLinesResponse, error) {
	floor, err := i.floor(request.GetSymbol())
	if err != nil {
		return nil, err
	}
	lines := floor.countLines()
	return &tickerv1.CountLinesResponse{Open: lines.open, Opened: lines.opened}, nil
}

func (i *inspect) floor(symbol string) (*floor, error) {
	floor, found := i.exchange[symbol]
	if !found {
		return nil, noSuchSymbol(symbol)
	}
	return floor, nil
}
