// The stock ticker: `stock-ticker serve` answers calls, `stock-ticker watch AAPL` makes one.
//
// It is the program of solutions/stock-ticker in Go: the same command line, the same output, the
// same exit codes, and the same tests pass. What the server answers is in service.go and watch.go,
// what the client asks is in client.go.
package main

import (
	"io"
	"os"

	tickerv1 "course.example/peers/gen/ticker/v1"
	"course.example/peers/internal/cli"
)

func main() {
	err := run(os.Args[1:], cli.Stdout())
	os.Exit(cli.Report("stock-ticker", usage, err, os.Stdout, os.Stderr))
}

func run(words []string, stdout io.Writer) error {
	args, err := parse(words)
	if err != nil {
		return cli.Usage(err)
	}
	if args.command == "serve" {
		return serve(args, stdout)
	}
	return ask(args, stdout)
}

func serve(args arguments, stdout io.Writer) error {
	recordings, exchange := newRecordings(), newExchange()
	if !args.still {
		stop := exchange.tradeByItself()
		defer stop()
	}
	server := cli.NewServer()
	tickerv1.RegisterTickerServiceServer(server, &ticker{recordings: recordings, feeds: newFeeds(exchange)})
	tickerv1.RegisterInspectServiceServer(server, &inspect{recordings: recordings, exchange: exchange})
	return cli.Serve(server, args.listen, stdout)
}
