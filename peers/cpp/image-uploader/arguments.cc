#include "arguments.h"

#include <filesystem>

#include "common/text.h"

const char* const kUsage =
    R"(An image store over gRPC.

Usage:
  image-uploader serve --store DIR [--listen ADDRESS] [--quota SIZE]
  image-uploader put FILE [--name NAME] [--server URL] [--timeout SECONDS] [--progress]
  image-uploader info NAME [--server URL] [--timeout SECONDS]

  --listen ADDRESS   where to listen; port 0 takes any free port (127.0.0.1:50051)
  --store DIR        the folder of the images; it is made if it is not there
  --quota SIZE       the largest image that is taken, such as 100KiB or 1GiB (64MiB)
  --name NAME        what to store the file as (its own name)
  --server URL       the server to ask (http://127.0.0.1:50051)
  --timeout SECONDS  how long the whole call may take (60)
  --progress         show progress even where standard error is no terminal

Exit codes: 0 well, 1 the server could not run, 2 wrong arguments,
            3 the file could not be read, or changed while it was,
            64 + N a call that ended with gRPC status code N
)";

namespace {

Options options_of(Arguments& args) {
  if (args.command == "serve") {
    return {{"--listen", address(args.listen)},
            {"--store", path(args.store)},
            {"--quota", size(args.quota)}};
  }
  constexpr double kDay = 24.0 * 60 * 60;
  Options options = {{"--server", server(args.server)}, {"--timeout", seconds(args.timeout, kDay)}};
  if (args.command == "put") {
    options["--name"] = text(args.name);
    options["--progress"] = flag(args.progress);
  }
  return options;
}

}  // namespace

Arguments parse(const std::vector<std::string>& words) {
  Arguments args;
  if (words.empty()) throw UsageError("say what to do: serve, put or info");
  args.command = words.front();
  if (args.command == "help" || args.command == "--help" || args.command == "-h") {
    args.help = true;
    return args;
  }
  if (args.command != "serve" && args.command != "put" && args.command != "info") {
    throw UsageError("there is no command \"" + plain(args.command) + "\": say serve, put or info");
  }

  const auto [operands, help] =
      read_words(args.command, options_of(args), {words.begin() + 1, words.end()});
  args.help = help;
  if (help) return args;
  const bool serving = args.command == "serve";
  if (operands.size() > (serving ? 0 : 1)) {
    throw UsageError(args.command + " takes no \"" + plain(operands.back()) + "\"");
  }
  if (serving) {
    if (args.store.empty()) throw UsageError("say where the images are to be kept: --store DIR");
    return args;
  }
  if (operands.empty()) {
    throw UsageError(args.command == "put" ? "give a file to upload" : "give the name of an image");
  }
  if (args.command == "put") {
    args.file = operands[0];
    if (args.name.empty()) args.name = std::filesystem::path(args.file).filename();
  } else {
    args.name = operands[0];
  }
  if (args.name.empty() || !is_utf8(args.name)) {
    throw UsageError("\"" + plain(operands[0]) + "\" gives no name for an image");
  }
  return args;
}
