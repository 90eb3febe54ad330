#include "client.h"

#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <string>
#include <thread>

#include "chat/v1/chat.grpc.pb.h"
#include "common/channel.h"
#include "common/printer.h"
#include "common/text.h"
#include "terminal.h"

namespace v1 = chat::v1;

namespace {

using Stream = grpc::ClientReaderWriter<v1::ChatRequest, v1::ChatResponse>;

// How long a host that does not answer at all is waited for.
constexpr int kConnectWithinMs = 5000;

// ANCHOR: half_close
// Says join, and then every line that is typed.
void say(Stream& stream, const Arguments& args, Typed& typed) {
  v1::ChatRequest request;
  request.mutable_join()->set_room(args.room);
  request.mutable_join()->set_name(args.name);
  bool going_on = stream.Write(request);
  while (going_on) {
    auto text = typed.next();
    if (!text) break;
    request.mutable_say()->set_text(std::move(*text));
    // Waits while the server takes nothing, and with it the reading of standard input. It fails
    // when the call is over, and why is for the other half to find out.
    going_on = stream.Write(request);
  }
  // The half-close: nothing more is said, and the other half goes on.
  stream.WritesDone();
}
// ANCHOR_END: half_close

// A line for an event; an empty one for what a newer contract may know.
std::string describe(const v1::ChatResponse& response) {
  switch (response.event_case()) {
    case v1::ChatResponse::kWelcome: {
      std::string line;
      for (const std::string& name : response.welcome().members()) {
        line += (line.empty() ? "* with " : ", ") + name;
      }
      return line.empty() ? "* nobody else is here" : line;
    }
    case v1::ChatResponse::kJoined:
      return "* " + response.joined().name() + " joined";
    case v1::ChatResponse::kLeft:
      return "* " + response.left().name() + " left";
    case v1::ChatResponse::kSaid:
      return response.said().name() + ": " + response.said().text();
    case v1::ChatResponse::EVENT_NOT_SET:
      break;
  }
  return {};
}

}  // namespace

// ANCHOR: client
Outcome join(const Arguments& args) {
  // Leaving: at once, even if standard output takes nothing. The call ends with the process.
  std::signal(SIGINT, [](int) { _exit(0); });
  std::signal(SIGTERM, [](int) { _exit(0); });

  grpc::ChannelArguments options;
  options.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectWithinMs);
  const auto stub = v1::ChatService::NewStub(connect_to(args.server, options));
  grpc::ClientContext context;
  const std::unique_ptr<Stream> stream = stub->Chat(&context);
  // Whoever read the output has gone: that is leaving, too.
  Printer printer([&context] { context.TryCancel(); });

  // One thread may write while another one reads, and neither waits for the other.
  Typed typed;
  std::thread speaker([&] { say(*stream, args, typed); });
  v1::ChatResponse response;
  while (stream->Read(&response)) {
    const std::string line = describe(response);
    if (!line.empty()) printer.print(plain(line));
  }
  // The call is over. A Write that waits fails by itself, and what waits for a line is told.
  typed.stop();
  speaker.join();
  const grpc::Status status = stream->Finish();

  const Outcome printed = printer.finish();
  if (!printed || printer.is_broken() || status.ok()) return printed;
  return std::unexpected(explain(args.server, status));
}
// ANCHOR_END: client
