// Lets a test see and steer the constants.
#pragma once

#include <string>

#include "calculator/v1/inspect.grpc.pb.h"
#include "constants.h"

class Inspect final : public calculator::v1::InspectService::CallbackService {
 public:
  explicit Inspect(Constants& constants) : constants_(constants) {}

  grpc::ServerUnaryReactor* Hold(grpc::CallbackServerContext* context,
                                 const calculator::v1::HoldRequest* request,
                                 calculator::v1::HoldResponse* response) override;
  grpc::ServerUnaryReactor* Release(grpc::CallbackServerContext* context,
                                    const calculator::v1::ReleaseRequest* request,
                                    calculator::v1::ReleaseResponse* response) override;
  grpc::ServerUnaryReactor* CountLookUps(grpc::CallbackServerContext* context,
                                         const calculator::v1::CountLookUpsRequest* request,
                                         calculator::v1::CountLookUpsResponse* response) override;

 private:
  Constants& constants_;
};
