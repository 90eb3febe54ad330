#include "service.h"

#include "call.h"

namespace v1 = chat::v1;

// ANCHOR: chat
grpc::ServerBidiReactor<v1::ChatRequest, v1::ChatResponse>* ChatService::Chat(
    grpc::CallbackServerContext*) {
  return Call::begin(rooms_);
}
// ANCHOR_END: chat
