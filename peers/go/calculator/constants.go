package main

import (
	"context"
	"fmt"
	"sync"
)

// constants are named numbers, as if they were kept in a database far away.
//
// A look-up can be slow (a test decides how slow, through inspect.go), and one row is damaged:
// looking it up panics, as a bug in somebody else's library would. Every look-up is counted.
type constants map[string]*row

type row struct {
	value   int64
	damaged bool

	mutex   sync.Mutex
	held    chan struct{} // closed on release; nil while nothing is held
	lookUps lookUps
}

// lookUps says what has become of the look-ups of one constant so far.
type lookUps struct {
	waiting, answered, abandoned uint64
}

func newConstants() constants {
	return constants{
		"dozen":                 {value: 12},
		"gross":                 {value: 144},
		"seconds_per_day":       {value: 86_400},
		"metres_per_light_year": {value: 9_460_730_472_580_800},
		"cubit":                 {damaged: true},
	}
}

// lookUp answers the value of a constant and whether there is such a constant. It panics if the
// constant's row is damaged, and gives the context's error if that is done first.
// ANCHOR: look_up
func (c constants) lookUp(ctx context.Context, name string) (value int64, found bool, err error) {
	row, found := c[name]
	if !found {
		return 0, false, nil
	}
	held := row.begin()
	answered := false
	defer func() { row.end(answered) }()

	select {
	case <-held:
	case <-ctx.Done():
		return 0, true, ctx.Err()
	}
	if row.damaged {
		panic(fmt.Sprintf("the row of %q is damaged", name))
	}
	answered = true
	return row.value, true, nil
}

// ANCHOR_END: look_up

// released is what a look-up waits for when nothing holds it.
var released = func() chan struct{} {
	channel := make(chan struct{})
	close(channel)
	return channel
}()

// begin counts a look-up as waiting, and gives the channel that is closed when it may go on.
func (r *row) begin() <-chan struct{} {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.lookUps.waiting++
	if r.held == nil {
		return released
	}
	return r.held
}

func (r *row) end(answered bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.lookUps.waiting--
	if answered {
		r.lookUps.answered++
	} else {
		r.lookUps.abandoned++
	}
}

// hold makes every look-up of the row wait until release.
func (r *row) hold() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.held == nil {
		r.held = make(chan struct{})
	}
}

// release lets every look-up of the row go on, those that wait now and those to come.
func (r *row) release() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.held != nil {
		close(r.held)
		r.held = nil
	}
}

func (r *row) count() lookUps {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.lookUps
}
