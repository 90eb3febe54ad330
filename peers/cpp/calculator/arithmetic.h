// Exact arithmetic on 64 bits, or the status that says why there is no result.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <expected>

#include "calculator/v1/calculator.pb.h"

std::expected<std::int64_t, grpc::Status> work_out(calculator::v1::Operator op, std::int64_t a,
                                                   std::int64_t b);
