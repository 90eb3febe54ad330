package main

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
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

var errHelp = errors.New("help was asked for")

type arguments struct {
	command string
	listen  string
	numbers []int64
	server  *url.URL
	timeout time.Duration
}

// parse reads the command line. Package flag stops at the first word that is no flag, and takes
// -4 for one; here numbers come first and may be negative.
func parse(words []string) (arguments, error) {
	args := arguments{
		listen:  "127.0.0.1:50051",
		server:  &url.URL{Scheme: "http", Host: "127.0.0.1:50051"},
		timeout: 5 * time.Second,
	}
	if len(words) == 0 {
		return args, errors.New("say what to do: serve, add, subtract, multiply or divide")
	}
	args.command = words[0]
	switch args.command {
	case "serve", "add", "subtract", "multiply", "divide":
	case "help", "--help", "-h":
		return args, errHelp
	default:
		return args, fmt.Errorf("there is no command %q: say serve, add, subtract, multiply or divide", args.command)
	}

	serving := args.command == "serve"
	for rest := words[1:]; len(rest) > 0; {
		word := rest[0]
		rest = rest[1:]
		if word == "--help" || word == "-h" {
			return args, errHelp
		}
		if !strings.HasPrefix(word, "--") {
			if err := args.number(word); err != nil {
				return args, err
			}
			continue
		}
		name, value, joined := strings.Cut(word, "=")
		if !joined {
			if len(rest) == 0 {
				return args, fmt.Errorf("%s needs a value", name)
			}
			value, rest = rest[0], rest[1:]
		}
		if err := args.option(name, value); err != nil {
			return args, err
		}
	}
	if !serving && len(args.numbers) < 2 {
		return args, fmt.Errorf("%s needs two whole numbers or more", args.command)
	}
	return args, nil
}

func (args *arguments) number(word string) error {
	if args.command == "serve" {
		return fmt.Errorf("serve takes no %q", word)
	}
	number, err := strconv.ParseInt(word, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is not a whole number of 64 bits", word)
	}
	args.numbers = append(args.numbers, number)
	return nil
}

func (args *arguments) option(name, value string) error {
	serving := args.command == "serve"
	switch {
	case name == "--listen" && serving:
		if _, err := netip.ParseAddrPort(value); err != nil {
			return fmt.Errorf("--listen %q is not an address such as 127.0.0.1:50051", value)
		}
		args.listen = value
	case name == "--server" && !serving:
		server, err := url.Parse(value)
		if err != nil || server.Scheme != "http" || server.Port() == "" {
			return fmt.Errorf("--server %q is not a URL such as http://127.0.0.1:50051", value)
		}
		args.server = server
	case name == "--timeout" && !serving:
		seconds, err := strconv.ParseFloat(value, 64)
		// Written so that NaN is refused as well.
		if err != nil || !(seconds >= 0 && seconds < math.MaxInt64/float64(time.Second)) {
			return fmt.Errorf("--timeout %q is not a number of seconds", value)
		}
		args.timeout = time.Duration(seconds * float64(time.Second))
	default:
		return fmt.Errorf("%s has no option %s", args.command, name)
	}
	return nil
}
