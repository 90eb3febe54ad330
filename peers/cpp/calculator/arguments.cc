#include "arguments.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "common/text.h"

const char* const kUsage =
    R"(Integer arithmetic over gRPC.

Usage:
  calculator serve [--listen ADDRESS]
  calculator add|subtract|multiply|divide NUMBER NUMBER… [--server URL] [--timeout SECONDS]

  --listen ADDRESS   where to listen; port 0 takes any free port (127.0.0.1:50051)
  --server URL       the server to ask (http://127.0.0.1:50051)
  --timeout SECONDS  how long the whole calculation may take (5)

Exit codes: 0 well, 1 the server could not run, 2 wrong arguments,
            64 + N a call that ended with gRPC status code N
)";

namespace {

Options options_of(Arguments& args) {
  if (args.command == "serve") return {{"--listen", address(args.listen)}};
  return {{"--server", server(args.server)}, {"--timeout", seconds(args.timeout, 1e9)}};
}

}  // namespace

Arguments parse(const std::vector<std::string>& words) {
  constexpr std::array<std::string_view, 5> kCommands = {"serve", "add", "subtract", "multiply",
                                                         "divide"};
  Arguments args;
  if (words.empty()) {
    throw UsageError("say what to do: serve, add, subtract, multiply or divide");
  }
  args.command = words.front();
  if (args.command == "help" || args.command == "--help" || args.command == "-h") {
    args.help = true;
    return args;
  }
  if (std::ranges::find(kCommands, args.command) == kCommands.end()) {
    throw UsageError("there is no command \"" + plain(args.command) +
                     "\": say serve, add, subtract, multiply or divide");
  }

  const auto [operands, help] =
      read_words(args.command, options_of(args), {words.begin() + 1, words.end()});
  args.help = help;
  if (help) return args;
  if (args.command == "serve") {
    if (!operands.empty()) throw UsageError("serve takes no \"" + plain(operands[0]) + "\"");
    return args;
  }
  for (const std::string& word : operands) {
    const auto value = whole_number<std::int64_t>(word);
    if (!value) {
      throw UsageError("\"" + plain(word) + "\" is not a whole number of 64 bits");
    }
    args.numbers.push_back(*value);
  }
  if (args.numbers.size() < 2) {
    throw UsageError(args.command + " needs two whole numbers or more");
  }
  return args;
}
