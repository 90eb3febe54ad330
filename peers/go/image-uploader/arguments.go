package main

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"time"
	"unicode/utf8"

	"course.example/peers/internal/cli"
)

const usage = `An image store over gRPC.

Usage:
  image-uploader serve --store DIR [--listen ADDRESS] [--quota SIZE]
  image-uploader put FILE [--name NAME] [--server URL] [--timeout SECONDS] [--progress]
  image-uploader info NAME [--server URL] [--timeout SECONDS]

  --store DIR        the folder of the images; it is made if it is not there
  --listen ADDRESS   where to listen; port 0 takes any free port (127.0.0.1:50051)
  --quota SIZE       the largest image that is taken, such as 100KiB or 1GiB (64MiB)
  --name NAME        what to store the file as (its own name)
  --server URL       the server to ask (http://127.0.0.1:50051)
  --timeout SECONDS  how long the whole call may take (60)
  --progress         show progress even where standard error is no terminal

Exit codes: 0 well, 1 the server could not run, 2 wrong arguments,
            3 the file could not be read, or changed while it was,
            64 + N a call that ended with gRPC status code N
`

type arguments struct {
	command  string
	listen   string
	store    string
	quota    uint64 // the largest image, in bytes
	file     string
	name     string
	server   url.URL
	timeout  time.Duration
	progress bool
}

func parse(words []string) (arguments, error) {
	args := arguments{
		listen:  cli.DefaultAddress,
		quota:   64 << 20,
		server:  cli.DefaultServer(),
		timeout: time.Minute,
	}
	if len(words) == 0 {
		return args, errors.New("say what to do: serve, put or info")
	}
	args.command = words[0]
	options := cli.Options{
		"server":  cli.Server(&args.server),
		"timeout": cli.Seconds(&args.timeout),
	}
	operand := "" // what the command takes, if it takes something
	switch args.command {
	case "serve":
		options = cli.Options{
			"listen": cli.Address(&args.listen),
			"store":  cli.Path(&args.store),
			"quota":  cli.Size(&args.quota),
		}
	case "put":
		operand = "a file to upload"
		options["name"] = cli.Text(&args.name)
		options["progress"] = cli.Switch(&args.progress)
	case "info":
		operand = "the name of an image"
	case "help", "--help", "-h":
		return args, cli.ErrHelp
	default:
		return args, fmt.Errorf("there is no command %q: say serve, put or info", args.command)
	}

	operands, err := options.Parse(args.command, words[1:])
	switch {
	case err != nil:
		return args, err
	case operand == "" && len(operands) > 0:
		return args, fmt.Errorf("serve takes no %q", operands[0])
	case operand != "" && len(operands) == 0:
		return args, fmt.Errorf("%s needs %s", args.command, operand)
	case len(operands) > 1:
		return args, fmt.Errorf("%s takes one operand, and %q is a second one", args.command, operands[1])
	}
	return args, args.complete(operands)
}

// complete checks what depends on the command.
func (args *arguments) complete(operands []string) error {
	switch args.command {
	case "serve":
		if args.store == "" {
			return errors.New("say where the images are to be kept: --store DIR")
		}
	case "put":
		args.file = operands[0]
		if args.name == "" {
			args.name = filepath.Base(args.file)
		}
	case "info":
		args.name = operands[0]
	}
	// A proto3 string is UTF-8. Whatever else is wrong with a name is for the server to say.
	if !utf8.ValidString(args.name) {
		return fmt.Errorf("%q is no name for an image, since it is not UTF-8", args.name)
	}
	return nil
}
