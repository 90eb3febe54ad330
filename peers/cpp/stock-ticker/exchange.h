// The exchange, where shares are traded now.
//
// A Line is a subscription to one symbol, and the exchange bills each. What is traded is decided by
// a test, through inspect.cc, or by the exchange itself a few times a second. Ticks wait for a line
// that is slow, and are made only when it reads them, so they cost no memory.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <variant>

#include "recordings.h"
#include "ticker/v1/inspect.pb.h"
#include "ticker/v1/ticker.pb.h"

// How many lines there are for one symbol, and were.
struct Lines {
  std::uint64_t open = 0;
  std::uint64_t opened = 0;
};

class Line;

// Where one symbol is traded.
class Floor {
 public:
  // Called after trading has changed, on the thread of whoever has changed it.
  using Changed = std::function<void()>;

  Floor(std::string symbol, std::size_t book) : symbol_(std::move(symbol)), book_(book) {}

  const std::string& symbol() const { return symbol_; }

  // Opens a line, which gives every tick that happens from now on. `changed` may still be called
  // once after the line is closed.
  std::unique_ptr<Line> open(Changed changed);

  // Makes the next ticks happen, and answers the sequence number of the last.
  std::uint64_t trade(std::uint32_t ticks);

  // Ends every line that is open, after what has been traded so far. Lines that are opened later
  // know nothing of it.
  void end_trading(ticker::v1::Ending ending);

  Lines lines() const;

 private:
  friend class Line;

  struct Trading {
    std::uint64_t last = 0;  // the sequence number of the last tick
    // How trading has ended, after that tick.
    ticker::v1::Ending ending = ticker::v1::ENDING_UNSPECIFIED;
  };

  void tell(std::unique_lock<std::mutex> lock);

  const std::string symbol_;
  const std::size_t book_;  // bytes of the order book in each tick

  mutable std::mutex mutex_;  // guards what follows, and every Trading
  // What the lines of today see; another one when trading has ended.
  std::shared_ptr<Trading> trading_ = std::make_shared<Trading>();
  std::map<const Line*, Changed> listeners_;
  Lines lines_;
};

// A subscription to one symbol. Destroying it closes it.
class Line {
 public:
  Line(Floor& floor, std::shared_ptr<Floor::Trading> trading);
  ~Line();
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  struct Quiet {};   // nothing has happened since
  struct Closed {};  // nothing will
  using Next = std::variant<ticker::v1::Tick, Quiet, Closed, Broken>;

  // What happens next. Throws if trading was ended so.
  Next next();

 private:
  Floor& floor_;
  const std::shared_ptr<Floor::Trading> trading_;
  std::uint64_t sequence_;  // of the tick that is given next
};

class Exchange {
 public:
  ~Exchange();

  // Answers nullptr if there is no such symbol.
  Floor* find(std::string_view symbol);

  // Trades a few shares of everything a few times a second, from now on.
  void trade_by_itself();

 private:
  std::array<Floor, 3> floors_ = {{{"AAPL", 0}, {"NEWCO", 0}, {"BULK", 8 * 1024}}};

  std::mutex mutex_;
  std::condition_variable_any closing_;
  std::jthread trader_;
};
