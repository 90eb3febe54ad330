// A recording as a stream of replies.
//
// One reply is under way at a time: the next is read when gRPC has taken the last one, which is
// when the caller's windows have room for it. So a caller who does not read stops the reading.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

#include "recordings.h"
#include "ticker/v1/ticker.pb.h"

// Deletes itself when the call is done.
class Replay final : public grpc::ServerWriteReactor<ticker::v1::ReplayResponse> {
 public:
  // At most `limit` ticks, 0 for all, with at least `interval` between one and the next.
  Replay(Tape& tape, std::uint32_t limit, std::chrono::nanoseconds interval);

 private:
  void send_next();
  void pause();
  void end(const grpc::Status& status);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  std::optional<Recording> recording_;
  std::uint64_t left_;  // of the limit
  const std::chrono::nanoseconds interval_;
  ticker::v1::ReplayResponse reply_;  // must stay as it is until OnWriteDone

  std::mutex mutex_;  // guards what follows: a cancellation comes on any thread
  bool cancelled_ = false;
  grpc::Alarm alarm_;
};
