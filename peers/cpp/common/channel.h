// A channel to a server.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

// Gives a channel that connects at its first call, so there is one place where connecting fails.
std::shared_ptr<grpc::Channel> connect_to(const std::string& server,
                                          grpc::ChannelArguments options = {});
