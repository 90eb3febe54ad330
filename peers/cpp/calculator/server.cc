#include "server.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <csignal>
#include <iostream>
#include <memory>

#include "constants.h"
#include "inspect.h"
#include "service.h"

namespace {

// How long calls that are under way at the end may go on before the server leaves anyway.
constexpr std::chrono::seconds kFarewell(3);

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
bool serve(const std::string& listen) {
  Constants constants;
  Calculator calculator(constants);
  Inspect inspect(constants);

  int port = 0;
  grpc::ServerBuilder builder;
  // By default gRPC sets SO_REUSEPORT, and a second server on the same port is no error: the two
  // would share its connections.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddListeningPort(listen, grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&calculator);
  builder.RegisterService(&inspect);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) return false;

  // Flushed: standard output may be a pipe, and somebody waits for this line.
  std::cout << "listening on " << listen.substr(0, listen.rfind(':')) << ':' << port << std::endl;

  // A signal handler may do next to nothing, so this thread waits for the signal instead.
  const sigset_t signals = stop_signals();
  int signal = 0;
  sigwait(&signals, &signal);

  // Calls that are still open after this are cancelled.
  server->Shutdown(std::chrono::system_clock::now() + kFarewell);
  server->Wait();
  return true;
}
// ANCHOR_END: serve
