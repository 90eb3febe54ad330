#include "client.h"

#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <sys/stat.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <stdexcept>
#include <system_error>

#include "common/channel.h"
#include "common/text.h"
#include "image/v1/image.grpc.pb.h"
#include "progress.h"

namespace v1 = image::v1;

namespace {

// How much of the file is in one message, in bytes.
constexpr std::uint64_t kChunk = 64 * 1024;

Failure file_failed(const std::string& path, const std::exception& error) {
  const auto* const system = dynamic_cast<const std::system_error*>(&error);
  const std::string cause = system != nullptr ? system->code().message() : error.what();
  return {3, plain(path + ": " + cause)};
}

// What the server says that it has stored.
std::expected<Image, Failure> image_of(const std::string& server, std::uint64_t size,
                                       const std::string& sha256) {
  Image image{.size = size, .sha256 = {}};
  if (sha256.size() != image.sha256.size()) {
    return std::unexpected(
        call_failed(grpc::StatusCode::DATA_LOSS,
                    server + " answered a SHA-256 of " + std::to_string(sha256.size()) + " bytes"));
  }
  std::ranges::copy(sha256, image.sha256.begin());
  return image;
}

// Throws if it is no regular file.
std::uint64_t size_of(const struct stat& status) {
  if (S_ISDIR(status.st_mode)) throw std::runtime_error("it is a folder");
  if (!S_ISREG(status.st_mode)) throw std::runtime_error("it is no regular file");
  return static_cast<std::uint64_t>(status.st_size);
}

// A file to be uploaded, with the size that it has now.
struct Source {
  explicit Source(const std::string& path) : file(checked(path), O_RDONLY) {
    struct stat status{};
    if (fstat(file.descriptor(), &status) != 0) {
      throw std::system_error(errno, std::generic_category());
    }
    size = size_of(status);
  }

  // Before it is opened: opening a pipe waits for whoever writes to it.
  static const std::string& checked(const std::string& path) {
    struct stat status{};
    if (stat(path.c_str(), &status) != 0) throw std::system_error(errno, std::generic_category());
    size_of(status);
    return path;
  }

  File file;
  std::uint64_t size = 0;
};

// ANCHOR: send
// Sends begin, the file in chunks, and commit; answers the SHA-256 of what was sent, or nothing if
// the server has ended the call before that. Throws if it is the file that fails.
//
// There is a commit only if the file has, from beginning to end, the size that begin announced.
std::optional<Digest> send(grpc::ClientWriter<v1::UploadRequest>& stream, const std::string& name,
                           Source& source, Progress& progress) {
  v1::UploadRequest request;
  request.mutable_begin()->set_name(name);
  request.mutable_begin()->set_size(source.size);
  if (!stream.Write(request)) return std::nullopt;

  const auto changed = [&source](const std::string& now) {
    return std::runtime_error("it had " + std::to_string(source.size) +
                              " bytes when the upload began, and now " + now);
  };
  Sha256 sha256;
  std::uint64_t offset = 0;
  while (offset < source.size) {
    v1::Chunk& chunk = *request.mutable_chunk();
    std::string& data = *chunk.mutable_data();
    data.resize(std::min(kChunk, source.size - offset));
    data.resize(source.file.read(data.data(), data.size()));
    if (data.empty()) throw changed(std::to_string(offset));
    sha256.update(data);
    chunk.set_offset(offset);
    // Waits where the connection takes no more, so the file is not read ahead of it. After that
    // the message may be changed: gRPC has encoded it.
    if (!stream.Write(request)) return std::nullopt;
    offset += data.size();
    progress.sent(offset);
  }
  char more = 0;
  if (source.file.read(&more, 1) != 0) throw changed("more");

  const Digest digest = sha256.finish();
  request.mutable_commit()->set_sha256(as_bytes(digest));
  if (!stream.Write(request)) return std::nullopt;
  return digest;
}
// ANCHOR_END: send

// ANCHOR: client
std::expected<Image, Failure> upload(const Arguments& args, Source& source) {
  Progress progress(source.size, args.progress);
  const auto stub = v1::ImageService::NewStub(connect_to(args.server));
  const Deadline deadline = deadline_in(args.timeout);  // of the whole stream
  grpc::ClientContext context;
  context.set_deadline(deadline);
  v1::UploadResponse response;
  const auto stream = stub->Upload(&context, &response);

  std::optional<Digest> sent;
  try {
    sent = send(*stream, args.name, source, progress);
  } catch (...) {
    // Without WritesDone: the end of the stream would look as if this were all.
    context.TryCancel();
    stream->Finish();
    throw;
  }
  // The half-close, after which the server answers. If it has ended the call already, this does
  // nothing, and the status says why.
  stream->WritesDone();
  const grpc::Status status = stream->Finish();
  if (!status.ok()) return std::unexpected(explain(args.server, status, deadline));
  auto stored = image_of(args.server, response.size(), response.sha256());
  if (stored && (stored->sha256 != sent || stored->size != source.size)) {
    return std::unexpected(call_failed(grpc::StatusCode::DATA_LOSS,
                                       args.server + " has stored something else than was sent"));
  }
  return stored;
}
// ANCHOR_END: client

}  // namespace

std::expected<Image, Failure> put(const Arguments& args) {
  try {
    Source source(args.file);
    return upload(args, source);
  } catch (const std::exception& error) {
    return std::unexpected(file_failed(args.file, error));
  }
}

std::expected<Image, Failure> info(const Arguments& args) {
  const auto stub = v1::ImageService::NewStub(connect_to(args.server));
  const Deadline deadline = deadline_in(args.timeout);
  grpc::ClientContext context;
  context.set_deadline(deadline);
  v1::GetImageInfoRequest request;
  request.set_name(args.name);
  v1::GetImageInfoResponse response;
  const grpc::Status status = stub->GetImageInfo(&context, request, &response);
  if (!status.ok()) return std::unexpected(explain(args.server, status, deadline));
  return image_of(args.server, response.size(), response.sha256());
}
