package cli

import (
	"google.golang.org/grpc/experimental"
	"google.golang.org/grpc/mem"
)

// Messages of the course have texts, chunks and order books of 32 and 64 KiB. grpc-go encodes and
// decodes a message in a buffer of its pool, which has sizes for up to 32 KiB and then one of a
// mebibyte: a message of one byte more takes that, for as long as it waits to be sent. So the pool
// here has a size between them. The API is experimental, and wants to be called in init.
func init() {
	exponents := []uint8{8, 12, 14, 15, 16, 17, 20} // 2^17 is 128 KiB
	pool, err := mem.NewBinaryTieredBufferPool(exponents...)
	if err != nil {
		panic(err) // the exponents are not in order
	}
	experimental.SetDefaultBufferPool(pool)
}
