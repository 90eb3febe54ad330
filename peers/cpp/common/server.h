// The server: binds the port, says where it listens, stops at Ctrl-C or SIGTERM.
#pragma once

#include <grpcpp/grpcpp.h>

#include <string>

#include "common/program.h"

// Serves what the builder has. Wants block_signals() to have been called. It leaves three seconds
// after the signal at the latest: with the whole process, if a call cannot be ended.
Outcome serve(const std::string& listen, grpc::ServerBuilder& builder);

// Blocks SIGINT and SIGTERM on this thread and on every one that it starts from now on, so that
// serve() can wait for them. Called before gRPC has started any thread.
void block_signals();
