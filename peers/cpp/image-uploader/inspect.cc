#include "inspect.h"

#include <exception>
#include <string>

namespace v1 = image::v1;

namespace {

grpc::ServerUnaryReactor* done(grpc::CallbackServerContext* context) {
  auto* const reactor = context->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

}  // namespace

grpc::ServerUnaryReactor* Inspect::PullThePlug(grpc::CallbackServerContext* context,
                                               const v1::PullThePlugRequest*,
                                               v1::PullThePlugResponse*) {
  try {
    disk_.pull_the_plug();
  } catch (const std::exception& error) {
    auto* const reactor = context->DefaultReactor();
    reactor->Finish(
        {grpc::StatusCode::INTERNAL, std::string("the plug stays in: ") + error.what()});
    return reactor;
  }
  return done(context);
}

grpc::ServerUnaryReactor* Inspect::FailWrites(grpc::CallbackServerContext* context,
                                              const v1::FailWritesRequest* request,
                                              v1::FailWritesResponse*) {
  disk_.fail_writes(request->fail());
  return done(context);
}

grpc::ServerUnaryReactor* Inspect::HoldSyncs(grpc::CallbackServerContext* context,
                                             const v1::HoldSyncsRequest* request,
                                             v1::HoldSyncsResponse*) {
  disk_.hold_syncs(request->hold());
  return done(context);
}

grpc::ServerUnaryReactor* Inspect::CountWrites(grpc::CallbackServerContext* context,
                                               const v1::CountWritesRequest*,
                                               v1::CountWritesResponse* response) {
  const Counts counts = disk_.counts();
  response->set_bytes(counts.bytes);
  response->set_temporaries(counts.temporaries);
  response->set_held_syncs(counts.held_syncs);
  return done(context);
}
