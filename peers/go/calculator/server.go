package main

import (
	"context"
	"io"
	"log"
	"runtime/debug"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	calculatorv1 "course.example/peers/gen/calculator/v1"
	"course.example/peers/internal/cli"
)

// ANCHOR: serve
func serve(address string, stdout io.Writer) error {
	constants := newConstants()
	server := grpc.NewServer(grpc.ChainUnaryInterceptor(panicIsInternal))
	calculatorv1.RegisterCalculatorServiceServer(server, newCalculator(constants))
	calculatorv1.RegisterInspectServiceServer(server, &inspect{constants: constants})
	return cli.Serve(server, address, stdout)
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
