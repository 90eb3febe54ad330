#include "common/program.h"

#include <cstdlib>
#include <exception>
#include <iostream>

#include "common/options.h"
#include "common/text.h"

int run_program(const std::string& name, int argc, char** argv,
                const std::function<Outcome(const std::vector<std::string>& words)>& body) {
  // gRPC would write to standard error as well, lines that are for its own developers.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  try {
    const Outcome outcome = body(std::vector<std::string>(argv + 1, argv + argc));
    if (outcome) return 0;
    std::cerr << name << ": " << outcome.error().sentence << std::endl;
    return outcome.error().exit_code;
  } catch (const UsageError& error) {
    std::cerr << name << ": " << error.what() << " (see " << name << " --help)" << std::endl;
    return 2;
  } catch (const std::exception& error) {
    std::cerr << name << ": " << plain(error.what()) << std::endl;
    return 1;
  }
}
