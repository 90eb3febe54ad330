#include "service.h"

#include <chrono>
#include <expected>
#include <limits>

#include "common/text.h"
#include "replay.h"

namespace v1 = ticker::v1;

namespace {

// A stream that ends before it has begun.
template <typename Response>
class Refusal final : public grpc::ServerWriteReactor<Response> {
 public:
  explicit Refusal(const grpc::Status& status) { this->Finish(status); }

 private:
  void OnDone() override { delete this; }
};

std::expected<std::chrono::nanoseconds, grpc::Status> interval_of(
    const v1::ReplayRequest& request) {
  // Not set reads as zero.
  const auto& interval = request.interval();
  if (interval.seconds() < 0 || interval.nanos() < 0) {
    return std::unexpected(
        grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "the interval is negative"));
  }
  // Nanoseconds in 64 bits are 292 years, and a Duration may be ten thousand.
  constexpr auto kMost = std::chrono::hours(24 * 365 * 100);
  if (interval.seconds() >= std::chrono::seconds(kMost).count()) return kMost;
  return std::chrono::seconds(interval.seconds()) + std::chrono::nanoseconds(interval.nanos());
}

}  // namespace

grpc::Status no_such_symbol(const std::string& symbol) {
  return {grpc::StatusCode::NOT_FOUND, "there is no symbol \"" + plain(symbol) + "\""};
}

grpc::ServerUnaryReactor* Ticker::GetQuote(grpc::CallbackServerContext* context,
                                           const v1::GetQuoteRequest* request,
                                           v1::GetQuoteResponse* response) {
  auto* const reactor = context->DefaultReactor();
  const Tape* const tape = recordings_.find(request->symbol());
  auto tick = tape == nullptr ? std::nullopt : Recordings::last(*tape);
  if (tick) *response->mutable_tick() = std::move(*tick);
  reactor->Finish(tick ? grpc::Status::OK : no_such_symbol(request->symbol()));
  return reactor;
}

// ANCHOR: replay
// Answers a reactor, which stands for the call until OnDone. The stream itself comes later.
grpc::ServerWriteReactor<v1::ReplayResponse>* Ticker::Replay(grpc::CallbackServerContext*,
                                                             const v1::ReplayRequest* request) {
  Tape* const tape = recordings_.find(request->symbol());
  if (tape == nullptr) {
    return new Refusal<v1::ReplayResponse>(no_such_symbol(request->symbol()));
  }
  const auto interval = interval_of(*request);
  if (!interval) return new Refusal<v1::ReplayResponse>(interval.error());
  return new ::Replay(*tape, request->limit(), *interval);
}
// ANCHOR_END: replay

grpc::ServerWriteReactor<v1::WatchResponse>* Ticker::Watch(grpc::CallbackServerContext*,
                                                           const v1::WatchRequest* request) {
  Floor* const floor = exchange_.find(request->symbol());
  if (floor == nullptr) {
    return new Refusal<v1::WatchResponse>(no_such_symbol(request->symbol()));
  }
  return feeds_.watch(*floor);
}
