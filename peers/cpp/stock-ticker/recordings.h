// What was traded on an earlier day, as if it were kept on a disk.
//
// A tick is made only when it is read. One recording breaks off, one is damaged and throws, as a
// bug in somebody else's library would. Every read is counted, and a recording that is destroyed
// is closed.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "ticker/v1/ticker.pb.h"

// What has been read of one symbol's recording so far, by all readers together.
struct Reads {
  std::uint64_t ticks = 0;
  std::uint64_t bytes = 0;  // the ticks' size as protobuf messages
  std::uint64_t open = 0;
  std::uint64_t closed = 0;
  // The largest number of ticks that one reader read within any 100 milliseconds.
  std::uint64_t most_within_100_ms = 0;
};

// A recording, or a line to the exchange, that broke off.
struct Broken {
  std::string what;
};

// What there is to read of one symbol, and what has been read of it.
struct Tape;

// A symbol's ticks, from the first to the last. Destroying it closes it.
class Recording {
 public:
  explicit Recording(Tape& tape);
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  // Reads the next tick; answers false at the end. Throws if the recording is damaged there.
  std::expected<bool, Broken> read(ticker::v1::Tick& tick);

 private:
  void count(const ticker::v1::Tick& tick);

  Tape& tape_;
  std::uint64_t next_ = 1;  // the sequence number of the tick that is read next
  std::deque<std::chrono::steady_clock::time_point> lately_;  // the reads of the last 100 ms
};

class Recordings {
 public:
  Recordings();
  ~Recordings();

  // Answers nullptr if there is no such symbol.
  Tape* find(std::string_view symbol);

  // The last tick, kept apart so that no recording is opened or read. Nothing if there is none.
  static std::optional<ticker::v1::Tick> last(const Tape& tape);
  static Reads read_so_far(Tape& tape);

 private:
  // The set of tapes never changes, so finding one needs no lock.
  struct Catalogue;
  const std::unique_ptr<Catalogue> catalogue_;
};

// The tick with this sequence number: the same whenever it is asked for, on any machine.
void make_tick(std::string_view symbol, std::uint64_t sequence, std::size_t book,
               ticker::v1::Tick& tick);
