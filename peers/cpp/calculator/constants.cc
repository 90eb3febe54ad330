#include "constants.h"

#include <stdexcept>
#include <utility>

Row::Row(std::string name, std::optional<std::int64_t> value)
    : name_(std::move(name)), value_(value) {}

void Row::hold() {
  const std::lock_guard lock(mutex_);
  held_ = true;
}

// ANCHOR: release
void Row::release() {
  std::unordered_map<const LookUp*, std::function<void()>> ready;
  {
    const std::lock_guard lock(mutex_);
    held_ = false;
    ready.swap(waiting_);
  }
  // Called without the lock: each of them takes locks of its own, and this one again.
  for (const auto& [look_up, go_on] : ready) go_on();
}
// ANCHOR_END: release

Row::Counts Row::count() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

LookUp::LookUp(Row& row) : row_(row) {
  const std::lock_guard lock(row_.mutex_);
  ++row_.counts_.waiting;
}

LookUp::~LookUp() {
  const std::lock_guard lock(row_.mutex_);
  --row_.counts_.waiting;
  ++(answered_ ? row_.counts_.answered : row_.counts_.abandoned);
}

bool LookUp::wait(std::function<void()> ready) {
  const std::lock_guard lock(row_.mutex_);
  if (row_.held_) row_.waiting_.emplace(this, std::move(ready));
  return row_.held_;
}

bool LookUp::give_up() {
  std::function<void()> dropped;  // destroyed after the lock: it may own its caller
  const std::lock_guard lock(row_.mutex_);
  const auto found = row_.waiting_.find(this);
  if (found == row_.waiting_.end()) return false;
  dropped = std::move(found->second);
  row_.waiting_.erase(found);
  return true;
}

std::int64_t LookUp::value() {
  if (!row_.value_) throw std::runtime_error("the row of \"" + row_.name_ + "\" is damaged");
  answered_ = true;
  return *row_.value_;
}

Row* Constants::row(const std::string& name) {
  const auto found = rows_.find(name);
  return found == rows_.end() ? nullptr : &found->second;
}

std::map<std::string, Row> Constants::make_rows() {
  std::map<std::string, Row> rows;
  const auto add = [&rows](const std::string& name, std::optional<std::int64_t> value) {
    rows.try_emplace(name, name, value);
  };
  add("dozen", 12);
  add("gross", 144);
  add("seconds_per_day", 86'400);
  add("metres_per_light_year", 9'460'730'472'580'800);
  add("cubit", std::nullopt);
  return rows;
}
