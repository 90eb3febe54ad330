package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	imagev1 "course.example/peers/gen/image/v1"
	"course.example/peers/internal/cli"
)

// chunkSize is how much of the file is in one message, in bytes.
const chunkSize = 64 << 10

// put uploads a file, and gives what the server has stored.
func put(args arguments) (image, error) {
	file, size, err := open(args.file)
	if err != nil {
		return image{}, fileFailed(args.file, err)
	}
	defer file.Close()
	connection, err := cli.Connect(args.server)
	if err != nil {
		return image{}, err
	}
	defer connection.Close()
	progress := newProgress(size, args.progress)
	defer progress.clear()

	return sendImage(args, connection, file, size, progress)
}

// sendImage uploads a file whose size is known.
// ANCHOR: client
func sendImage(
	args arguments, connection *grpc.ClientConn, file io.Reader, size uint64, progress *progress,
) (image, error) {
	// The deadline is of the whole stream. Whichever way this ends, cancel ends the call: a stream
	// that is neither read to its end nor cancelled keeps its goroutine for ever.
	ctx, cancel := context.WithTimeout(context.Background(), args.timeout)
	defer cancel()
	stream, err := imagev1.NewImageServiceClient(connection).Upload(ctx)
	if err != nil {
		return image{}, cli.Explain(ctx, &args.server, err)
	}
	digest, err := send(stream, &imagev1.Begin{Name: args.name, Size: size}, file, progress)
	unreadable, isFile := errors.AsType[*fileError](err)
	switch {
	case isFile:
		// Without CloseSend: the end of the stream would look as if this were all.
		return image{}, fileFailed(args.file, unreadable.err)
	case err != nil && err != io.EOF:
		return image{}, cli.Explain(ctx, &args.server, err)
	}
	// Send's io.EOF says that the server has ended the call, and not why: that is for the reply.
	response, err := stream.CloseAndRecv()
	if err != nil {
		return image{}, cli.Explain(ctx, &args.server, err)
	}
	if digest == nil || response.GetSize() != size || !bytes.Equal(response.GetSha256(), digest) {
		return image{}, cli.CallFailed(codes.DataLoss,
			fmt.Sprintf("%s has stored something else than was sent", &args.server))
	}
	return image{size: size, sha256: [sha256.Size]byte(digest)}, nil
}

// ANCHOR_END: client

// open opens a file, and says how many bytes it has.
func open(path string) (*os.File, uint64, error) {
	// Before it is opened: opening a pipe waits for whoever writes to it.
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, 0, err
	case info.IsDir():
		return nil, 0, errors.New("it is a folder")
	case !info.Mode().IsRegular():
		return nil, 0, errors.New("it is no regular file")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	if info, err = file.Stat(); err != nil {
		file.Close()
		return nil, 0, err
	}
	return file, uint64(info.Size()), nil
}

// fileError is what is wrong with the file, as opposed to the call.
type fileError struct{ err error }

func (f *fileError) Error() string { return f.err.Error() }

// send sends begin, the file in chunks, and commit; it gives the SHA-256 of what was sent.
//
// There is a commit only if the file has, from beginning to end, the size that begin announced.
// ANCHOR: send
func send(
	stream grpc.ClientStreamingClient[imagev1.UploadRequest, imagev1.UploadResponse],
	begin *imagev1.Begin, file io.Reader, progress *progress,
) (digest []byte, err error) {
	err = stream.Send(&imagev1.UploadRequest{Part: &imagev1.UploadRequest_Begin{Begin: begin}})
	if err != nil {
		return nil, err
	}
	size := begin.GetSize()
	hash := sha256.New()
	for offset := uint64(0); offset < size; {
		// A new one each time: a message must not be changed once it was sent, though Send has
		// returned. Statistics and retries may look at it later.
		data := make([]byte, min(chunkSize, size-offset))
		length, err := file.Read(data)
		if err != nil && err != io.EOF {
			return nil, &fileError{err}
		}
		if length == 0 {
			return nil, &fileError{fmt.Errorf("it had %d bytes when the upload began, and now %d", size, offset)}
		}
		hash.Write(data[:length])
		// Send waits where the connection takes no more, so the file is not read ahead of it.
		err = stream.Send(&imagev1.UploadRequest{Part: &imagev1.UploadRequest_Chunk{
			Chunk: &imagev1.Chunk{Offset: offset, Data: data[:length]},
		}})
		if err != nil {
			return nil, err
		}
		offset += uint64(length)
		progress.sent(offset)
	}
	if length, _ := file.Read(make([]byte, 1)); length != 0 {
		return nil, &fileError{fmt.Errorf("it had %d bytes when the upload began, and now more", size)}
	}

	digest = hash.Sum(nil)
	err = stream.Send(&imagev1.UploadRequest{Part: &imagev1.UploadRequest_Commit{
		Commit: &imagev1.Commit{Sha256: digest},
	}})
	if err != nil {
		return nil, err
	}
	return digest, nil
}

// ANCHOR_END: send

// info asks what is stored under a name.
func info(args arguments) (image, error) {
	connection, err := cli.Connect(args.server)
	if err != nil {
		return image{}, err
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), args.timeout)
	defer cancel()
	response, err := imagev1.NewImageServiceClient(connection).
		GetImageInfo(ctx, &imagev1.GetImageInfoRequest{Name: args.name})
	if err != nil {
		return image{}, cli.Explain(ctx, &args.server, err)
	}
	if length := len(response.GetSha256()); length != sha256.Size {
		return image{}, cli.CallFailed(codes.DataLoss,
			fmt.Sprintf("%s answered a SHA-256 of %d bytes", &args.server, length))
	}
	return image{size: response.GetSize(), sha256: [sha256.Size]byte(response.GetSha256())}, nil
}

// fileFailed is the failure of a file that cannot be read, or is not what it was.
func fileFailed(path string, err error) error {
	// It names the file again, and what was done to it.
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		err = pathError.Err
	}
	return &cli.Failure{ExitCode: 3, Sentence: fmt.Sprintf("%s: %v", path, err)}
}
