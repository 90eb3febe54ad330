package main

import (
	"context"
	"errors"
	"io"
	"io/fs"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	imagev1 "course.example/peers/gen/image/v1"
)

// images answers ImageService. Every call has a goroutine of its own, and one that waits for the
// disk keeps nobody else waiting: the runtime takes another thread for the others.
type images struct {
	imagev1.UnimplementedImageServiceServer

	disk  *disk
	quota uint64 // the largest image that is taken, in bytes
}

// ANCHOR: upload
func (i *images) Upload(
	stream grpc.ClientStreamingServer[imagev1.UploadRequest, imagev1.UploadResponse],
) error {
	first, err := stream.Recv()
	if err != nil && err != io.EOF {
		return err
	}
	begin := first.GetBegin()
	if begin == nil {
		return status.Error(codes.InvalidArgument, "the first message is not begin")
	}
	if begin.GetSize() > i.quota {
		return status.Errorf(codes.ResourceExhausted,
			"the image has %d bytes, and the server takes %d at most", begin.GetSize(), i.quota)
	}
	upload, err := beginUpload(i.disk, begin)
	if err != nil {
		return err
	}
	// On every way out: an error, a panic, or a caller who has gone. Nothing else removes the file.
	defer upload.discard()

	commit, err := receiveContent(stream, upload)
	if err != nil {
		return err
	}
	// From here on the image may be stored even if the caller goes: the disk is not interrupted.
	if err := upload.commit(commit); err != nil {
		return err
	}
	return stream.SendAndClose(&imagev1.UploadResponse{Size: upload.size, Sha256: commit.GetSha256()})
}

// ANCHOR_END: upload

// receiveContent writes chunk after chunk. It gives the commit when that was the last message.
// ANCHOR: read_loop
func receiveContent(
	stream grpc.ClientStreamingServer[imagev1.UploadRequest, imagev1.UploadResponse], upload *upload,
) (*imagev1.Commit, error) {
	var commit *imagev1.Commit
	for {
		request, err := stream.Recv()
		switch {
		case err == io.EOF && commit != nil:
			return commit, nil
		case err == io.EOF:
			return nil, status.Error(codes.InvalidArgument, "the stream ended without commit")
		case err != nil:
			// A caller who cancels, or is cut off, is this error and never io.EOF. It is a status.
			return nil, err
		case commit != nil:
			return nil, status.Error(codes.InvalidArgument, "a message came after commit")
		}

		switch part := request.GetPart().(type) {
		case *imagev1.UploadRequest_Chunk:
			if err := upload.chunk(part.Chunk); err != nil {
				return nil, err
			}
		case *imagev1.UploadRequest_Commit:
			commit = part.Commit
		case *imagev1.UploadRequest_Begin:
			return nil, status.Error(codes.InvalidArgument, "begin has come a second time")
		default:
			// As from a newer client, which may have sent what this server does not know.
			return nil, status.Error(codes.InvalidArgument, "a message is neither begin, nor chunk, nor commit")
		}
	}
}

// ANCHOR_END: read_loop

func (i *images) GetImageInfo(
	_ context.Context, request *imagev1.GetImageInfoRequest,
) (*imagev1.GetImageInfoResponse, error) {
	if err := checkName(request.GetName()); err != nil {
		return nil, err
	}
	stored, err := i.disk.image(request.GetName())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, status.Errorf(codes.NotFound, "there is no image %q", request.GetName())
	}
	if err != nil {
		return nil, diskFailed(err)
	}
	return &imagev1.GetImageInfoResponse{Size: stored.size, Sha256: stored.sha256[:]}, nil
}
