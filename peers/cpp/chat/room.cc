#include "room.h"

#include <algorithm>
#include <utility>

#include "common/text.h"

namespace v1 = chat::v1;

namespace {

// What an event costs beside its encoded length, in bytes: the objects that it is in memory.
// Without it a million texts of one byte would be kept as if they were one of a million.
constexpr std::size_t kOverhead = 256;

v1::ChatResponse joined(const std::string& name) {
  v1::ChatResponse response;
  response.mutable_joined()->set_name(name);
  return response;
}

v1::ChatResponse left(const std::string& name) {
  v1::ChatResponse response;
  response.mutable_left()->set_name(name);
  return response;
}

}  // namespace

Event::Event(v1::ChatResponse what)
    : response(std::move(what)), bytes(kOverhead + response.ByteSizeLong()) {}

// ANCHOR: join
std::expected<MemberPtr, grpc::Status> Rooms::join(const std::string& name_of_room,
                                                   const std::string& name,
                                                   std::function<void()> changed) {
  const auto newcomer = std::make_shared<Member>(name_of_room, name, std::move(changed));
  Woken woken;
  {
    // From here on nothing can happen in the room between what the newcomer is welcomed with and
    // the first thing that it hears.
    const std::lock_guard lock(mutex_);
    Room& room = open_[name_of_room];
    if (room.contains(name)) {
      return std::unexpected(
          grpc::Status(grpc::StatusCode::ALREADY_EXISTS,
                       "somebody in this room is called \"" + plain(name) + '"'));
    }
    tell(room, joined(name), nullptr, woken);
    v1::ChatResponse welcome;
    welcome.mutable_welcome();
    for (const auto& [other, member] : room) welcome.mutable_welcome()->add_members(other);
    keep(*newcomer, std::make_shared<const Event>(std::move(welcome)));
    room.emplace(name, newcomer);
  }
  wake(woken);
  return newcomer;
}
// ANCHOR_END: join

bool Rooms::say(const MemberPtr& member, std::string text) {
  v1::ChatResponse said;
  said.mutable_said()->set_name(member->name_);
  said.mutable_said()->set_text(std::move(text));
  return change(member,
                [&](Room& room, Woken& woken) { tell(room, std::move(said), member, woken); });
}

void Rooms::fall_silent(const MemberPtr& member) {
  change(member, [&](Room&, Woken&) { member->speaks_ = false; });
}

void Rooms::leave(const MemberPtr& member, const grpc::Status& reason) {
  change(member, [&](Room& room, Woken& woken) {
    room.erase(member->name_);
    member->end_ = reason;
    woken.push_back(member);
    // If it was the last that may speak then the room is over, and nobody is told that it has left.
    if (anybody_speaks(room)) tell(room, left(member->name_), nullptr, woken);
  });
}

Rooms::Heard Rooms::next(const MemberPtr& member) {
  const std::lock_guard lock(mutex_);
  if (member->queue_.empty()) return {.event = nullptr, .end = member->end_};
  Heard heard{.event = std::move(member->queue_.front()), .end = {}};
  member->queue_.pop_front();
  member->kept_ -= heard.event->bytes;
  return heard;
}

// Changes a room on behalf of a member, unless it is one no longer. Closes the room if nobody is
// left who may speak.
template <typename Change>
bool Rooms::change(const MemberPtr& member, Change&& change) {
  Woken woken;
  {
    const std::lock_guard lock(mutex_);
    const auto found = open_.find(member->room_);
    if (found == open_.end()) return false;
    Room& room = found->second;
    const auto place = room.find(member->name_);
    if (place == room.end() || place->second != member) return false;
    change(room, woken);
    if (!anybody_speaks(room)) {
      for (const auto& [name, listener] : room) {
        listener->end_ = grpc::Status::OK;
        woken.push_back(listener);
      }
      open_.erase(found);
    }
  }
  wake(woken);
  return true;
}

// ANCHOR: slow_member
// Tells all but one, and puts out those who have fallen too far behind. Of these everybody is told
// too, which may be too much for yet another.
void Rooms::tell(Room& room, v1::ChatResponse response, const MemberPtr& except, Woken& woken) {
  std::deque<v1::ChatResponse> events;
  events.push_back(std::move(response));
  for (bool first = true; !events.empty(); first = false) {
    const auto event = std::make_shared<const Event>(std::move(events.front()));
    events.pop_front();
    for (auto place = room.begin(); place != room.end();) {
      const MemberPtr& member = place->second;
      // Who says something does not hear that, but hears who has left.
      if (first && member == except) {
        ++place;
        continue;
      }
      woken.push_back(member);
      if (member->kept_ + event->bytes <= backlog_) {
        keep(*member, event);
        ++place;
        continue;
      }
      member->end_ = {
          grpc::StatusCode::RESOURCE_EXHAUSTED,
          "you were put out: more than " + std::to_string(backlog_) + " bytes wait to be read"};
      events.push_back(left(place->first));
      place = room.erase(place);
    }
  }
}
// ANCHOR_END: slow_member

void Rooms::keep(Member& member, const std::shared_ptr<const Event>& event) {
  member.queue_.push_back(event);
  member.kept_ += event->bytes;
}

bool Rooms::anybody_speaks(const Room& room) {
  return std::ranges::any_of(room, [](const auto& place) { return place.second->speaks_; });
}

void Rooms::wake(const Woken& woken) {
  for (const MemberPtr& member : woken) member->changed_();
}
