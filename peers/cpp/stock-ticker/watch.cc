#include "watch.h"

#include <exception>
#include <iostream>
#include <utility>
#include <variant>
#include <vector>

namespace v1 = ticker::v1;

// ANCHOR: share
grpc::ServerWriteReactor<v1::WatchResponse>* Feeds::watch(Floor& floor) {
  const auto watch = std::make_shared<Watch>();
  watch->self_ = watch;
  // The headers go out when this method has returned, so after the line is open.
  watch->StartSendInitialMetadata();

  const std::lock_guard lock(mutex_);
  std::shared_ptr<Feed>& feed = feeds_[&floor];
  if (feed == nullptr || !feed->join(watch)) {
    feed = std::make_shared<Feed>(floor);
    feed->join(watch);
  }
  return watch.get();
}

bool Feed::join(const std::shared_ptr<Watch>& watch) {
  const std::lock_guard lock(mutex_);
  if (end_) return false;
  if (line_ == nullptr) {
    line_ = floor_.open([weak = weak_from_this()] {
      if (const auto feed = weak.lock()) feed->pump();
    });
  }
  watch->feed_ = shared_from_this();
  watch->seen_ = ticks();
  watches_.insert(watch);
  return true;
}

void Feed::leave(const std::shared_ptr<Watch>& watch) {
  const std::lock_guard lock(mutex_);
  watches_.erase(watch);
  if (!watches_.empty()) return;
  // In one step: whoever comes after this finds that the feed has ended.
  line_.reset();
  kept_.clear();
  end_ = grpc::Status::CANCELLED;
}
// ANCHOR_END: share

// ANCHOR: pump
// Takes what the line gives, on the thread of whoever has traded. It waits for no caller: who is
// slow misses what the feed no longer keeps.
void Feed::pump() {
  std::vector<std::shared_ptr<Watch>> watches;
  {
    const std::lock_guard lock(mutex_);
    if (line_ == nullptr) return;
    try {
      take_all();
    } catch (const std::exception& error) {
      // This is the thread of somebody else's call, which has nothing to do with it.
      std::cerr << "stock-ticker: a feed failed: " << error.what() << std::endl;
      end_ = {grpc::StatusCode::INTERNAL, "the server's feed failed"};
    }
    if (end_) line_.reset();
    watches.assign(watches_.begin(), watches_.end());
  }
  for (const auto& watch : watches) watch->send_next();
}

void Feed::take_all() {
  while (!end_) {
    Line::Next next = line_->next();
    if (auto* const tick = std::get_if<v1::Tick>(&next)) {
      auto reply = std::make_shared<v1::WatchResponse>();
      *reply->mutable_tick() = std::move(*tick);
      kept_.push_back(std::move(reply));
      if (kept_.size() > kKept) {
        kept_.pop_front();
        ++dropped_;
      }
    } else if (const auto* const broken = std::get_if<Broken>(&next)) {
      end_ = {grpc::StatusCode::UNAVAILABLE, broken->what};
    } else if (std::holds_alternative<Line::Closed>(next)) {
      end_ = grpc::Status::OK;
    } else {
      return;
    }
  }
}
// ANCHOR_END: pump

// ANCHOR: next
Feed::Next Feed::next(std::uint64_t& seen) {
  const std::lock_guard lock(mutex_);
  if (seen < dropped_) {
    return {.tick = nullptr, .missed = dropped_ - std::exchange(seen, dropped_), .end = {}};
  }
  if (seen < ticks()) return {.tick = kept_[seen++ - dropped_], .missed = 0, .end = {}};
  return {.tick = nullptr, .missed = 0, .end = end_};
}

void Watch::send_next() {
  const std::lock_guard lock(mutex_);
  if (writing_ || ended_) return;
  if (cancelled_) return end(grpc::Status::CANCELLED);
  const Feed::Next next = feed_->next(seen_);
  if (next.end) return end(*next.end);
  reply_ = next.tick;
  if (next.missed > 0) {
    auto missed = std::make_shared<v1::WatchResponse>();
    missed->set_missed(next.missed);
    reply_ = std::move(missed);
  }
  if (reply_ == nullptr) return;
  writing_ = true;
  StartWrite(reply_.get());
}

void Watch::OnWriteDone(bool ok) {
  {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    if (!ok) cancelled_ = true;
  }
  send_next();
}
// ANCHOR_END: next

// The caller has left, its connection is gone, or its deadline has passed.
void Watch::OnCancel() {
  {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
  }
  // Now, and not when the write that may be under way has failed.
  feed_->leave(shared_from_this());
  send_next();
}

void Watch::end(const grpc::Status& status) {
  ended_ = true;
  feed_->leave(shared_from_this());
  Finish(status);
}

void Watch::OnDone() { self_.reset(); }
