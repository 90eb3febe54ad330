// What the client asks, and what it says when a call fails.
#pragma once

#include <cstdint>
#include <expected>

#include "arguments.h"
#include "common/failure.h"

std::expected<std::int64_t, Failure> calculate(const Arguments& args);
