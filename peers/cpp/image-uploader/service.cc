#include "service.h"

#include <exception>
#include <optional>
#include <string>

#include "upload.h"

namespace v1 = image::v1;

namespace {

// One call of Upload. One read is under way, or the disk works on what was read, and never both: so
// a sender is not read ahead of the disk, and nothing here needs a lock.
//
// Deletes itself when the call is done.
class Receiver final : public grpc::ServerReadReactor<v1::UploadRequest> {
 public:
  Receiver(Disk& disk, Workers& workers, std::uint64_t quota, grpc::CallbackServerContext& context,
           v1::UploadResponse& response)
      : disk_(disk), workers_(workers), quota_(quota), context_(context), response_(response) {
    StartRead(&request_);
  }

 private:
  // ANCHOR: receive
  // A message has come or, if not ok, no other will.
  void OnReadDone(bool ok) override {
    // gRPC's own threads must not wait for the disk.
    workers_.run([this, ok] {
      // No exception may pass into gRPC.
      try {
        if (!ok) return finish(end_of_stream());
        take();
        StartRead(&request_);
      } catch (const std::exception& error) {
        // At once: what else the caller sends is not read.
        finish(status_of(error));
      }
    });
  }

  void take() {
    if (stored_) refuse("a message came after commit");
    if (!upload_ && !request_.has_begin()) refuse("the first message is not begin");
    switch (request_.part_case()) {
      case v1::UploadRequest::kBegin:
        if (upload_) refuse("begin has come a second time");
        upload_.emplace(disk_, quota_, request_.begin());
        break;
      case v1::UploadRequest::kChunk:
        upload_->chunk(request_.chunk());
        break;
      case v1::UploadRequest::kCommit:
        stored_ = upload_->commit(request_.commit());
        break;
      case v1::UploadRequest::PART_NOT_SET:
        // As from a newer client, which may have sent what this server does not know.
        refuse("a message is neither begin, nor chunk, nor commit");
    }
  }
  // ANCHOR_END: receive

  // ANCHOR: end_of_stream
  // A caller that cancels, or whose connection breaks, ends the reading as one does that has sent
  // all of it. The context knows which it was. What cannot be decoded ends it, too, and nothing
  // knows that: without a commit before it, nothing is stored.
  grpc::Status end_of_stream() {
    if (context_.IsCancelled()) return grpc::Status::CANCELLED;
    if (!stored_) refuse("the stream ended without commit");
    upload_->publish();
    response_.set_size(stored_->size);
    response_.set_sha256(as_bytes(stored_->sha256));
    return grpc::Status::OK;
  }

  void finish(const grpc::Status& status) {
    // Removes the temporary file, unless it is an image now: before the caller is told.
    upload_.reset();
    Finish(status);
  }
  // ANCHOR_END: end_of_stream

  [[noreturn]] static void refuse(const std::string& message) {
    throw Refused(grpc::StatusCode::INVALID_ARGUMENT, message);
  }

  void OnDone() override { delete this; }

  Disk& disk_;
  Workers& workers_;
  const std::uint64_t quota_;
  grpc::CallbackServerContext& context_;
  v1::UploadResponse& response_;

  v1::UploadRequest request_;  // gRPC's, until OnReadDone
  std::optional<Upload> upload_;
  std::optional<Image> stored_;  // what commit announced, once it has come
};

}  // namespace

grpc::ServerReadReactor<v1::UploadRequest>* Images::Upload(grpc::CallbackServerContext* context,
                                                           v1::UploadResponse* response) {
  return new Receiver(disk_, workers_, quota_, *context, *response);
}

grpc::ServerUnaryReactor* Images::GetImageInfo(grpc::CallbackServerContext* context,
                                               const v1::GetImageInfoRequest* request,
                                               v1::GetImageInfoResponse* response) {
  auto* const reactor = context->DefaultReactor();
  // Request, response and reactor live until Finish.
  workers_.run([this, reactor, request, response] {
    try {
      const std::optional<Image> image = disk_.image(checked_name(request->name()));
      if (!image) {
        throw Refused(grpc::StatusCode::NOT_FOUND, "there is no image \"" + request->name() + "\"");
      }
      response->set_size(image->size);
      response->set_sha256(as_bytes(image->sha256));
    } catch (const std::exception& error) {
      return reactor->Finish(status_of(error));
    }
    reactor->Finish(grpc::Status::OK);
  });
  return reactor;
}
