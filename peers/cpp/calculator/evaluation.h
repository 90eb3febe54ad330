// One call of Evaluate, from its request to its status.
//
// A look-up may have to wait, and no thread of gRPC's may wait for it. So the expression is worked
// out as far as it goes; at a constant that is not known yet the look-up begins, and when that has
// ended the expression is worked out again. That happens once a constant at most.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>

#include "calculator/v1/calculator.pb.h"
#include "constants.h"
#include "service.h"

class Evaluation final : public grpc::ServerUnaryReactor,
                         public std::enable_shared_from_this<Evaluation> {
 public:
  static grpc::ServerUnaryReactor* begin(Calculator& calculator,
                                         const calculator::v1::EvaluateRequest& request,
                                         calculator::v1::EvaluateResponse& response);

 private:
  // A constant that must be looked up first.
  struct Unknown {
    std::string name;
  };
  using Value = std::expected<std::int64_t, std::variant<grpc::Status, Unknown>>;

  Evaluation(Calculator& calculator, const calculator::v1::EvaluateRequest& request,
             calculator::v1::EvaluateResponse& response);

  Value value_of(const calculator::v1::Expression& expression) const;

  // Both with mutex_ held.
  void go_on();
  void learn();

  void OnCancel() override;
  void OnDone() override;

  Calculator& calculator_;
  const calculator::v1::EvaluateRequest& request_;
  calculator::v1::EvaluateResponse& response_;

  // gRPC holds a plain pointer, and gives it back in OnDone.
  std::shared_ptr<Evaluation> self_;

  std::mutex mutex_;  // guards what follows: a release and a cancellation come on any thread
  bool cancelled_ = false;
  std::string name_;  // of what is being looked up
  std::optional<LookUp> look_up_;
};
