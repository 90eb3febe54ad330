#include "common/server.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <future>
#include <iostream>
#include <memory>
#include <thread>
#include <utility>

namespace {

// For calls that are under way at the end, to come to their own. Then they are cancelled.
constexpr std::chrono::milliseconds kFarewell(2500);
// For the handlers of those that were cancelled.
constexpr std::chrono::milliseconds kCleanUp(400);

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

void block_signals() {
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

// ANCHOR: serve
Outcome serve(const std::string& listen, grpc::ServerBuilder& builder) {
  int port = 0;
  // By default gRPC sets SO_REUSEPORT, and a second server on the same port is no error: the two
  // would share its connections.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddListeningPort(listen, grpc::InsecureServerCredentials(), &port);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    return std::unexpected(Failure{
        1, "cannot serve on " + listen + ": it is in use, or not an address of this machine"});
  }

  // Flushed: standard output may be a pipe, and somebody waits for this line.
  std::cout << "listening on " << listen.substr(0, listen.rfind(':')) << ':' << port << std::endl;

  // A signal handler may do next to nothing, so this thread waits for the signal instead.
  const sigset_t signals = stop_signals();
  int signal = 0;
  sigwait(&signals, &signal);

  // Shutdown cancels what is still open at this time, and then waits for every handler. One that
  // waits for anything else, a disk say, would keep it for as long as that takes.
  std::promise<void> stopped;
  std::thread stopping([&] {
    server->Shutdown(std::chrono::system_clock::now() + kFarewell);
    stopped.set_value();
  });
  if (stopped.get_future().wait_for(kFarewell + kCleanUp) == std::future_status::timeout) {
    // Without destructors: what they would take away is still in use.
    std::_Exit(0);
  }
  stopping.join();
  return {};
}
// ANCHOR_END: serve
