// Named constants, as if they were kept in a database far away.
//
// A look-up can be slow (a test decides how slow, through inspect.cc), and one row is damaged:
// looking it up throws, as a bug in somebody else's library would. Every look-up is counted.
// Nothing here blocks a thread: a look-up that has to wait calls back.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

class LookUp;

class Row {
 public:
  struct Counts {
    std::uint64_t waiting = 0;
    std::uint64_t answered = 0;
    std::uint64_t abandoned = 0;
  };

  // Without a value the row is damaged.
  Row(std::string name, std::optional<std::int64_t> value);

  // Makes look-ups wait.
  void hold();
  // Lets every look-up go on, those that wait now (on this thread) and those to come.
  void release();
  Counts count() const;

 private:
  friend class LookUp;

  const std::string name_;
  const std::optional<std::int64_t> value_;

  mutable std::mutex mutex_;  // guards all of what follows
  bool held_ = false;
  std::unordered_map<const LookUp*, std::function<void()>> waiting_;
  Counts counts_;
};

// A look-up under way: counted as waiting while it lives, and as abandoned if it is destroyed
// before it has given its value.
class LookUp {
 public:
  explicit LookUp(Row& row);
  ~LookUp();
  LookUp(const LookUp&) = delete;
  LookUp& operator=(const LookUp&) = delete;

  // Answers whether there is anything to wait for. If so, `ready` is called once, on another
  // thread, unless the look-up is given up first.
  bool wait(std::function<void()> ready);

  // Answers whether it was in time: if so, `ready` will never be called; if not, it has been or
  // is about to be.
  bool give_up();

  // Throws if the row is damaged.
  std::int64_t value();

 private:
  Row& row_;
  bool answered_ = false;
};

class Constants {
 public:
  // nullptr if there is no such constant.
  Row* row(const std::string& name);

 private:
  // The set of rows never changes, so finding one needs no lock.
  std::map<std::string, Row> rows_ = make_rows();
  static std::map<std::string, Row> make_rows();
};
