// The chat: `chat serve` holds rooms, `chat join ROOM --name NAME` talks in one.
//
// It is the program of solutions/chat in C++: the same command line, the same output, the same exit
// codes, and the same tests pass. What a room is stands in room.cc, what becomes of a call in
// call.cc, and what the client does in client.cc and terminal.cc.

#include <iostream>

#include "arguments.h"
#include "client.h"
#include "common/program.h"
#include "common/server.h"
#include "inspect.h"
#include "service.h"

namespace {

// How often a connection is asked for a sign of life. A machine that loses its power, or its
// network, sends nothing that would end its calls.
constexpr int kPingEveryMs = 20'000;

Outcome serve(const Arguments& args) {
  block_signals();
  ChatService chat(args.backlog);
  Inspect inspect;
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kPingEveryMs);
  builder.RegisterService(&chat);
  builder.RegisterService(&inspect);
  return ::serve(args.listen, builder);
}

Outcome run(const std::vector<std::string>& words) {
  const Arguments args = parse(words);
  if (args.help) {
    std::cout << kUsage;
    return {};
  }
  return args.command == "serve" ? serve(args) : join(args);
}

}  // namespace

int main(int argc, char** argv) { return run_program("chat", argc, argv, run); }
