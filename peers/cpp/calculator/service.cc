#include "service.h"

#include "arithmetic.h"
#include "evaluation.h"

namespace v1 = calculator::v1;

namespace {

// ANCHOR: answer
// Both messages live in the call's arena or on gRPC's side of it: neither is ours to free.
template <typename Request, typename Response>
grpc::ServerUnaryReactor* answer(grpc::CallbackServerContext* context, v1::Operator op,
                                 const Request& request, Response& response) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const auto result = work_out(op, request.a(), request.b());
  if (result) response.set_result(*result);
  reactor->Finish(result ? grpc::Status::OK : result.error());
  return reactor;
}
// ANCHOR_END: answer

}  // namespace

// ANCHOR: add
grpc::ServerUnaryReactor* Calculator::Add(grpc::CallbackServerContext* context,
                                          const v1::AddRequest* request,
                                          v1::AddResponse* response) {
  return answer(context, v1::OPERATOR_ADD, *request, *response);
}
// ANCHOR_END: add

grpc::ServerUnaryReactor* Calculator::Subtract(grpc::CallbackServerContext* context,
                                               const v1::SubtractRequest* request,
                                               v1::SubtractResponse* response) {
  return answer(context, v1::OPERATOR_SUBTRACT, *request, *response);
}

grpc::ServerUnaryReactor* Calculator::Multiply(grpc::CallbackServerContext* context,
                                               const v1::MultiplyRequest* request,
                                               v1::MultiplyResponse* response) {
  return answer(context, v1::OPERATOR_MULTIPLY, *request, *response);
}

grpc::ServerUnaryReactor* Calculator::Divide(grpc::CallbackServerContext* context,
                                             const v1::DivideRequest* request,
                                             v1::DivideResponse* response) {
  return answer(context, v1::OPERATOR_DIVIDE, *request, *response);
}

grpc::ServerUnaryReactor* Calculator::Evaluate(grpc::CallbackServerContext*,
                                               const v1::EvaluateRequest* request,
                                               v1::EvaluateResponse* response) {
  return Evaluation::begin(*this, *request, *response);
}

// ANCHOR: shared_state
std::optional<std::int64_t> Calculator::remembered(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(name);
  if (found == known_.end()) return std::nullopt;
  return found->second;
}

void Calculator::remember(const std::string& name, std::int64_t value) {
  const std::lock_guard lock(mutex_);
  known_.emplace(name, value);
}
// ANCHOR_END: shared_state
