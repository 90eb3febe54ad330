#include "common/failure.h"

#include <array>
#include <cstddef>

#include "common/text.h"

namespace {

// gRPC C++ has no names for its codes.
constexpr std::array kNames = {
    "Ok",       "Cancelled",      "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss", "Unauthenticated"};

}  // namespace

Deadline deadline_in(std::chrono::nanoseconds timeout) {
  return std::chrono::system_clock::now() +
         std::chrono::duration_cast<std::chrono::system_clock::duration>(timeout);
}

Failure call_failed(grpc::StatusCode code, std::string_view sentence) {
  auto number = static_cast<std::size_t>(code);
  // gRPC hands on any number that the server sends.
  if (number >= kNames.size()) number = grpc::StatusCode::UNKNOWN;
  return {64 + static_cast<int>(number), std::string(kNames[number]) + ": " + plain(sentence)};
}

Failure explain(const std::string& server, const grpc::Status& status) {
  const grpc::StatusCode code = status.error_code();
  if (code == grpc::StatusCode::UNAVAILABLE || code == grpc::StatusCode::DEADLINE_EXCEEDED) {
    // Most often there is no server that could have said which one it is.
    return call_failed(code, server + ": " + status.error_message());
  }
  return call_failed(code, status.error_message());
}

Failure explain(const std::string& server, const grpc::Status& status, Deadline deadline) {
  // The deadline went along as grpc-timeout, so the server has one of its own. Some answer it with
  // another code, tonic with CANCELLED, and may be the first to say so.
  if (std::chrono::system_clock::now() >= deadline) {
    return explain(server,
                   grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, status.error_message()));
  }
  return explain(server, status);
}
