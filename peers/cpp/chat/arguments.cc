#include "arguments.h"

#include "common/text.h"

const char* const kUsage =
    R"(Rooms in which people talk, over gRPC.

Usage:
  chat serve [--listen ADDRESS] [--backlog SIZE]
  chat join ROOM --name NAME [--server URL]

Each line that you type is said to the room. At the end of input (Ctrl-D) you go on hearing until
nobody is left who may speak. Ctrl-C leaves at once.

  --listen ADDRESS   where to listen; port 0 takes any free port (127.0.0.1:50051)
  --backlog SIZE     how much is kept for a member that does not read, before it is put out:
                     a number of bytes, or such as 512KiB, from 128KiB to 1GiB (16MiB)
  --name NAME        what others know you by
  --server URL       the server to ask (http://127.0.0.1:50051)

Exit codes: 0 well, 1 the server could not run or the output could not be written,
            2 wrong arguments, 64 + N a call that ended with gRPC status code N
)";

namespace {

// Room for one text of the largest size, and a second one that comes while it is written.
constexpr std::uint64_t kLeastBacklog = 128 << 10;
constexpr std::uint64_t kMostBacklog = 1 << 30;

}  // namespace

Arguments parse(const std::vector<std::string>& words) {
  Arguments args;
  if (words.empty()) throw UsageError("say what to do: serve or join");
  args.command = words.front();
  if (args.command == "help" || args.command == "--help" || args.command == "-h") {
    args.help = true;
    return args;
  }
  const bool serving = args.command == "serve";
  if (!serving && args.command != "join") {
    throw UsageError("there is no command \"" + plain(args.command) + "\": say serve or join");
  }

  const Options options =
      serving ? Options{{"--listen", address(args.listen)}, {"--backlog", size(args.backlog)}}
              : Options{{"--name", text(args.name)}, {"--server", server(args.server)}};
  const auto [operands, help] = read_words(args.command, options, {words.begin() + 1, words.end()});
  args.help = help;
  if (help) return args;
  if (operands.size() > (serving ? 0 : 1)) {
    throw UsageError(args.command + " takes no \"" + plain(operands.back()) + "\"");
  }
  if (serving) {
    if (args.backlog < kLeastBacklog || args.backlog > kMostBacklog) {
      throw UsageError("--backlog must be from 128KiB to 1GiB");
    }
    return args;
  }
  if (operands.empty()) throw UsageError("which room? Give its name after join");
  if (args.name.empty()) throw UsageError("who are you? Give --name NAME");
  args.room = operands[0];
  if (!is_utf8(args.room)) {
    throw UsageError("\"" + plain(args.room) + "\" is no room's name, since it is not UTF-8");
  }
  return args;
}
