#include "replay.h"

#include <exception>
#include <iostream>
#include <limits>

#include "ticker/v1/ticker.pb.h"

Replay::Replay(Tape& tape, std::uint32_t limit, std::chrono::nanoseconds interval)
    : recording_(tape),
      left_(limit == 0 ? std::numeric_limits<std::uint64_t>::max() : limit),
      interval_(interval) {
  send_next();
}

// ANCHOR: send_next
void Replay::send_next() {
  if (left_ == 0) return end(grpc::Status::OK);
  try {
    const auto more = recording_->read(*reply_.mutable_tick());
    if (!more) return end({grpc::StatusCode::UNAVAILABLE, more.error().what});
    if (!*more) return end(grpc::Status::OK);
  } catch (const std::exception& error) {
    // No exception may pass into gRPC. What it says is for the operator, not for the caller.
    std::cerr << "stock-ticker: a replay failed: " << error.what() << std::endl;
    return end({grpc::StatusCode::INTERNAL, "the server failed to read the recording"});
  }
  --left_;
  StartWrite(&reply_);
}

// Called when gRPC can take another reply: not when the caller has read this one, but when all of
// it has gone out, for which the caller's windows must have had room.
void Replay::OnWriteDone(bool ok) {
  // The caller has left, its connection is gone, or its deadline has passed.
  if (!ok) return end(grpc::Status::CANCELLED);
  if (interval_ == std::chrono::nanoseconds::zero()) return send_next();
  pause();
}
// ANCHOR_END: send_next

// ANCHOR: pause
void Replay::pause() {
  const std::lock_guard lock(mutex_);
  if (cancelled_) return end(grpc::Status::CANCELLED);
  // No thread waits. Counted from this tick, and not from a clock's beats: a caller who did not
  // read for a while would be sent all the beats that it missed.
  const gpr_timespec then = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                         gpr_time_from_nanos(interval_.count(), GPR_TIMESPAN));
  alarm_.Set(then, [this](bool expired) {
    if (expired) return send_next();
    end(grpc::Status::CANCELLED);
  });
}
// ANCHOR_END: pause

// ANCHOR: cancel
// A write that is under way fails by itself. A pause would last to its end, and nothing else would
// end the call.
void Replay::OnCancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  alarm_.Cancel();
}

void Replay::end(const grpc::Status& status) {
  // Closed now: gRPC may keep the reactor until the caller has read everything.
  recording_.reset();
  Finish(status);
}

// Nothing of gRPC's uses the reactor after this.
void Replay::OnDone() { delete this; }
// ANCHOR_END: cancel
