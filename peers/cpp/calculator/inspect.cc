#include "inspect.h"

namespace v1 = calculator::v1;

namespace {

grpc::Status no_such_constant(const std::string& name) {
  return {grpc::StatusCode::NOT_FOUND, "there is no constant named \"" + name + "\""};
}

}  // namespace

grpc::ServerUnaryReactor* Inspect::Hold(grpc::CallbackServerContext* context,
                                        const v1::HoldRequest* request, v1::HoldResponse*) {
  auto* const reactor = context->DefaultReactor();
  Row* const row = constants_.row(request->constant());
  if (row != nullptr) row->hold();
  reactor->Finish(row != nullptr ? grpc::Status::OK : no_such_constant(request->constant()));
  return reactor;
}

grpc::ServerUnaryReactor* Inspect::Release(grpc::CallbackServerContext* context,
                                           const v1::ReleaseRequest* request,
                                           v1::ReleaseResponse*) {
  auto* const reactor = context->DefaultReactor();
  Row* const row = constants_.row(request->constant());
  if (row != nullptr) row->release();
  reactor->Finish(row != nullptr ? grpc::Status::OK : no_such_constant(request->constant()));
  return reactor;
}

grpc::ServerUnaryReactor* Inspect::CountLookUps(grpc::CallbackServerContext* context,
                                                const v1::CountLookUpsRequest* request,
                                                v1::CountLookUpsResponse* response) {
  auto* const reactor = context->DefaultReactor();
  const Row* const row = constants_.row(request->constant());
  if (row == nullptr) {
    reactor->Finish(no_such_constant(request->constant()));
    return reactor;
  }
  const Row::Counts counts = row->count();
  response->set_waiting(counts.waiting);
  response->set_answered(counts.answered);
  response->set_abandoned(counts.abandoned);
  reactor->Finish(grpc::Status::OK);
  return reactor;
}
