#include "client.h"

#include <grpcpp/grpcpp.h>

#include <chrono>

#include "calculator/v1/calculator.grpc.pb.h"

namespace v1 = calculator::v1;

namespace {

// ANCHOR: call
template <typename Request, typename Response>
grpc::Status call(v1::CalculatorService::Stub& stub,
                  grpc::Status (v1::CalculatorService::Stub::*method)(grpc::ClientContext*,
                                                                      const Request&, Response*),
                  Deadline deadline, std::int64_t a, std::int64_t b, std::int64_t& result) {
  Request request;
  request.set_a(a);
  request.set_b(b);
  Response response;
  // A context is of one call and must not be used for a second one.
  grpc::ClientContext context;
  context.set_deadline(deadline);
  const grpc::Status status = (stub.*method)(&context, request, &response);
  result = response.result();
  return status;
}
// ANCHOR_END: call

grpc::Status call(v1::CalculatorService::Stub& stub, const std::string& op, Deadline deadline,
                  std::int64_t a, std::int64_t b, std::int64_t& result) {
  using Stub = v1::CalculatorService::Stub;
  if (op == "add") return call(stub, &Stub::Add, deadline, a, b, result);
  if (op == "subtract") return call(stub, &Stub::Subtract, deadline, a, b, result);
  if (op == "multiply") return call(stub, &Stub::Multiply, deadline, a, b, result);
  return call(stub, &Stub::Divide, deadline, a, b, result);
}

}  // namespace

// ANCHOR: client
std::expected<std::int64_t, Failure> calculate(const Arguments& args) {
  // Of the whole calculation: a deadline is a point in time, so every call takes what is left.
  const Deadline deadline =
      std::chrono::system_clock::now() +
      std::chrono::duration_cast<std::chrono::system_clock::duration>(args.timeout);

  // The channel connects at its first call. gRPC would send even this machine's own address
  // through the proxy that http_proxy names.
  grpc::ChannelArguments options;
  options.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  const auto channel = grpc::CreateCustomChannel(target_of(args.server),
                                                 grpc::InsecureChannelCredentials(), options);
  const auto stub = v1::CalculatorService::NewStub(channel);

  std::int64_t result = args.numbers.front();
  for (std::size_t i = 1; i < args.numbers.size(); ++i) {
    const grpc::Status status =
        call(*stub, args.command, deadline, result, args.numbers[i], result);
    if (status.ok()) continue;
    // The deadline went along as grpc-timeout, so the server has one of its own. Some answer it
    // with another code, tonic with CANCELLED, and may be the first to say so.
    if (std::chrono::system_clock::now() >= deadline) {
      return std::unexpected(explain(
          args.server, grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, status.error_message())));
    }
    return std::unexpected(explain(args.server, status));
  }
  return result;
}
// ANCHOR_END: client
