package main

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"course.example/peers/internal/cli"
)

const usage = `Integer arithmetic over gRPC.

Usage:
  calculator serve [--listen ADDRESS]
  calculator add|subtract|multiply|divide NUMBER NUMBER… [--server URL] [--timeout SECONDS]

  --listen ADDRESS   where to listen; port 0 takes any free port (127.0.0.1:50051)
  --server URL       the server to ask (http://127.0.0.1:50051)
  --timeout SECONDS  how long the whole calculation may take (5)

Exit codes: 0 well, 1 the server could not run, 2 wrong arguments,
            64 + N a call that ended with gRPC status code N
`

type arguments struct {
	command string
	listen  string
	numbers []int64
	server  url.URL
	timeout time.Duration
}

func parse(words []string) (arguments, error) {
	args := arguments{
		listen:  cli.DefaultAddress,
		server:  cli.DefaultServer(),
		timeout: 5 * time.Second,
	}
	if len(words) == 0 {
		return args, errors.New("say what to do: serve, add, subtract, multiply or divide")
	}
	args.command = words[0]
	var options cli.Options
	switch args.command {
	case "serve":
		options = cli.Options{"listen": cli.Address(&args.listen)}
	case "add", "subtract", "multiply", "divide":
		options = cli.Options{"server": cli.Server(&args.server), "timeout": cli.Seconds(&args.timeout)}
	case "help", "--help", "-h":
		return args, cli.ErrHelp
	default:
		return args, fmt.Errorf("there is no command %q: say serve, add, subtract, multiply or divide", args.command)
	}
	operands, err := options.Parse(args.command, words[1:])
	switch {
	case err != nil:
		return args, err
	case args.command == "serve" && len(operands) > 0:
		return args, fmt.Errorf("serve takes no %q", operands[0])
	case args.command != "serve" && len(operands) < 2:
		return args, fmt.Errorf("%s needs two whole numbers or more", args.command)
	}
	for _, operand := range operands {
		number, err := strconv.ParseInt(operand, 10, 64)
		if err != nil {
			return args, fmt.Errorf("%q is not a whole number of 64 bits", operand)
		}
		args.numbers = append(args.numbers, number)
	}
	return args, nil
}
