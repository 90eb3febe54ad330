// A program from its first word to its exit code.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "common/failure.h"

// What has come of a program: nothing to say, or why it failed.
using Outcome = std::expected<void, Failure>;

// Runs a program, says on one line why it ended if it did not end well, and gives its exit code:
// 2 for a UsageError, 1 for any other exception.
int run_program(const std::string& name, int argc, char** argv,
                const std::function<Outcome(const std::vector<std::string>& words)>& body);
