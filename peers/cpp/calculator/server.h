// The server: binds the port, says where it listens, stops at Ctrl-C or SIGTERM.
#pragma once

#include <string>

// Answers whether it could serve. Wants block_signals() to have been called.
bool serve(const std::string& listen);

// Blocks SIGINT and SIGTERM on this thread and on every one that it starts from now on, so that
// serve() can wait for them. Called before gRPC has started any thread.
void block_signals();
