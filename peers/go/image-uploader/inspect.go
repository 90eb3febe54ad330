package main

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	imagev1 "course.example/peers/gen/image/v1"
)

// inspect lets a test see the disk, and do to it what happens to disks.
type inspect struct {
	imagev1.UnimplementedInspectServiceServer
	disk *disk
}

func (i *inspect) PullThePlug(context.Context, *imagev1.PullThePlugRequest) (*imagev1.PullThePlugResponse, error) {
	if err := i.disk.pullThePlug(); err != nil {
		return nil, status.Errorf(codes.Internal, "the plug stays in: %v", err)
	}
	return &imagev1.PullThePlugResponse{}, nil
}

func (i *inspect) FailWrites(_ context.Context, request *imagev1.FailWritesRequest) (*imagev1.FailWritesResponse, error) {
	i.disk.failWrites(request.GetFail())
	return &imagev1.FailWritesResponse{}, nil
}

func (i *inspect) HoldSyncs(_ context.Context, request *imagev1.HoldSyncsRequest) (*imagev1.HoldSyncsResponse, error) {
	i.disk.holdSyncs(request.GetHold())
	return &imagev1.HoldSyncsResponse{}, nil
}

func (i *inspect) CountWrites(context.Context, *imagev1.CountWritesRequest) (*imagev1.CountWritesResponse, error) {
	counts := i.disk.count()
	return &imagev1.CountWritesResponse{
		Bytes:       counts.bytes,
		Temporaries: counts.temporaries,
		HeldSyncs:   counts.heldSyncs,
	}, nil
}
