// Why a program ends that does not end well.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

struct Failure {
  int exit_code;
  std::string sentence;  // one line
};

using Deadline = std::chrono::system_clock::time_point;
// For a call that has all the time in the world.
constexpr Deadline kNoDeadline = Deadline::max();

// So much time from now.
Deadline deadline_in(std::chrono::nanoseconds timeout);

// The failure of a call, or of something that a call has found out: 64 plus the number of the
// status code.
Failure call_failed(grpc::StatusCode code, std::string_view sentence);

// The failure of a call to this server that ended with this status.
Failure explain(const std::string& server, const grpc::Status& status);
// The same, of a call with a deadline: once that has passed, it is the reason.
Failure explain(const std::string& server, const grpc::Status& status, Deadline deadline);
