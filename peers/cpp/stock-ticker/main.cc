// The stock ticker: `stock-ticker serve` answers calls, `stock-ticker watch AAPL` makes one.
//
// It is the program of solutions/stock-ticker in C++: the same command line, the same output, the
// same exit codes, and the same tests pass. What the server answers is in service.cc, replay.cc and
// watch.cc, what the client asks is in client.cc.

#include <iostream>

#include "arguments.h"
#include "client.h"
#include "common/program.h"
#include "common/server.h"
#include "exchange.h"
#include "inspect.h"
#include "recordings.h"
#include "service.h"

namespace {

Outcome serve(const Arguments& args) {
  block_signals();
  Recordings recordings;
  Exchange exchange;
  Ticker ticker(recordings, exchange);
  Inspect inspect(recordings, exchange);
  grpc::ServerBuilder builder;
  builder.RegisterService(&ticker);
  builder.RegisterService(&inspect);
  if (!args.still) exchange.trade_by_itself();
  return ::serve(args.listen, builder);
}

Outcome run(const std::vector<std::string>& words) {
  const Arguments args = parse(words);
  if (args.help) {
    std::cout << kUsage;
    return {};
  }
  return args.command == "serve" ? serve(args) : ask(args);
}

}  // namespace

int main(int argc, char** argv) { return run_program("stock-ticker", argc, argv, run); }
