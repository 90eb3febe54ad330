// What happens on the exchange, for however many callers watch.
//
// The exchange bills every line. So there is one for each symbol that somebody watches, and what
// it gives goes to all of them.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "exchange.h"
#include "ticker/v1/ticker.pb.h"

// How many ticks a caller may be behind before it misses some: 512 KiB of the largest. It is the
// most that a symbol costs, since all its callers share them.
constexpr std::size_t kKept = 64;

class Watch;

// One line, from the first who watches to its end or to the last who watches.
class Feed : public std::enable_shared_from_this<Feed> {
 public:
  explicit Feed(Floor& floor) : floor_(floor) {}

  // Answers false if the feed has ended. The first to join opens the line.
  bool join(const std::shared_ptr<Watch>& watch);
  // Closes the line after the last. Leaving twice does nothing.
  void leave(const std::shared_ptr<Watch>& watch);

  // What a caller gets who has got everything up to `seen`, which moves on. At most one of them.
  struct Next {
    std::shared_ptr<const ticker::v1::WatchResponse> tick;
    std::uint64_t missed = 0;
    std::optional<grpc::Status> end;
  };
  Next next(std::uint64_t& seen);

 private:
  void pump();
  // Both with mutex_ held.
  void take_all();
  std::uint64_t ticks() const { return dropped_ + kept_.size(); }

  Floor& floor_;
  std::mutex mutex_;  // guards what follows
  std::unique_ptr<Line> line_;
  // The last ticks. There is one copy, however many callers it waits for.
  std::deque<std::shared_ptr<const ticker::v1::WatchResponse>> kept_;
  std::uint64_t dropped_ = 0;        // ticks that were kept once
  std::optional<grpc::Status> end_;  // how the feed has ended, after what is kept
  std::set<std::shared_ptr<Watch>> watches_;
};

// One caller.
class Watch final : public grpc::ServerWriteReactor<ticker::v1::WatchResponse>,
                    public std::enable_shared_from_this<Watch> {
 public:
  // Sends what comes next, if there is anything and nothing is under way.
  void send_next();

 private:
  friend class Feed;
  friend class Feeds;

  void end(const grpc::Status& status);  // with mutex_ held

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  // gRPC holds a plain pointer, and gives it back in OnDone.
  std::shared_ptr<Watch> self_;
  std::shared_ptr<Feed> feed_;

  std::mutex mutex_;        // guards what follows; taken before the feed's
  std::uint64_t seen_ = 0;  // ticks of the feed that it got or missed
  bool cancelled_ = false;
  bool writing_ = false;
  bool ended_ = false;
  std::shared_ptr<const ticker::v1::WatchResponse> reply_;  // that is under way
};

// The symbols that are watched at the moment.
class Feeds {
 public:
  // What happens from now on.
  grpc::ServerWriteReactor<ticker::v1::WatchResponse>* watch(Floor& floor);

 private:
  std::mutex mutex_;
  // Only symbols that exist get here, so it is no larger than the exchange. A feed in it may have
  // ended.
  std::map<const Floor*, std::shared_ptr<Feed>> feeds_;
};
