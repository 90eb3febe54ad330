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
  std::string store;
  std::uint64_t quota = 64 << 20;  // the largest image, in bytes
  std::string file;
  std::string name;  // what to store it as, or what to ask for
  std::string server = kDefaultServer;
  std::chrono::nanoseconds timeout = std::chrono::minutes(1);  // for the whole call
  bool progress = false;  // shown even where standard error is no terminal
  bool help = false;
};

Arguments parse(const std::vector<std::string>& words);
