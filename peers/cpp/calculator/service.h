// What the server answers: the methods of CalculatorService.
//
// It is the callback service: gRPC calls a method on one of its own few threads, and wants it to
// return at once. A reactor stands for the call until Finish.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "calculator/v1/calculator.grpc.pb.h"
#include "constants.h"

// ANCHOR: state
// One calculator serves every call on every connection, from any thread.
class Calculator final : public calculator::v1::CalculatorService::CallbackService {
 public:
  explicit Calculator(Constants& constants) : constants_(constants) {}

  grpc::ServerUnaryReactor* Add(grpc::CallbackServerContext* context,
                                const calculator::v1::AddRequest* request,
                                calculator::v1::AddResponse* response) override;
  // ANCHOR_END: state
  grpc::ServerUnaryReactor* Subtract(grpc::CallbackServerContext* context,
                                     const calculator::v1::SubtractRequest* request,
                                     calculator::v1::SubtractResponse* response) override;
  grpc::ServerUnaryReactor* Multiply(grpc::CallbackServerContext* context,
                                     const calculator::v1::MultiplyRequest* request,
                                     calculator::v1::MultiplyResponse* response) override;
  grpc::ServerUnaryReactor* Divide(grpc::CallbackServerContext* context,
                                   const calculator::v1::DivideRequest* request,
                                   calculator::v1::DivideResponse* response) override;
  grpc::ServerUnaryReactor* Evaluate(grpc::CallbackServerContext* context,
                                     const calculator::v1::EvaluateRequest* request,
                                     calculator::v1::EvaluateResponse* response) override;

  Constants& constants() { return constants_; }

  // The constants that were looked up before.
  std::optional<std::int64_t> remembered(const std::string& name) const;
  void remember(const std::string& name, std::int64_t value);

 private:
  Constants& constants_;
  mutable std::mutex mutex_;
  // Guarded by mutex_. Only constants that exist are remembered, so it is no larger than the table.
  std::map<std::string, std::int64_t> known_;
};
