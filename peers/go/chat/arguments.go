package main

import (
	"errors"
	"fmt"
	"net/url"
	"unicode/utf8"

	"course.example/peers/internal/cli"
)

const usage = `Rooms in which people talk, over gRPC.

Usage:
  chat serve [--listen ADDRESS] [--backlog SIZE]
  chat join ROOM --name NAME [--server URL]

Each line that you type is said to the room. At the end of input (Ctrl-D) you go on hearing
until nobody is left who may speak. Ctrl-C leaves at once.

  --listen ADDRESS   where to listen; port 0 takes any free port (127.0.0.1:50051)
  --backlog SIZE     how much is kept for a member that does not read, before it is put out:
                     a number of bytes, or such as 512KiB or 16MiB (16MiB)
  --name NAME        what others know you by
  --server URL       the server to ask (http://127.0.0.1:50051)

Exit codes: 0 well, 1 the server could not run or the output could not be written,
            2 wrong arguments, 64 + N a call that ended with gRPC status code N
`

const (
	// Room for one text of the largest size, and a second one that comes while it is written.
	leastBacklog = 128 << 10
	mostBacklog  = 1 << 30
)

type arguments struct {
	command string
	listen  string
	backlog uint64 // bytes
	room    string
	name    string
	server  url.URL
}

func parse(words []string) (arguments, error) {
	args := arguments{
		listen:  cli.DefaultAddress,
		backlog: 16 << 20,
		server:  cli.DefaultServer(),
	}
	if len(words) == 0 {
		return args, errors.New("say what to do: serve or join")
	}
	args.command = words[0]
	var options cli.Options
	switch args.command {
	case "serve":
		options = cli.Options{"listen": cli.Address(&args.listen), "backlog": cli.Size(&args.backlog)}
	case "join":
		options = cli.Options{"name": cli.Text(&args.name), "server": cli.Server(&args.server)}
	case "help", "--help", "-h":
		return args, cli.ErrHelp
	default:
		return args, fmt.Errorf("there is no command %q: say serve or join", args.command)
	}
	operands, err := options.Parse(args.command, words[1:])
	if err != nil {
		return args, err
	}

	if args.command == "serve" {
		switch {
		case len(operands) > 0:
			return args, fmt.Errorf("serve takes no %q", operands[0])
		case args.backlog < leastBacklog || args.backlog > mostBacklog:
			return args, errors.New("--backlog must be from 128KiB to 1GiB")
		}
		return args, nil
	}
	switch {
	case len(operands) == 0:
		return args, errors.New("which room? Give its name after join")
	case len(operands) > 1:
		return args, fmt.Errorf("join takes one room, and %q is a second one", operands[1])
	// A proto3 string is UTF-8. Whatever else is wrong with it is for the server to say.
	case !utf8.ValidString(operands[0]):
		return args, fmt.Errorf("%q is no name for a room, since it is not UTF-8", operands[0])
	case args.name == "":
		return args, errors.New("who are you? Give --name NAME")
	}
	args.room = operands[0]
	return args, nil
}
