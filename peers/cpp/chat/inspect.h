// Lets a test see how many calls the server has under way.
#pragma once

#include "call.h"
#include "chat/v1/inspect.grpc.pb.h"

class Inspect final : public chat::v1::InspectService::CallbackService {
 public:
  grpc::ServerUnaryReactor* CountTasks(grpc::CallbackServerContext* context,
                                       const chat::v1::CountTasksRequest*,
                                       chat::v1::CountTasksResponse* response) override {
    auto* const reactor = context->DefaultReactor();
    // No call has a thread; what a call has is a reactor.
    response->set_tasks(Call::count());
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};
