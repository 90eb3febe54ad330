#include "evaluation.h"

#include <exception>
#include <iostream>
#include <utility>

#include "arithmetic.h"

namespace v1 = calculator::v1;

grpc::ServerUnaryReactor* Evaluation::begin(Calculator& calculator,
                                            const v1::EvaluateRequest& request,
                                            v1::EvaluateResponse& response) {
  const std::shared_ptr<Evaluation> evaluation(new Evaluation(calculator, request, response));
  evaluation->self_ = evaluation;
  const std::lock_guard lock(evaluation->mutex_);
  evaluation->go_on();
  return evaluation.get();
}

Evaluation::Evaluation(Calculator& calculator, const v1::EvaluateRequest& request,
                       v1::EvaluateResponse& response)
    : calculator_(calculator), request_(request), response_(response) {}

// ANCHOR: value_of
Evaluation::Value Evaluation::value_of(const v1::Expression& expression) const {
  switch (expression.kind_case()) {
    case v1::Expression::kNumber:
      return expression.number();
    case v1::Expression::kConstant:
      if (const auto value = calculator_.remembered(expression.constant())) return *value;
      return std::unexpected(Unknown{expression.constant()});
    case v1::Expression::kOperation: {
      const v1::Operation& operation = expression.operation();
      const Value left = value_of(operation.left());
      if (!left) return left;
      const Value right = value_of(operation.right());
      if (!right) return right;
      const auto result = work_out(operation.operator_(), *left, *right);
      if (!result) return std::unexpected(result.error());
      return *result;
    }
    case v1::Expression::KIND_NOT_SET:
      break;
  }
  return std::unexpected(
      grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "an expression is not set"));
}
// ANCHOR_END: value_of

// ANCHOR: go_on
void Evaluation::go_on() {
  // No exception may pass into gRPC. Out of a method it reaches the caller as UNIMPLEMENTED without
  // a message. Here it could do worse: on the thread of a Release it would be that call which
  // fails, and this one would have no answer at all.
  try {
    for (;;) {
      if (look_up_) learn();
      const Value value = value_of(request_.expression());
      if (value) {
        response_.set_result(*value);
        return Finish(grpc::Status::OK);
      }
      if (const auto* status = std::get_if<grpc::Status>(&value.error())) return Finish(*status);

      name_ = std::get<Unknown>(value.error()).name;
      Row* const row = calculator_.constants().row(name_);
      if (row == nullptr) {
        return Finish(grpc::Status(grpc::StatusCode::NOT_FOUND,
                                   "there is no constant named \"" + name_ + "\""));
      }
      if (cancelled_) return Finish(grpc::Status::CANCELLED);
      look_up_.emplace(*row);
      // The callback owns this evaluation for as long as it runs.
      const bool waits = look_up_->wait([self = shared_from_this()] {
        const std::lock_guard lock(self->mutex_);
        self->go_on();
      });
      if (waits) return;
    }
  } catch (const std::exception& error) {
    // For the operator, not for the caller.
    std::cerr << "calculator: an evaluation failed: " << error.what() << std::endl;
    look_up_.reset();
    Finish(grpc::Status(grpc::StatusCode::INTERNAL, "the calculator failed to work this out"));
  }
}

void Evaluation::learn() {
  calculator_.remember(name_, look_up_->value());
  look_up_.reset();
}
// ANCHOR_END: go_on

// ANCHOR: cancel
void Evaluation::OnCancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  // If it is too late to give the look-up up, its callback goes on and finishes the call.
  if (look_up_ && look_up_->give_up()) {
    look_up_.reset();
    Finish(grpc::Status::CANCELLED);
  }
}

// Nothing of gRPC's uses the reactor after this, and OnCancel has returned.
void Evaluation::OnDone() { self_.reset(); }
// ANCHOR_END: cancel
