// The image store: `image-uploader serve` keeps images, `image-uploader put FILE` uploads one.
//
// It is the program of solutions/image-uploader in Go: the same command line, the same output, the
// same exit codes, and the same tests pass. What the server does with a stream is in service.go,
// what becomes of one upload on the disk is in upload.go, what the client sends is in client.go.
package main

import (
	"fmt"
	"io"
	"os"

	"google.golang.org/grpc"

	imagev1 "course.example/peers/gen/image/v1"
	"course.example/peers/internal/cli"
)

func main() {
	err := run(os.Args[1:], os.Stdout)
	os.Exit(cli.Report("image-uploader", usage, err, os.Stdout, os.Stderr))
}

func run(words []string, stdout io.Writer) error {
	args, err := parse(words)
	if err != nil {
		return cli.Usage(err)
	}
	var stored image
	switch args.command {
	case "serve":
		return serve(args, stdout)
	case "put":
		stored, err = put(args)
	case "info":
		stored, err = info(args)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%s: %d bytes, sha256 %x\n", cli.Plain(args.name), stored.size, stored.sha256)
	return err
}

// ANCHOR: windows
// What the server has received of an upload and not yet read is in memory. grpc-go would let that
// grow to 16 MiB for a fast sender; so many uploads at once are not to cost so much each.
const (
	streamWindow     = 256 << 10
	connectionWindow = 1 << 20
)

// ANCHOR_END: windows

func serve(args arguments, stdout io.Writer) error {
	disk, err := openDisk(args.store)
	if err != nil {
		return fmt.Errorf("cannot keep images in %s: %w", args.store, err)
	}
	server := cli.NewServer(
		grpc.StaticStreamWindowSize(streamWindow),
		grpc.StaticConnWindowSize(connectionWindow),
	)
	imagev1.RegisterImageServiceServer(server, &images{disk: disk, quota: args.quota})
	imagev1.RegisterInspectServiceServer(server, &inspect{disk: disk})
	return cli.Serve(server, args.listen, stdout)
}
