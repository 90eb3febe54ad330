package main

import (
	"fmt"
	"io"
	"math/bits"
	"os"
	"strings"
	"time"
)

const (
	// Drawing is slower than sending, and nobody reads faster than this.
	drawEvery = 100 * time.Millisecond
	barWidth  = 30
)

// progress is a bar on standard error that says how far an upload has come.
type progress struct {
	out   io.Writer
	total uint64 // bytes
	drawn time.Time
}

// newProgress draws nothing unless standard error is a terminal, or it is told to.
func newProgress(total uint64, always bool) *progress {
	out := io.Discard
	if info, err := os.Stderr.Stat(); always || err == nil && info.Mode()&os.ModeCharDevice != 0 {
		out = os.Stderr
	}
	return &progress{out: out, total: total}
}

// sent says that so many bytes have been sent, from the beginning.
func (p *progress) sent(bytes uint64) {
	if time.Since(p.drawn) < drawEvery && bytes != p.total {
		return
	}
	p.drawn = time.Now()
	full := p.part(bytes, barWidth)
	fmt.Fprintf(p.out, "\r[%-*s] %3d %%", barWidth, strings.Repeat("=", int(full)), p.part(bytes, 100))
}

// part is how much of a whole the bytes are.
func (p *progress) part(bytes, whole uint64) uint64 {
	if p.total == 0 {
		return whole
	}
	high, low := bits.Mul64(min(bytes, p.total), whole)
	part, _ := bits.Div64(high, low, p.total)
	return part
}

// clear leaves an empty line to what follows: a result, or why there is none.
func (p *progress) clear() {
	if !p.drawn.IsZero() {
		fmt.Fprintf(p.out, "\r%*s\r", barWidth+8, "")
	}
}
