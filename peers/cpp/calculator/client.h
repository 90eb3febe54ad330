// What the client asks, and what it says when a call fails.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "arguments.h"

struct Failure {
  int exit_code;         // 64 plus the number of the status code
  std::string sentence;  // one line
};

std::expected<std::int64_t, Failure> calculate(const Arguments& args);
