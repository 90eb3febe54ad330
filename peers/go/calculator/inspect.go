package main

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	calculatorv1 "course.example/peers/gen/calculator/v1"
)

// inspect lets a test see and steer the constants.
type inspect struct {
	calculatorv1.UnimplementedInspectServiceServer
	constants constants
}

func (i *inspect) Hold(_ context.Context, request *calculatorv1.HoldRequest) (*calculatorv1.HoldResponse, error) {
	row, err := i.row(request.GetConstant())
	if err != nil {
		return nil, err
	}
	row.hold()
	return &calculatorv1.HoldResponse{}, nil
}

func (i *inspect) Release(_ context.Context, request *calculatorv1.ReleaseRequest) (*calculatorv1.ReleaseResponse, error) {
	row, err := i.row(request.GetConstant())
	if err != nil {
		return nil, err
	}
	row.release()
	return &calculatorv1.ReleaseResponse{}, nil
}

func (i *inspect) CountLookUps(_ context.Context, request *calculatorv1.CountLookUpsRequest) (*calculatorv1.CountLookUpsResponse, error) {
	row, err := i.row(request.GetConstant())
	if err != nil {
		return nil, err
	}
	lookUps := row.count()
	return &calculatorv1.CountLookUpsResponse{
		Waiting:   lookUps.waiting,
		Answered:  lookUps.answered,
		Abandoned: lookUps.abandoned,
	}, nil
}

func (i *inspect) row(name string) (*row, error) {
	row, found := i.constants[name]
	if !found {
		return nil, status.Errorf(codes.NotFound, "there is no constant named %q", name)
	}
	return row, nil
}
