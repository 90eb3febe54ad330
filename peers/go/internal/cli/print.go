package cli

import (
	"bufio"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Stdout is standard output, whose reader may leave before its end. A write to it fails then; Go
// would otherwise end the process with SIGPIPE.
func Stdout() io.Writer {
	signal.Ignore(syscall.SIGPIPE)
	return os.Stdout
}

// OutputError is an error of standard output, as opposed to one of the call.
type OutputError struct{ Err error }

func (o *OutputError) Error() string { return "cannot write the output: " + o.Err.Error() }
func (o *OutputError) Unwrap() error { return o.Err }

// ahead is how many replies may wait to be printed. While nobody reads the output, the rest is left
// where it is, and the server slows down.
const ahead = 16

// PrintEach receives replies to the end of their stream, and prints each as a line; an empty one is
// left out. Lines get out when no further reply is waiting: at once if replies are rare, in one
// piece if there are many.
//
// An error is a status, or an OutputError. The caller cancels the call afterwards, and that ends
// the goroutine that may still be in receive.
// ANCHOR: print_each
func PrintEach[Reply any](receive func() (Reply, error), stdout io.Writer, line func(Reply) string) error {
	replies := make(chan Reply, ahead)
	done := make(chan struct{})
	defer close(done)
	var end error // to be read when replies has been closed
	go func() {
		defer close(replies)
		for {
			var reply Reply
			if reply, end = receive(); end != nil {
				return
			}
			select {
			case replies <- reply:
			case <-done:
				return
			}
		}
	}()

	output := bufio.NewWriter(stdout)
	for {
		var reply Reply
		var more bool
		select {
		case reply, more = <-replies:
		default:
			if err := output.Flush(); err != nil {
				return &OutputError{err}
			}
			reply, more = <-replies
		}
		if !more {
			break
		}
		if text := line(reply); text != "" {
			// Its errors stay, and come back from Flush.
			_, _ = output.WriteString(Plain(text) + "\n")
		}
	}
	if err := output.Flush(); err != nil {
		return &OutputError{err}
	}
	if end != io.EOF {
		return end
	}
	return nil
}

// ANCHOR_END: print_each
