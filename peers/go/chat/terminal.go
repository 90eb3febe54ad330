package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// typed is the lines of standard input, without their ends.
type typed struct {
	input  *bufio.Reader
	stderr io.Writer
}

func newTyped(stdin io.Reader, stderr io.Writer) *typed {
	// Room for the longest text and an end of two bytes, "\r\n". Of what is piped in, no more is
	// to wait here.
	return &typed{input: bufio.NewReaderSize(stdin, longestText+2), stderr: stderr}
}

// next gives the next line that can be said. Empty ones are left out, and one that is too long is
// complained about. The error is io.EOF at the end.
func (t *typed) next() (string, error) {
	for {
		line, err := t.input.ReadSlice('\n')
		tooLong := err == bufio.ErrBufferFull
		for err == bufio.ErrBufferFull {
			_, err = t.input.ReadSlice('\n')
		}
		// The end of input may end a line, too.
		if err != nil && (err != io.EOF || len(line) == 0) {
			return "", err
		}

		text, ended := strings.CutSuffix(string(line), "\n")
		if ended {
			text = strings.TrimSuffix(text, "\r")
		}
		// A proto3 string is UTF-8, and a pipe may bring anything.
		text = strings.ToValidUTF8(text, "\uFFFD")
		switch {
		case tooLong || len(text) > longestText:
			fmt.Fprintf(t.stderr, "chat: a line of more than %d bytes was not sent\n", longestText)
		case text != "":
			return text, nil
		}
	}
}
