// What the server answers: the method of ChatService.
#pragma once

#include <cstddef>

#include "chat/v1/chat.grpc.pb.h"
#include "room.h"

class ChatService final : public chat::v1::ChatService::CallbackService {
 public:
  explicit ChatService(std::size_t backlog) : rooms_(backlog) {}

  grpc::ServerBidiReactor<chat::v1::ChatRequest, chat::v1::ChatResponse>* Chat(
      grpc::CallbackServerContext* context) override;

 private:
  Rooms rooms_;
};
