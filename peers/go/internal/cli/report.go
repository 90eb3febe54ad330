// Package cli is what the command lines of the course's programs have in common: options, exit
// codes and the one sentence that goes with them, and a server that serves until it is told to
// stop.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A Failure is an error that has its own exit code.
type Failure struct {
	ExitCode int
	Sentence string
}

func (f *Failure) Error() string { return f.Sentence }

// Usage is the failure of a command line that cannot be understood.
func Usage(err error) error {
	if errors.Is(err, ErrHelp) {
		return err
	}
	return &Failure{ExitCode: 2, Sentence: fmt.Sprintf("%v (see --help)", err)}
}

// CallFailed is the failure of a call, or of something that a call has found out: 64 and the
// number of its status.
func CallFailed(code codes.Code, sentence string) error {
	name := code.String()
	switch {
	case code == codes.Canceled:
		name = "Cancelled" // as gRPC spells it
	case code > codes.Unauthenticated:
		// grpc-go hands on any number that the server sends. gRPC has seventeen codes.
		code, name = codes.Unknown, "Unknown"
	}
	return &Failure{ExitCode: 64 + int(code), Sentence: name + ": " + sentence}
}

// Explain is the failure of a call to a server that ended with err. The context is the call's. It
// is none if whoever read standard output has seen enough.
// ANCHOR: explain
func Explain(ctx context.Context, server fmt.Stringer, err error) error {
	if _, ofOutput := errors.AsType[*OutputError](err); ofOutput {
		if errors.Is(err, syscall.EPIPE) {
			return nil
		}
		return err
	}
	failure := status.Convert(err)
	code := failure.Code()
	// The deadline went along as grpc-timeout, so the server has one of its own. Some answer it
	// with another code, tonic with CANCELLED, and may be the first to say so.
	if deadline, set := ctx.Deadline(); set && !time.Now().Before(deadline) {
		code = codes.DeadlineExceeded
	}
	message := failure.Message()
	if code == codes.Unavailable || code == codes.DeadlineExceeded {
		// Most often there is no server that could have said which one it is.
		message = fmt.Sprintf("%s: %s", server, message)
	}
	return CallFailed(code, message)
}

// ANCHOR_END: explain

// Report says on one line why a program ends, if it does not end well, and gives its exit code.
func Report(program, usage string, err error, stdout, stderr io.Writer) (exitCode int) {
	if err == nil {
		return 0
	}
	if errors.Is(err, ErrHelp) {
		fmt.Fprint(stdout, usage)
		return 0
	}
	fmt.Fprintf(stderr, "%s: %s\n", program, Plain(err.Error()))
	if failure, known := errors.AsType[*Failure](err); known {
		return failure.ExitCode
	}
	return 1
}

// Plain is a text without power over a terminal. It may come from anybody: a line's end in it
// would begin a line that looks like one of ours, an escape could do worse.
func Plain(text string) string {
	if strings.IndexFunc(text, commands) < 0 {
		return text
	}
	var plain strings.Builder
	for _, character := range text {
		if commands(character) {
			quoted := strconv.QuoteRuneToASCII(character)
			plain.WriteString(quoted[1 : len(quoted)-1])
		} else {
			plain.WriteRune(character)
		}
	}
	return plain.String()
}

// commands tells control characters, and those that break lines or turn the direction of what
// follows.
func commands(character rune) bool {
	return unicode.IsControl(character) ||
		unicode.In(character, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
}
