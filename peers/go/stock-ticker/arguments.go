package main

import (
	"errors"
	"fmt"
	"net/url"
	"time"
	"unicode/utf8"

	"course.example/peers/internal/cli"
)

const usage = `Stock prices over gRPC.

Usage:
  stock-ticker serve [--listen ADDRESS] [--still]
  stock-ticker quote SYMBOL [--server URL] [--timeout DURATION]
  stock-ticker replay SYMBOL [--limit N] [--interval DURATION] [--server URL] [--timeout DURATION]
  stock-ticker watch SYMBOL [--for DURATION] [--server URL]

  --listen ADDRESS     where to listen; port 0 takes any free port (127.0.0.1:50051)
  --still              no trade happens by itself
  --server URL         the server to ask (http://127.0.0.1:50051)
  --limit N            at most so many trades (all)
  --interval DURATION  at least so much time between two of them (none)
  --timeout DURATION   how long quote or replay may take, to the end (60s)
  --for DURATION       how long to watch (until the exchange closes, or Ctrl-C)

A DURATION is a number and a unit: 50ms, 10s, 5m. Symbols: AAPL, NEWCO, BULK; to replay: TORN,
which breaks off, and MOULD, which is damaged, too. A line of output is the trade's number, the
price and the shares; "missed N" stands for N trades that came too fast for this program.

Exit codes: 0 well, 1 the server could not run or the output could not be written,
            2 wrong arguments, 64 + N a call that ended with gRPC status code N
`

type arguments struct {
	command  string
	listen   string
	still    bool
	symbol   string
	limit    uint32 // 0 for all
	interval time.Duration
	server   url.URL
	timeout  time.Duration // of the whole call, from now to its end; forever for none
}

// forever is the timeout of a watch whose end nobody has set.
const forever time.Duration = -1

func parse(words []string) (arguments, error) {
	args := arguments{
		listen:  cli.DefaultAddress,
		server:  cli.DefaultServer(),
		timeout: time.Minute,
	}
	if len(words) == 0 {
		return args, errors.New("say what to do: serve, quote, replay or watch")
	}
	args.command = words[0]
	options := cli.Options{"server": cli.Server(&args.server), "timeout": cli.Duration(&args.timeout)}
	switch args.command {
	case "serve":
		options = cli.Options{"listen": cli.Address(&args.listen), "still": cli.Switch(&args.still)}
	case "quote":
	case "replay":
		options["limit"] = cli.Count(&args.limit)
		options["interval"] = cli.Duration(&args.interval)
	case "watch":
		args.timeout = forever
		options = cli.Options{"server": cli.Server(&args.server), "for": cli.Duration(&args.timeout)}
	case "help", "--help", "-h":
		return args, cli.ErrHelp
	default:
		return args, fmt.Errorf("there is no command %q: say serve, quote, replay or watch", args.command)
	}

	operands, err := options.Parse(args.command, words[1:])
	switch {
	case err != nil:
		return args, err
	case args.command == "serve" && len(operands) > 0:
		return args, fmt.Errorf("serve takes no %q", operands[0])
	case args.command == "serve":
		return args, nil
	case len(operands) == 0:
		return args, errors.New("give a symbol, such as AAPL")
	case len(operands) > 1:
		return args, fmt.Errorf("%s takes one symbol, and %q is a second one", args.command, operands[1])
	case !utf8.ValidString(operands[0]):
		return args, fmt.Errorf("%q is no symbol, since it is not UTF-8", operands[0])
	}
	args.symbol = operands[0]
	return args, nil
}
