package main

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	calculatorv1 "course.example/peers/gen/calculator/v1"
)

// calculate works from left to right: one call for 2 + 3, a second one to add the next number to
// its result, all of them on one connection and under one deadline.
// ANCHOR: client
func calculate(ctx context.Context, args arguments) (int64, error) {
	// NewClient does not connect: the first call does, so connecting fails in one place.
	connection, err := grpc.NewClient(
		args.server.Host,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithNoProxy(),
	)
	if err != nil {
		return 0, err
	}
	defer connection.Close()
	stub := calculatorv1.NewCalculatorServiceClient(connection)

	// The deadline is of the whole calculation; every call takes what is left of it along.
	ctx, cancel := context.WithTimeout(ctx, args.timeout)
	defer cancel()

	result := args.numbers[0]
	for _, number := range args.numbers[1:] {
		result, err = call(ctx, stub, args.command, result, number)
		if err == nil {
			continue
		}
		// The deadline went along as grpc-timeout, so the server has one of its own. Some answer
		// it with another code, tonic with CANCELLED, and may be the first to say so.
		if deadline, _ := ctx.Deadline(); !time.Now().Before(deadline) {
			return 0, status.Error(codes.DeadlineExceeded, status.Convert(err).Message())
		}
		return 0, err
	}
	return result, nil
}

// ANCHOR_END: client

// ANCHOR: call
func call(
	ctx context.Context, stub calculatorv1.CalculatorServiceClient, operator string, a, b int64,
) (int64, error) {
	switch operator {
	case "add":
		// A getter of a nil message answers zero, so the error is not lost by asking for the result.
		response, err := stub.Add(ctx, &calculatorv1.AddRequest{A: a, B: b})
		return response.GetResult(), err
	case "subtract":
		response, err := stub.Subtract(ctx, &calculatorv1.SubtractRequest{A: a, B: b})
		return response.GetResult(), err
	case "multiply":
		response, err := stub.Multiply(ctx, &calculatorv1.MultiplyRequest{A: a, B: b})
		return response.GetResult(), err
	case "divide":
		response, err := stub.Divide(ctx, &calculatorv1.DivideRequest{A: a, B: b})
		return response.GetResult(), err
	}
	return 0, fmt.Errorf("there is no operator %q", operator)
}

// ANCHOR_END: call
