// The calculator: `calculator serve` answers calls, `calculator add 2 3` makes them.
//
// It is the program of solutions/calculator in Go: the same command line, the same output, the
// same exit codes, and the same tests pass. What the server answers is in service.go, what the
// client asks is in client.go.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"course.example/peers/internal/cli"
)

func main() {
	err := run(os.Args[1:], os.Stdout)
	os.Exit(cli.Report("calculator", usage, err, os.Stdout, os.Stderr))
}

func run(words []string, stdout io.Writer) error {
	ctx := context.Background()
	args, err := parse(words)
	if err != nil {
		return cli.Usage(err)
	}
	if args.command == "serve" {
		return serve(args.listen, stdout)
	}
	result, err := calculate(ctx, args)
	if err != nil {
		return cli.Explain(ctx, &args.server, err)
	}
	_, err = fmt.Fprintln(stdout, result)
	return err
}
