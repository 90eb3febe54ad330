package main

import (
	"context"
	"runtime"

	chatv1 "course.example/peers/gen/chat/v1"
)

// inspect lets a test see how many goroutines the server has.
type inspect struct {
	chatv1.UnimplementedInspectServiceServer
}

func (*inspect) CountTasks(context.Context, *chatv1.CountTasksRequest) (*chatv1.CountTasksResponse, error) {
	// All of the process: some for each connection, one for each call, and what the calls started.
	return &chatv1.CountTasksResponse{Tasks: uint64(runtime.NumGoroutine())}, nil
}
