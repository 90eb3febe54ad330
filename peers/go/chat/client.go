package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"

	chatv1 "course.example/peers/gen/chat/v1"
	"course.example/peers/internal/cli"
)

// connectWithin is how long a host that does not answer at all is waited for.
const connectWithin = 5 * time.Second

// join talks in a room until it is over: what is typed is said, what is heard is shown.
// ANCHOR: client
func join(args arguments, stdin io.Reader, stdout, stderr io.Writer) error {
	connection, err := cli.Connect(args.server, grpc.WithConnectParams(
		grpc.ConnectParams{Backoff: backoff.DefaultConfig, MinConnectTimeout: connectWithin},
	))
	if err != nil {
		return err
	}
	defer connection.Close()
	// A stream is over for grpc-go when Recv has failed or the context has ended, and leaks until
	// then. So this ends it, whichever way this function returns.
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stream, err := chatv1.NewChatServiceClient(connection).Chat(ctx)
	if err != nil {
		return cli.Explain(ctx, &args.server, err)
	}
	// One goroutine may send and another one receive, and neither waits for the other.
	go say(stream, args, newTyped(stdin, stderr), stderr)
	if err := cli.PrintEach(stream.Recv, stdout, describe); err != nil {
		return cli.Explain(ctx, &args.server, err)
	}
	return nil
}

// ANCHOR_END: client

// say sends join, and then every line that is typed. It ends with the process at the latest: a
// read of standard input cannot be interrupted.
// ANCHOR: half_close
func say(
	stream grpc.BidiStreamingClient[chatv1.ChatRequest, chatv1.ChatResponse],
	args arguments, typed *typed, stderr io.Writer,
) {
	err := stream.Send(&chatv1.ChatRequest{Action: &chatv1.ChatRequest_Join{
		Join: &chatv1.Join{Room: args.room, Name: args.name},
	}})
	for err == nil {
		var text string
		text, err = typed.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Fprintf(stderr, "chat: cannot read standard input: %v\n", err)
			break
		}
		// Waits while the server takes nothing, and with it the reading of standard input.
		err = stream.Send(&chatv1.ChatRequest{Action: &chatv1.ChatRequest_Say{
			Say: &chatv1.Say{Text: text},
		}})
	}
	// The half-close: nothing more is said, and the other half goes on. If the call has failed,
	// this does nothing, and Recv says why.
	_ = stream.CloseSend()
}

// ANCHOR_END: half_close

// describe gives a line for an event; an empty one for what a newer contract may know.
func describe(response *chatv1.ChatResponse) string {
	switch event := response.GetEvent().(type) {
	case *chatv1.ChatResponse_Welcome:
		if len(event.Welcome.GetMembers()) == 0 {
			return "* nobody else is here"
		}
		return "* with " + strings.Join(event.Welcome.GetMembers(), ", ")
	case *chatv1.ChatResponse_Joined:
		return fmt.Sprintf("* %s joined", event.Joined.GetName())
	case *chatv1.ChatResponse_Left:
		return fmt.Sprintf("* %s left", event.Left.GetName())
	case *chatv1.ChatResponse_Said:
		return fmt.Sprintf("%s: %s", event.Said.GetName(), event.Said.GetText())
	}
	return ""
}
