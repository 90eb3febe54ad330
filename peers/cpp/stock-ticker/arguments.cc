#include "arguments.h"

#include "common/text.h"

const char* const kUsage =
    R"(Stock prices over gRPC.

Usage:
  stock-ticker serve [--listen ADDRESS] [--still]
  stock-ticker quote SYMBOL [--server URL] [--timeout DURATION]
  stock-ticker replay SYMBOL [--limit N] [--interval DURATION] [--server URL] [--timeout DURATION]
  stock-ticker watch SYMBOL [--for DURATION] [--server URL]

  --listen ADDRESS     where to listen; port 0 takes any free port (127.0.0.1:50051)
  --still              no trade happens by itself
  --server URL         the server to ask (http://127.0.0.1:50051)
  --limit N            at most so many trades (all)
  --interval DURATION  at least so much time between two of them (none)
  --timeout DURATION   how long quote or replay may take, to the end (60s)
  --for DURATION       how long to watch (until the exchange closes, or Ctrl-C)

A DURATION is a number and a unit: 50ms, 10s, 5m. Symbols: AAPL, NEWCO, BULK; to replay: TORN,
which breaks off, MOULD, which is damaged, and FLOW, a busy day, too. A line of output is the
trade's number, the price and the shares; "missed N" stands for N trades that came too fast for this
program.

Exit codes: 0 well, 1 the server could not run or the output could not be written,
            2 wrong arguments, 64 + N a call that ended with gRPC status code N
)";

namespace {

Options options_of(Arguments& args) {
  if (args.command == "serve") {
    return {{"--listen", address(args.listen)}, {"--still", flag(args.still)}};
  }
  Options options = {{"--server", server(args.server)}};
  if (args.command == "watch") {
    options["--for"] = duration(args.timeout);
    return options;
  }
  options["--timeout"] = duration(args.timeout);
  if (args.command == "replay") {
    options["--limit"] = count(args.limit);
    options["--interval"] = duration(args.interval);
  }
  return options;
}

}  // namespace

Arguments parse(const std::vector<std::string>& words) {
  Arguments args;
  if (words.empty()) throw UsageError("say what to do: serve, quote, replay or watch");
  args.command = words.front();
  if (args.command == "help" || args.command == "--help" || args.command == "-h") {
    args.help = true;
    return args;
  }
  if (args.command == "watch") {
    args.timeout = kForever;
  } else if (args.command != "serve" && args.command != "quote" && args.command != "replay") {
    throw UsageError("there is no command \"" + plain(args.command) +
                     "\": say serve, quote, replay or watch");
  }

  const auto [operands, help] =
      read_words(args.command, options_of(args), {words.begin() + 1, words.end()});
  args.help = help;
  if (help) return args;
  if (args.command == "serve") {
    if (!operands.empty()) throw UsageError("serve takes no \"" + plain(operands[0]) + "\"");
    return args;
  }
  if (operands.empty()) throw UsageError("give a symbol, such as AAPL");
  if (operands.size() > 1) {
    throw UsageError(args.command + " takes one symbol, and \"" + plain(operands[1]) +
                     "\" is a second one");
  }
  args.symbol = operands[0];
  if (!is_utf8(args.symbol)) {
    throw UsageError("\"" + plain(args.symbol) + "\" is no symbol, since it is not UTF-8");
  }
  return args;
}
