#include "exchange.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>
#include <vector>

namespace v1 = ticker::v1;

std::unique_ptr<Line> Floor::open(Changed changed) {
  const std::lock_guard lock(mutex_);
  auto line = std::make_unique<Line>(*this, trading_);
  listeners_.emplace(line.get(), std::move(changed));
  ++lines_.open;
  ++lines_.opened;
  return line;
}

std::uint64_t Floor::trade(std::uint32_t ticks) {
  std::unique_lock lock(mutex_);
  trading_->last += ticks;
  const std::uint64_t last = trading_->last;
  tell(std::move(lock));
  return last;
}

void Floor::end_trading(v1::Ending ending) {
  std::unique_lock lock(mutex_);
  trading_->ending = ending;
  trading_ = std::make_shared<Trading>(Trading{.last = trading_->last});
  tell(std::move(lock));
}

Lines Floor::lines() const {
  const std::lock_guard lock(mutex_);
  return lines_;
}

void Floor::tell(std::unique_lock<std::mutex> lock) {
  std::vector<Changed> listeners;
  for (const auto& [line, changed] : listeners_) listeners.push_back(changed);
  // Called without the lock: they read from their lines, and close them.
  lock.unlock();
  for (const Changed& changed : listeners) changed();
}

Line::Line(Floor& floor, std::shared_ptr<Floor::Trading> trading)
    : floor_(floor), trading_(std::move(trading)), sequence_(trading_->last + 1) {}

Line::~Line() {
  Floor::Changed dropped;  // destroyed after the lock
  const std::lock_guard lock(floor_.mutex_);
  const auto found = floor_.listeners_.find(this);
  dropped = std::move(found->second);
  floor_.listeners_.erase(found);
  --floor_.lines_.open;
}

Line::Next Line::next() {
  Floor::Trading trading;
  {
    const std::lock_guard lock(floor_.mutex_);
    trading = *trading_;
  }
  if (sequence_ <= trading.last) {
    v1::Tick tick;
    make_tick(floor_.symbol_, sequence_++, floor_.book_, tick);
    return tick;
  }
  switch (trading.ending) {
    case v1::ENDING_CLOSED:
      return Closed{};
    case v1::ENDING_BROKEN:
      return Broken{"the line to the exchange for " + floor_.symbol_ + " broke"};
    case v1::ENDING_PANIC:
      throw std::runtime_error("the line to the exchange for " + floor_.symbol_ + " is damaged");
    default:
      return Quiet{};
  }
}

Exchange::~Exchange() = default;

Floor* Exchange::find(std::string_view symbol) {
  const auto found = std::ranges::find(floors_, symbol, &Floor::symbol);
  return found == floors_.end() ? nullptr : &*found;
}

void Exchange::trade_by_itself() {
  trader_ = std::jthread([this](std::stop_token stop) {
    std::unique_lock lock(mutex_);
    for (std::size_t turn = 0; !stop.stop_requested(); ++turn) {
      floors_[turn % floors_.size()].trade(1);
      closing_.wait_for(lock, stop, std::chrono::milliseconds(130), [] { return false; });
    }
  });
}
