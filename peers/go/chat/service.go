package main

import (
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	chatv1 "course.example/peers/gen/chat/v1"
	"course.example/peers/internal/cli"
)

// The contract's, in bytes.
const (
	longestName = 64
	longestText = 65_536
)

type chat struct {
	chatv1.UnimplementedChatServiceServer
	rooms *rooms
}

type chatStream = grpc.BidiStreamingServer[chatv1.ChatRequest, chatv1.ChatResponse]

// Chat is one membership. Its two halves are two goroutines: this one sends, another one receives.
//
// They are this way round because the call ends when this function returns, and only that
// interrupts a Recv. A member that was put out may keep its own half open for ever.
// ANCHOR: halves
func (c *chat) Chat(stream chatStream) error {
	join, err := receiveJoin(stream)
	if err != nil {
		return err
	}
	member, err := c.rooms.join(join.GetRoom(), join.GetName())
	if err != nil {
		return err
	}
	// However the call ends: after the last event, by a cancel, or with the connection.
	defer member.leave(nil)
	// It ends on its own, or when this function has returned: its Recv then fails.
	go listen(stream, member)

	for {
		event, err := member.next(stream.Context())
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		// Send waits while the caller does not read. Nobody waits for it: the room has put the
		// event into this member's queue, and gone on.
		if err := stream.Send(event); err != nil {
			return err
		}
	}
}

// ANCHOR_END: halves

// receiveJoin receives the first message, which must be a valid join.
func receiveJoin(stream chatStream) (*chatv1.Join, error) {
	first, err := stream.Recv()
	if err != nil && err != io.EOF {
		return nil, err
	}
	join := first.GetJoin()
	if join == nil {
		return nil, status.Error(codes.InvalidArgument, "the first message must be join")
	}
	if err := check("the room's name", join.GetRoom(), longestName); err != nil {
		return nil, err
	}
	return join, check("your name", join.GetName(), longestName)
}

// listen receives what a member says, until it says no more, breaks the contract or is gone.
// ANCHOR: listen
func listen(stream chatStream, member *member) {
	// The interceptor that recovers from a panic watches over the handler's goroutine alone. Here
	// a panic would end the process.
	defer func() {
		if reason := recover(); reason != nil {
			member.leave(cli.Panicked(reason))
		}
	}()
	for {
		request, err := stream.Recv()
		// Only a caller that ends its stream is io.EOF: half-close. One that cancels is an error.
		if err == io.EOF {
			member.fallSilent()
			return
		}
		if err == nil {
			err = checkSay(request)
		}
		if err != nil {
			member.leave(err)
			return
		}
		if !member.say(request.GetSay().GetText()) {
			// Put out, or the room is over. What else is said goes nowhere.
			return
		}
	}
}

// ANCHOR_END: listen

func checkSay(request *chatv1.ChatRequest) error {
	if request.GetSay() == nil {
		return status.Error(codes.InvalidArgument, "after join there is only say")
	}
	return check("the text", request.GetSay().GetText(), longestText)
}

func check(what, text string, longest int) error {
	switch {
	case text == "":
		return status.Errorf(codes.InvalidArgument, "%s is empty", what)
	case len(text) > longest:
		return status.Errorf(codes.InvalidArgument, "%s has %d bytes, and %d are allowed", what, len(text), longest)
	}
	return nil
}
