// The calculator: `calculator serve` answers calls, `calculator add 2 3` makes them.
//
// It is the program of solutions/calculator in C++: the same command line, the same output, the
// same exit codes, and the same tests pass. What the server answers is in service.cc and
// evaluation.cc, what the client asks is in client.cc.

#include <iostream>

#include "arguments.h"
#include "client.h"
#include "common/program.h"
#include "common/server.h"
#include "constants.h"
#include "inspect.h"
#include "service.h"

namespace {

Outcome serve(const Arguments& args) {
  block_signals();
  Constants constants;
  Calculator calculator(constants);
  Inspect inspect(constants);
  grpc::ServerBuilder builder;
  builder.RegisterService(&calculator);
  builder.RegisterService(&inspect);
  return ::serve(args.listen, builder);
}

Outcome run(const std::vector<std::string>& words) {
  const Arguments args = parse(words);
  if (args.help) {
    std::cout << kUsage;
    return {};
  }
  if (args.command == "serve") return serve(args);
  const auto result = calculate(args);
  if (!result) return std::unexpected(result.error());
  std::cout << *result << '\n';
  return {};
}

}  // namespace

int main(int argc, char** argv) { return run_program("calculator", argc, argv, run); }
