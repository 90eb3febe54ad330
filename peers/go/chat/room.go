package main

import (
	"context"
	"io"
	"slices"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	chatv1 "course.example/peers/gen/chat/v1"
)

// overhead is what an event costs beside its encoded length, in bytes: the structs that it is in
// memory. Without it a million texts of one byte would be kept as if they were one of a million.
const overhead = 256

// rooms are all rooms of a server.
// ANCHOR: rooms
type rooms struct {
	backlog int // how many bytes are kept for a member that does not read

	// One lock for all rooms and all that is in them. Whoever has it puts a pointer into the queue
	// of each member and no more, and never waits. So its order is the order of a room.
	mutex sync.Mutex
	open  map[string]*room
}

// room is there for as long as somebody in it may speak.
type room struct {
	rooms   *rooms
	name    string
	members map[string]*member
}

// member is one membership. A name can be taken again as soon as its bearer has left, so it does
// not say who somebody is; the pointer to a member does.
type member struct {
	room   *room
	name   string
	speaks bool // false for one that only listens

	// What it is still to hear. Unbounded in events, because it is bounded in bytes.
	queue []*chatv1.ChatResponse
	kept  int   // bytes in queue
	end   error // how the call ends after the queue: io.EOF for well, nil for not yet

	changed chan struct{} // has room for one signal, that queue or end has changed
}

// ANCHOR_END: rooms

func newRooms(backlog int) *rooms {
	return &rooms{backlog: backlog, open: make(map[string]*room)}
}

// join makes somebody a member, and tells the others.
func (r *rooms) join(roomName, name string) (*member, error) {
	// While it is locked nothing can happen in the room between what the newcomer is welcomed with
	// and the first thing that it hears.
	r.mutex.Lock()
	defer r.mutex.Unlock()
	joined, found := r.open[roomName]
	if !found {
		joined = &room{rooms: r, name: roomName, members: make(map[string]*member)}
		r.open[roomName] = joined
	}
	if _, taken := joined.members[name]; taken {
		return nil, status.Errorf(codes.AlreadyExists, "somebody in this room is called %q", name)
	}
	joined.tell(&chatv1.ChatResponse{
		Event: &chatv1.ChatResponse_Joined{Joined: &chatv1.Joined{Name: name}},
	}, nil)

	newcomer := &member{room: joined, name: name, speaks: true, changed: make(chan struct{}, 1)}
	welcome := &chatv1.Welcome{}
	for name := range joined.members {
		welcome.Members = append(welcome.Members, name)
	}
	slices.Sort(welcome.Members)
	newcomer.keep(&chatv1.ChatResponse{Event: &chatv1.ChatResponse_Welcome{Welcome: welcome}})
	joined.members[name] = newcomer
	return newcomer, nil
}

// say tells everybody else. It answers whether the member is still in the room.
func (m *member) say(text string) bool {
	event := &chatv1.ChatResponse{
		Event: &chatv1.ChatResponse_Said{Said: &chatv1.Said{Name: m.name, Text: text}},
	}
	return m.change(func() { m.room.tell(event, m) })
}

// fallSilent makes the member a listener.
func (m *member) fallSilent() {
	m.change(func() { m.speaks = false })
}

// leave takes the member out of the room, if it is there, and ends its call with this status after
// what is kept for it.
func (m *member) leave(reason error) {
	m.change(func() { m.room.remove(m, reason) })
}

// change does something on behalf of a member, unless it is one no longer. It closes the room if
// nobody is left who may speak.
func (m *member) change(do func()) bool {
	m.room.rooms.mutex.Lock()
	defer m.room.rooms.mutex.Unlock()
	if m.room.members[m.name] != m {
		return false
	}
	do()
	if !m.room.alive() {
		m.room.close()
	}
	return true
}

// What follows is done with the lock held.

func (r *room) alive() bool {
	for _, member := range r.members {
		if member.speaks {
			return true
		}
	}
	return false
}

func (r *room) close() {
	for _, member := range r.members {
		member.endsWith(io.EOF)
	}
	clear(r.members)
	delete(r.rooms.open, r.name)
}

func (r *room) remove(m *member, reason error) {
	delete(r.members, m.name)
	m.endsWith(reason)
	// If it was the last that may speak then the room is over, and nobody is told that it has left.
	if r.alive() {
		r.tell(left(m), nil)
	}
}

func left(m *member) *chatv1.ChatResponse {
	return &chatv1.ChatResponse{Event: &chatv1.ChatResponse_Left{Left: &chatv1.Left{Name: m.name}}}
}

// tell tells all but one, and puts out those who have fallen too far behind. Of these everybody is
// told too, which may be too much for yet another.
// ANCHOR: slow_member
func (r *room) tell(event *chatv1.ChatResponse, except *member) {
	for events := []*chatv1.ChatResponse{event}; len(events) > 0; events = events[1:] {
		// The event itself is shared, however many queues it is in.
		event, bytes := events[0], size(events[0])
		for name, member := range r.members {
			if member == except {
				continue
			}
			if member.kept+bytes <= r.rooms.backlog {
				member.keep(event)
				continue
			}
			delete(r.members, name)
			member.endsWith(status.Errorf(codes.ResourceExhausted,
				"you were put out: more than %d bytes wait to be read", r.rooms.backlog))
			events = append(events, left(member))
		}
		except = nil // who says something does not hear that, but hears who has left
	}
}

// ANCHOR_END: slow_member

// size is what an event costs while it is kept, in bytes.
func size(event *chatv1.ChatResponse) int {
	return overhead + proto.Size(event)
}

// keep adds an event to what the member is still to hear.
func (m *member) keep(event *chatv1.ChatResponse) {
	m.queue = append(m.queue, event)
	m.kept += size(event)
	m.signal()
}

// endsWith says how the member's call ends after what is kept for it.
func (m *member) endsWith(reason error) {
	m.end = reason
	m.signal()
}

func (m *member) signal() {
	select {
	case m.changed <- struct{}{}:
	default: // it has not yet seen the last one
	}
}

// next waits for what the member hears next. The error is io.EOF when the room is over, the
// context's when the call has ended before.
// ANCHOR: next
func (m *member) next(ctx context.Context) (*chatv1.ChatResponse, error) {
	for {
		if event, err := m.take(); event != nil || err != nil {
			return event, err
		}
		// A sync.Cond would do, but nothing can wait for that and for the end of a call.
		select {
		case <-m.changed:
		case <-ctx.Done():
			return nil, status.FromContextError(ctx.Err()).Err()
		}
	}
}

// ANCHOR_END: next

// take takes the first event out of the queue. It gives neither event nor error if there is none
// yet.
func (m *member) take() (*chatv1.ChatResponse, error) {
	m.room.rooms.mutex.Lock()
	defer m.room.rooms.mutex.Unlock()
	if len(m.queue) == 0 {
		return nil, m.end
	}
	event := m.queue[0]
	m.queue[0] = nil // the array behind the slice would keep it
	m.queue = m.queue[1:]
	m.kept -= size(event)
	return event, nil
}
