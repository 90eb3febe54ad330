// The chat: `chat serve` holds rooms, `chat join ROOM --name NAME` talks in one.
//
// It is the program of solutions/chat in Go: the same command line, the same output, the same exit
// codes, and the same tests pass. What a room is stands in room.go, what becomes of a call in
// service.go, and what the client does in client.go and terminal.go.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"

	chatv1 "course.example/peers/gen/chat/v1"
	"course.example/peers/internal/cli"
)

// pingEvery is how often a connection that is silent is asked for a sign of life. A machine that
// loses its power, or its network, sends nothing that would end its calls.
const pingEvery = 20 * time.Second

func main() {
	err := run(os.Args[1:], os.Stdin, cli.Stdout(), os.Stderr)
	os.Exit(cli.Report("chat", usage, err, os.Stdout, os.Stderr))
}

func run(words []string, stdin io.Reader, stdout, stderr io.Writer) error {
	args, err := parse(words)
	if err != nil {
		return cli.Usage(err)
	}
	if args.command == "serve" {
		return serve(args, stdout)
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- join(args, stdin, stdout, stderr) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		// At once, even if standard output takes nothing: the connection ends with the process.
		return nil
	}
}

func serve(args arguments, stdout io.Writer) error {
	server := cli.NewServer(grpc.KeepaliveParams(keepalive.ServerParameters{Time: pingEvery}))
	chatv1.RegisterChatServiceServer(server, &chat{rooms: newRooms(int(args.backlog))})
	chatv1.RegisterInspectServiceServer(server, &inspect{})
	return cli.Serve(server, args.listen, stdout)
}
