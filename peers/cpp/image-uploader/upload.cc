#include "upload.h"

#include <algorithm>
#include <cstddef>
#include <iostream>
#include <string_view>
#include <system_error>

namespace v1 = image::v1;

namespace {

// As the contract has them, in bytes.
constexpr std::size_t kLongestName = 100;
constexpr std::size_t kLargestChunk = 1 << 20;

[[noreturn]] void invalid(const std::string& message) {
  throw Refused(grpc::StatusCode::INVALID_ARGUMENT, message);
}

// Checked before anything is done about the upload.
const v1::Begin& checked(const v1::Begin& begin, std::uint64_t quota) {
  checked_name(begin.name());
  if (begin.size() > quota) {
    throw Refused(grpc::StatusCode::RESOURCE_EXHAUSTED,
                  "the image has " + std::to_string(begin.size()) +
                      " bytes, and the server takes " + std::to_string(quota) + " at most");
  }
  return begin;
}

}  // namespace

Upload::Upload(Disk& disk, std::uint64_t quota, const v1::Begin& begin)
    : name_(checked(begin, quota).name()), size_(begin.size()), temporary_(disk) {}

// ANCHOR: chunk
void Upload::chunk(const v1::Chunk& chunk) {
  const std::string& data = chunk.data();
  if (data.empty() || data.size() > kLargestChunk) {
    invalid("a chunk has from 1 to " + std::to_string(kLargestChunk) + " bytes, and this one " +
            std::to_string(data.size()));
  }
  if (chunk.offset() != received_) {
    invalid("the chunk begins at byte " + std::to_string(chunk.offset()) + ", and byte " +
            std::to_string(received_) + " is next");
  }
  if (data.size() > size_ - received_) {
    invalid("there are more than the " + std::to_string(size_) + " bytes that begin announced");
  }
  temporary_.write(data);
  sha256_.update(data);
  received_ += data.size();
}
// ANCHOR_END: chunk

// ANCHOR: commit
Image Upload::commit(const v1::Commit& commit) {
  if (commit.sha256().size() != Digest().size()) {
    invalid("a SHA-256 has 32 bytes, and this " + std::to_string(commit.sha256().size()));
  }
  if (received_ < size_) {
    invalid(std::to_string(received_) + " bytes have come of the " + std::to_string(size_) +
            " that begin announced");
  }
  const Digest digest = sha256_.finish();
  if (as_bytes(digest) != commit.sha256()) {
    throw Refused(grpc::StatusCode::DATA_LOSS, "what arrived has another SHA-256");
  }
  return {.size = size_, .sha256 = digest};
}

void Upload::publish() {
  // In this order: a name on a file that is not synced is a name on nothing, if the power fails
  // between the two, and the older image of that name is gone.
  temporary_.sync();
  temporary_.publish(name_);
}
// ANCHOR_END: commit

const std::string& checked_name(const std::string& name) {
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_";
  if (name.empty() || name.size() > kLongestName || name.starts_with('.') ||
      name.find_first_not_of(kAllowed) != std::string::npos) {
    // Not repeated: it is as long as its sender likes, and a status travels in a header.
    invalid("a name is 1 to " + std::to_string(kLongestName) +
            " letters, digits, dots, hyphens and underscores, and does not begin with a dot");
  }
  return name;
}

grpc::Status status_of(const std::exception& error) {
  if (const auto* const refused = dynamic_cast<const Refused*>(&error)) return refused->status();
  if (const auto* const disk = dynamic_cast<const std::system_error*>(&error)) {
    if (disk->code() == std::errc::no_space_on_device || disk->code().value() == EDQUOT) {
      return {grpc::StatusCode::RESOURCE_EXHAUSTED, "the disk is full"};
    }
  }
  // Paths and causes are for whoever runs the server.
  std::cerr << "image-uploader: a call failed: " << error.what() << std::endl;
  return {grpc::StatusCode::INTERNAL, "the disk has failed"};
}
