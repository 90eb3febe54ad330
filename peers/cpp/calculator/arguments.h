// The command line.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "common/options.h"

extern const char* const kUsage;

struct Arguments {
  std::string command;
  std::string listen = kDefaultAddress;
  std::vector<std::int64_t> numbers;
  std::string server = kDefaultServer;
  std::chrono::nanoseconds timeout = std::chrono::seconds(5);
  bool help = false;
};

Arguments parse(const std::vector<std::string>& words);
