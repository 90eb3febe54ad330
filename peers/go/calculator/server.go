package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"runtime/debug"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	calculatorv1 "course.example/peers/gen/calculator/v1"
)

// farewell is how long calls that are under way at the end may go on before the server leaves
// anyway.
const farewell = 3 * time.Second

// serve answers calls until ctx is done.
// ANCHOR: serve
func serve(ctx context.Context, address string, stdout io.Writer) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}

	constants := newConstants()
	server := grpc.NewServer(grpc.ChainUnaryInterceptor(panicIsInternal))
	calculatorv1.RegisterCalculatorServiceServer(server, newCalculator(constants))
	calculatorv1.RegisterInspectServiceServer(server, &inspect{constants: constants})

	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	fmt.Fprintf(stdout, "listening on %s\n", listener.Addr())

	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	// GracefulStop waits for open calls for as long as they last, so the wait needs an end of
	// its own. Stop ends them, and with them GracefulStop.
	timer := time.AfterFunc(farewell, server.Stop)
	defer timer.Stop()
	server.GracefulStop()
	return <-served
}

// ANCHOR_END: serve

// panicIsInternal answers INTERNAL when a handler panics. In Go a panic that nothing recovers
// ends the whole process, and with it every other call.
// ANCHOR: panic
func panicIsInternal(
	ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler,
) (response any, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			// For the operator, not for the caller.
			log.Printf("a handler panicked: %v\n%s", reason, debug.Stack())
			response, err = nil, status.Error(codes.Internal, "the calculator failed to work this out")
		}
	}()
	return handler(ctx, request)
}

// ANCHOR_END: panic
