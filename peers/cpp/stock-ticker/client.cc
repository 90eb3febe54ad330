#include "client.h"

#include <grpcpp/grpcpp.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <memory>

#include "common/channel.h"
#include "common/printer.h"
#include "ticker/v1/ticker.grpc.pb.h"

namespace v1 = ticker::v1;

namespace {

// A tick's sequence number, the price in dollars, the number of shares.
std::string describe(const v1::Tick& tick) {
  const bool negative = tick.price_cents() < 0;
  // The smallest number has no positive counterpart, unless it is unsigned.
  auto cents = static_cast<std::uint64_t>(tick.price_cents());
  if (negative) cents = 0 - cents;
  std::array<char, 3> rest{};
  std::snprintf(rest.data(), rest.size(), "%02u", static_cast<unsigned>(cents % 100));
  return std::to_string(tick.sequence()) + (negative ? " -" : " ") + std::to_string(cents / 100) +
         '.' + rest.data() + ' ' + std::to_string(tick.shares());
}

// What is missing in a reply is the server's mistake.
const grpc::Status kNoTick(grpc::StatusCode::INTERNAL, "the server sent a reply without a tick");

grpc::Status print_quote(v1::TickerService::Stub& stub, grpc::ClientContext& context,
                         const Arguments& args, Printer& printer) {
  v1::GetQuoteRequest request;
  request.set_symbol(args.symbol);
  v1::GetQuoteResponse response;
  const grpc::Status status = stub.GetQuote(&context, request, &response);
  if (!status.ok()) return status;
  if (!response.has_tick()) return kNoTick;
  printer.print(describe(response.tick()));
  return status;
}

// ANCHOR: read
grpc::Status print_replay(v1::TickerService::Stub& stub, grpc::ClientContext& context,
                          const Arguments& args, Printer& printer) {
  v1::ReplayRequest request;
  request.set_symbol(args.symbol);
  request.set_limit(args.limit);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(args.interval);
  request.mutable_interval()->set_seconds(seconds.count());
  request.mutable_interval()->set_nanos(
      static_cast<std::int32_t>((args.interval - seconds).count()));

  const auto replies = stub.Replay(&context, request);
  v1::ReplayResponse reply;
  while (replies->Read(&reply)) {
    if (!reply.has_tick()) {
      context.TryCancel();
      replies->Finish();
      return kNoTick;
    }
    printer.print(describe(reply.tick()));
  }
  // Read says only that there are no more. Whether these were all, the status says.
  return replies->Finish();
}
// ANCHOR_END: read

grpc::Status print_watch(v1::TickerService::Stub& stub, grpc::ClientContext& context,
                         const Arguments& args, Printer& printer) {
  v1::WatchRequest request;
  request.set_symbol(args.symbol);
  const auto replies = stub.Watch(&context, request);
  v1::WatchResponse reply;
  while (replies->Read(&reply)) {
    switch (reply.event_case()) {
      case v1::WatchResponse::kTick:
        printer.print(describe(reply.tick()));
        break;
      case v1::WatchResponse::kMissed:
        printer.print("missed " + std::to_string(reply.missed()));
        break;
      case v1::WatchResponse::EVENT_NOT_SET:
        break;  // of a kind that is newer than this program
    }
  }
  return replies->Finish();
}

}  // namespace

// ANCHOR: ask
Outcome ask(const Arguments& args) {
  const auto stub = v1::TickerService::NewStub(connect_to(args.server));
  // Of the whole stream, to its last reply. It goes along as grpc-timeout.
  const Deadline deadline = args.timeout == kForever ? kNoDeadline : deadline_in(args.timeout);
  grpc::ClientContext context;
  context.set_deadline(deadline);
  // Whoever read the output has seen enough: then nobody wants the rest of the stream.
  Printer printer([&context] { context.TryCancel(); });

  const auto print = args.command == "quote"    ? print_quote
                     : args.command == "replay" ? print_replay
                                                : print_watch;
  const grpc::Status status = print(*stub, context, args, printer);
  const Outcome printed = printer.finish();
  if (!printed || printer.is_broken()) return printed;
  if (status.ok()) return {};
  // Whichever side has noticed first, and whatever code the call ended with.
  if (args.command == "watch" && std::chrono::system_clock::now() >= deadline) return {};
  return std::unexpected(explain(args.server, status, deadline));
}
// ANCHOR_END: ask
