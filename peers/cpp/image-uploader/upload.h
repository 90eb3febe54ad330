// One upload, from its first message to its last, on the disk.
//
// Each function blocks its thread while the disk works. On which thread that is, is for service.cc
// to decide. What the caller has done wrong is thrown as a Refused.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <exception>
#include <string>
#include <utility>

#include "disk.h"
#include "image/v1/image.pb.h"
#include "sha256.h"

// A status that ends the call.
class Refused : public std::exception {
 public:
  Refused(grpc::StatusCode code, const std::string& message) : status_(code, message) {}
  const grpc::Status& status() const { return status_; }

 private:
  grpc::Status status_;
};

class Upload {
 public:
  // Takes the first message.
  Upload(Disk& disk, std::uint64_t quota, const image::v1::Begin& begin);

  // Takes the next piece of the content.
  void chunk(const image::v1::Chunk& chunk);

  // Takes the last message, checks it, and answers what is to be stored.
  Image commit(const image::v1::Commit& commit);

  // Stores the image, once the stream has ended after commit.
  void publish();

 private:
  const std::string name_;
  // How many bytes there will be, as the sender says: nothing is allocated on its word.
  const std::uint64_t size_;
  std::uint64_t received_ = 0;  // how many there are
  Sha256 sha256_;               // of those
  Temporary temporary_;
};

// Throws Refused if no image may have this name. It becomes part of a path, so whatever is not
// known to be harmless is refused.
const std::string& checked_name(const std::string& name);

// What a caller is told of whatever was thrown here.
grpc::Status status_of(const std::exception& error);
