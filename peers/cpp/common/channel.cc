#include "common/channel.h"

#include "common/options.h"

std::shared_ptr<grpc::Channel> connect_to(const std::string& server,
                                          grpc::ChannelArguments options) {
  // gRPC would send even this machine's own address through the proxy that http_proxy names.
  options.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(target_of(server), grpc::InsecureChannelCredentials(), options);
}
