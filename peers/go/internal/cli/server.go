package cli

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/url"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// A server that is told to stop leaves within three seconds.
const (
	// farewell is for calls that are under way, to come to their end.
	farewell = 2500 * time.Millisecond
	// cleanUp is for the handlers of those that did not.
	cleanUp = 400 * time.Millisecond
)

// NewServer is a server on which a handler's panic is the end of that call only. In Go a panic
// that nothing recovers ends the whole process, and with it every other call.
//
// That holds for the handler's own goroutine. One that it has started has to recover for itself.
func NewServer(options ...grpc.ServerOption) *grpc.Server {
	return grpc.NewServer(append(options,
		grpc.ChainUnaryInterceptor(panicIsInternal),
		grpc.ChainStreamInterceptor(panicInStreamIsInternal),
	)...)
}

func panicIsInternal(
	ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler,
) (response any, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			response, err = nil, Panicked(reason)
		}
	}()
	return handler(ctx, request)
}

// ANCHOR: panic
func panicInStreamIsInternal(
	service any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler,
) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = Panicked(reason)
		}
	}()
	return handler(service, stream)
}

// Panicked is the status of a call whose handler panicked. The reason is for the operator, not
// for the caller. To be called where the panic is recovered, so that the stack is the one of it.
func Panicked(reason any) error {
	log.Printf("a handler panicked: %v\n%s", reason, debug.Stack())
	return status.Error(codes.Internal, "the server failed to do this")
}

// ANCHOR_END: panic

// Serve says where it listens, and serves until Ctrl-C or SIGTERM.
// ANCHOR: serve
func Serve(server *grpc.Server, address string, stdout io.Writer) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("cannot serve on %s: %w", address, err)
	}

	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	fmt.Fprintf(stdout, "listening on %s\n", listener.Addr())

	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	// GracefulStop waits for open calls for as long as they last. Stop ends them: it closes their
	// connections and with that their contexts. But a handler that waits for anything else, a disk
	// say, goes on, and GracefulStop with it. So nobody waits for GracefulStop alone.
	stopped := make(chan struct{})
	go func() {
		server.GracefulStop()
		close(stopped)
	}()
	if !within(farewell, stopped) {
		server.Stop()
		within(cleanUp, stopped)
	}
	return nil
}

// ANCHOR_END: serve

func within(limit time.Duration, event <-chan struct{}) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-event:
		return true
	case <-timer.C:
		return false
	}
}

// Connect gives a channel that connects at its first call, so connecting fails in one place.
func Connect(server url.URL, options ...grpc.DialOption) (*grpc.ClientConn, error) {
	return grpc.NewClient(server.Host, append(options,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithNoProxy(),
	)...)
}
