// The calculator: `calculator serve` answers calls, `calculator add 2 3` makes them.
//
// It is the program of solutions/calculator in C++: the same command line, the same output, the
// same exit codes, and the same tests pass. What the server answers is in service.cc and
// evaluation.cc, what the client asks is in client.cc.

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "arguments.h"
#include "client.h"
#include "server.h"

int main(int argc, char** argv) {
  // gRPC would write to standard error as well, lines that are for its own developers.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);

  Arguments args;
  try {
    args = parse(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const UsageError& error) {
    std::cerr << "calculator: " << error.what() << " (see calculator --help)\n";
    return 2;
  }
  if (args.help) {
    std::cout << kUsage;
    return 0;
  }

  if (args.command == "serve") {
    block_signals();
    if (serve(args.listen)) return 0;
    std::cerr << "calculator: cannot serve on " << args.listen
              << ": it is in use, or not an address of this machine\n";
    return 1;
  }

  const auto result = calculate(args);
  if (!result) {
    std::cerr << "calculator: " << result.error().sentence << '\n';
    return result.error().exit_code;
  }
  std::cout << *result << '\n';
  return 0;
}
