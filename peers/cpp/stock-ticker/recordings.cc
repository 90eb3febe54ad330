#include "recordings.h"

#include <algorithm>
#include <stdexcept>

namespace v1 = ticker::v1;

namespace {

// What happens after the last tick that can be read.
enum class Flaw { kNone, kBreaksOff, kThrows };

}  // namespace

struct Tape {
  const std::string symbol;
  const std::uint64_t ticks;
  const std::size_t book;  // bytes of the order book in each tick
  const Flaw flaw;

  std::mutex mutex{};
  Reads reads{};  // guarded by mutex
};

struct Recordings::Catalogue {
  std::array<Tape, 6> tapes = {{
      {"AAPL", 500, 0, Flaw::kNone},
      // Listed, and never traded.
      {"NEWCO", 0, 0, Flaw::kNone},
      // 64 MiB in all.
      {"BULK", 2048, 32 * 1024, Flaw::kNone},
      // A busy day.
      {"FLOW", 200'000, 0, Flaw::kNone},
      {"TORN", 40, 0, Flaw::kBreaksOff},
      {"MOULD", 5, 0, Flaw::kThrows},
  }};
};

Recording::Recording(Tape& tape) : tape_(tape) {
  const std::lock_guard lock(tape_.mutex);
  ++tape_.reads.open;
}

Recording::~Recording() {
  const std::lock_guard lock(tape_.mutex);
  --tape_.reads.open;
  ++tape_.reads.closed;
}

std::expected<bool, Broken> Recording::read(v1::Tick& tick) {
  if (next_ > tape_.ticks) {
    const std::string after = " after tick " + std::to_string(tape_.ticks);
    switch (tape_.flaw) {
      case Flaw::kNone:
        return false;
      case Flaw::kBreaksOff:
        return std::unexpected(Broken{"the recording of " + tape_.symbol + " breaks off" + after});
      case Flaw::kThrows:
        throw std::runtime_error("the recording of " + tape_.symbol + " is damaged" + after);
    }
  }
  make_tick(tape_.symbol, next_++, tape_.book, tick);
  count(tick);
  return true;
}

void Recording::count(const v1::Tick& tick) {
  const auto now = std::chrono::steady_clock::now();
  lately_.push_back(now);
  while (now - lately_.front() >= std::chrono::milliseconds(100)) lately_.pop_front();
  const std::lock_guard lock(tape_.mutex);
  ++tape_.reads.ticks;
  tape_.reads.bytes += tick.ByteSizeLong();
  tape_.reads.most_within_100_ms =
      std::max<std::uint64_t>(tape_.reads.most_within_100_ms, lately_.size());
}

Recordings::Recordings() : catalogue_(std::make_unique<Catalogue>()) {}
Recordings::~Recordings() = default;

Tape* Recordings::find(std::string_view symbol) {
  const auto found = std::ranges::find(catalogue_->tapes, symbol, &Tape::symbol);
  return found == catalogue_->tapes.end() ? nullptr : &*found;
}

std::optional<v1::Tick> Recordings::last(const Tape& tape) {
  if (tape.ticks == 0) return std::nullopt;
  v1::Tick tick;
  make_tick(tape.symbol, tape.ticks, tape.book, tick);
  return tick;
}

Reads Recordings::read_so_far(Tape& tape) {
  const std::lock_guard lock(tape.mutex);
  return tape.reads;
}

void make_tick(std::string_view symbol, std::uint64_t sequence, std::size_t book, v1::Tick& tick) {
  std::int64_t name = 0;
  for (const char c : symbol) name += static_cast<unsigned char>(c);
  tick.set_sequence(sequence);
  // Up and down by at most 20 cents.
  tick.set_price_cents(50 * name + static_cast<std::int64_t>(sequence % 10'000 * 7'919 % 41) - 20);
  tick.set_shares(static_cast<std::uint32_t>(1 + sequence % 10'000 * 6'151 % 500));
  tick.mutable_book()->assign(book, static_cast<char>(sequence % 256));
}
