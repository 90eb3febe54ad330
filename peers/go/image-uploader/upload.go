package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"hash"
	"log"
	"regexp"
	"syscall"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	imagev1 "course.example/peers/gen/image/v1"
)

// largestChunk is the contract's, in bytes.
const largestChunk = 1 << 20

// upload is an image that has not been stored, or not yet.
type upload struct {
	name     string
	size     uint64 // as the sender says: nothing is allocated on its word
	received uint64
	sha256   hash.Hash // of what was received

	temporary *temporary
}

func beginUpload(disk *disk, begin *imagev1.Begin) (*upload, error) {
	if err := checkName(begin.GetName()); err != nil {
		return nil, err
	}
	temporary, err := disk.createTemporary()
	if err != nil {
		return nil, diskFailed(err)
	}
	return &upload{
		name:      begin.GetName(),
		size:      begin.GetSize(),
		sha256:    sha256.New(),
		temporary: temporary,
	}, nil
}

// ANCHOR: chunk
func (u *upload) chunk(chunk *imagev1.Chunk) error {
	data := chunk.GetData()
	length := uint64(len(data))
	switch {
	case length < 1 || length > largestChunk:
		return status.Errorf(codes.InvalidArgument,
			"a chunk has from 1 to %d bytes, and this one %d", largestChunk, length)
	case chunk.GetOffset() != u.received:
		return status.Errorf(codes.InvalidArgument,
			"the chunk begins at byte %d, and byte %d is next", chunk.GetOffset(), u.received)
	// Not received+length > size: a sum may wrap around, a difference that is known cannot.
	case length > u.size-u.received:
		return status.Errorf(codes.InvalidArgument,
			"there are more than the %d bytes that begin announced", u.size)
	}
	if err := u.temporary.write(data); err != nil {
		return diskFailed(err)
	}
	u.sha256.Write(data) // which never fails
	u.received += length
	return nil
}

// ANCHOR_END: chunk

// commit stores the image, if what has come is what was sent.
// ANCHOR: commit
func (u *upload) commit(commit *imagev1.Commit) error {
	switch sent := commit.GetSha256(); {
	case len(sent) != sha256.Size:
		return status.Errorf(codes.InvalidArgument, "a SHA-256 has 32 bytes, and this %d", len(sent))
	case u.received < u.size:
		return status.Errorf(codes.InvalidArgument,
			"%d bytes have come of the %d that begin announced", u.received, u.size)
	case !bytes.Equal(u.sha256.Sum(nil), sent):
		return status.Error(codes.DataLoss, "what arrived has another SHA-256")
	}
	// In this order: a name on a file that is not synced is a name on nothing, if the power fails
	// between the two, and the older image of that name is gone.
	if err := u.temporary.sync(); err != nil {
		return diskFailed(err)
	}
	if err := u.temporary.publish(u.name); err != nil {
		return diskFailed(err)
	}
	return nil
}

// ANCHOR_END: commit

// discard closes the file, and removes it unless the image was stored.
// ANCHOR: discard
func (u *upload) discard() {
	if err := u.temporary.remove(); err != nil {
		log.Printf("a temporary file is left behind: %v", err)
	}
}

// ANCHOR_END: discard

// A name becomes part of a path, so whatever is not known to be harmless is refused.
var allowed = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$`)

func checkName(name string) error {
	if allowed.MatchString(name) {
		return nil
	}
	// Not repeated: it is as long as its sender likes, and a status travels in a header.
	return status.Error(codes.InvalidArgument, "a name is 1 to 100 letters, digits, dots, hyphens "+
		"and underscores, and does not begin with a dot")
}

// diskFailed is what a caller is told of an error on the disk.
func diskFailed(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return status.Error(codes.ResourceExhausted, "the disk is full")
	}
	// Paths and causes are for whoever runs the server.
	log.Printf("the disk has failed: %v", err)
	return status.Error(codes.Internal, "the disk has failed")
}
