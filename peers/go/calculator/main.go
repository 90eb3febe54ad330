// The calculator: `calculator serve` answers calls, `calculator add 2 3` makes them.
//
// It is the program of solutions/calculator in Go: the same command line, the same output, the
// same exit codes, and the same tests pass. What the server answers is in service.go, what the
// client asks is in client.go.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(words []string, stdout, stderr io.Writer) int {
	args, err := parse(words)
	switch {
	case errors.Is(err, errHelp):
		fmt.Fprint(stdout, usage)
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "calculator: %v (see calculator --help)\n", err)
		return 2
	}

	if args.command == "serve" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		if err := serve(ctx, args.listen, stdout); err != nil {
			fmt.Fprintf(stderr, "calculator: cannot serve on %s: %v\n", args.listen, err)
			return 1
		}
		return 0
	}

	result, err := calculate(context.Background(), args)
	if err != nil {
		exitCode, sentence := explain(args.server, err)
		fmt.Fprintf(stderr, "calculator: %s\n", sentence)
		return exitCode
	}
	fmt.Fprintln(stdout, result)
	return 0
}
