// The rooms, and who is in them.
//
// A room tells each of its members what happens in it, in one order that is the same for all. It
// never waits for a member.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstddef>
#include <deque>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "chat/v1/chat.pb.h"

// Something that has happened in a room. One copy, however many members it waits for.
struct Event {
  explicit Event(chat::v1::ChatResponse response);

  chat::v1::ChatResponse response;
  std::size_t bytes;  // what it costs while it is kept
};

// One membership. A name can be taken again as soon as its bearer has left, so it does not say who
// somebody is; the pointer to a member does.
class Member {
 public:
  Member(std::string room, std::string name, std::function<void()> changed)
      : room_(std::move(room)), name_(std::move(name)), changed_(std::move(changed)) {}

 private:
  friend class Rooms;

  const std::string room_;
  const std::string name_;
  const std::function<void()> changed_;  // to be called without the lock

  // What follows is guarded by the lock of Rooms.
  bool speaks_ = true;  // false for one that only listens
  // What it is still to hear. Unbounded in events, because it is bounded in bytes.
  std::deque<std::shared_ptr<const Event>> queue_;
  std::size_t kept_ = 0;             // bytes in queue_
  std::optional<grpc::Status> end_;  // how the call ends after the queue
};

using MemberPtr = std::shared_ptr<Member>;

// All rooms of a server. A room is there for as long as somebody in it may speak.
class Rooms {
 public:
  // `backlog` is how many bytes are kept for a member that does not read.
  explicit Rooms(std::size_t backlog) : backlog_(backlog) {}

  // Makes somebody a member, and tells the others. `changed` is called, on any thread, whenever
  // there may be more to hear.
  std::expected<MemberPtr, grpc::Status> join(const std::string& room, const std::string& name,
                                              std::function<void()> changed);

  // Says this to everybody else. False if the member has been put out, or its room is over.
  bool say(const MemberPtr& member, std::string text);

  // The member says no more, and goes on hearing.
  void fall_silent(const MemberPtr& member);

  // The member leaves the room, if it is in it; its call ends with this status after what is kept
  // for it.
  void leave(const MemberPtr& member, const grpc::Status& reason);

  // What the member hears next, or how its call ends, or neither yet.
  struct Heard {
    std::shared_ptr<const Event> event;
    std::optional<grpc::Status> end;
  };
  Heard next(const MemberPtr& member);

 private:
  // Members by name, which is the order in which a newcomer is told of them.
  using Room = std::map<std::string, MemberPtr>;
  using Woken = std::vector<MemberPtr>;

  template <typename Change>
  bool change(const MemberPtr& member, Change&& change);

  // With the lock held.
  void tell(Room& room, chat::v1::ChatResponse response, const MemberPtr& except, Woken& woken);
  static void keep(Member& member, const std::shared_ptr<const Event>& event);
  static bool anybody_speaks(const Room& room);

  static void wake(const Woken& woken);

  const std::size_t backlog_;
  // One lock for all rooms. Whoever holds it puts a pointer into the queue of each member, and no
  // more. So its order is the order of a room, and nobody can join a room while its last speaker
  // leaves.
  std::mutex mutex_;
  std::unordered_map<std::string, Room> open_;
};
