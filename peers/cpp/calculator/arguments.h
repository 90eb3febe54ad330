// The command line.
#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

extern const char* const kUsage;

struct Arguments {
  std::string command;
  std::string listen = "127.0.0.1:50051";
  std::vector<std::int64_t> numbers;
  std::string server = "http://127.0.0.1:50051";
  std::chrono::nanoseconds timeout = std::chrono::seconds(5);
  bool help = false;
};

// What is wrong with the command line, as a sentence.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

Arguments parse(const std::vector<std::string>& words);

// What of the URL is the target of a channel: HOST:PORT.
std::string target_of(const std::string& url);
