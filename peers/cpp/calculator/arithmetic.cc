#include "arithmetic.h"

#include <limits>
#include <string>

namespace v1 = calculator::v1;

// ANCHOR: errors
std::expected<std::int64_t, grpc::Status> work_out(v1::Operator op, std::int64_t a,
                                                   std::int64_t b) {
  const auto invalid = [](std::string message) {
    return std::unexpected(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, message));
  };
  std::int64_t result = 0;
  bool overflow = false;
  char sign = '?';
  switch (op) {
    // Signed overflow is undefined behaviour in C++: it must be found before it happens.
    case v1::OPERATOR_ADD:
      sign = '+';
      overflow = __builtin_add_overflow(a, b, &result);
      break;
    case v1::OPERATOR_SUBTRACT:
      sign = '-';
      overflow = __builtin_sub_overflow(a, b, &result);
      break;
    case v1::OPERATOR_MULTIPLY:
      sign = '*';
      overflow = __builtin_mul_overflow(a, b, &result);
      break;
    case v1::OPERATOR_DIVIDE:
      // On x86-64 either of the two cases that are refused here would end the process: SIGFPE.
      if (b == 0) return invalid("cannot divide " + std::to_string(a) + " by zero");
      sign = '/';
      overflow = a == std::numeric_limits<std::int64_t>::min() && b == -1;
      if (!overflow) result = a / b;
      break;
    case v1::OPERATOR_UNSPECIFIED:
      return invalid("the operator is not set");
    default:
      // A proto3 enum is open: a newer caller's number arrives as it is.
      return invalid("operator " + std::to_string(op) + " is not known");
  }
  if (overflow) {
    return std::unexpected(grpc::Status(grpc::StatusCode::OUT_OF_RANGE,
                                        "the result of " + std::to_string(a) + ' ' + sign + ' ' +
                                            std::to_string(b) + " does not fit in 64 bits"));
  }
  return result;
}
// ANCHOR_END: errors
