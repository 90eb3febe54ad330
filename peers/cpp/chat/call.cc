#include "call.h"

#include <cstddef>
#include <string>
#include <utility>

namespace v1 = chat::v1;

namespace {

// The contract's, in bytes.
constexpr std::size_t kLongestName = 64;
constexpr std::size_t kLongestText = 65'536;

grpc::Status invalid(const std::string& message) {
  return {grpc::StatusCode::INVALID_ARGUMENT, message};
}

grpc::Status check(const std::string& what, const std::string& text, std::size_t longest) {
  if (text.empty()) return invalid(what + " is empty");
  if (text.size() <= longest) return grpc::Status::OK;
  return invalid(what + " has " + std::to_string(text.size()) + " bytes, and " +
                 std::to_string(longest) + " are allowed");
}

}  // namespace

std::atomic<std::uint64_t> Call::alive_ = 0;

Call* Call::begin(Rooms& rooms) {
  const std::shared_ptr<Call> call(new Call(rooms));
  call->self_ = call;
  call->StartRead(&call->request_);
  return call.get();
}

Call::Call(Rooms& rooms) : rooms_(rooms) { ++alive_; }
Call::~Call() { --alive_; }

// ANCHOR: read
// One half: what the caller says.
void Call::OnReadDone(bool ok) {
  const MemberPtr member = this->member();
  if (member == nullptr) {
    if (!ok) return refuse(invalid("the first message must be join"));
    return join();
  }
  // The caller has ended its stream: it is a listener now. Or it has cancelled the call, and then
  // OnCancel comes as well. Or, a trap, it has sent what is no message of the contract, such as a
  // string that is not UTF-8: gRPC C++ does not tell that from the end.
  if (!ok) return rooms_.fall_silent(member);
  say();
}

void Call::say() {
  const MemberPtr member = this->member();
  if (!request_.has_say()) return rooms_.leave(member, invalid("after join there is only say"));
  std::string& text = *request_.mutable_say()->mutable_text();
  const grpc::Status refused = check("the text", text, kLongestText);
  if (!refused.ok()) return rooms_.leave(member, refused);
  // If it is put out, or the room is over, what else it says goes nowhere and is not read.
  if (rooms_.say(member, std::move(text))) StartRead(&request_);
}
// ANCHOR_END: read

void Call::join() {
  if (!request_.has_join()) return refuse(invalid("the first message must be join"));
  const v1::Join& join = request_.join();
  grpc::Status refused = check("the room's name", join.room(), kLongestName);
  if (refused.ok()) refused = check("your name", join.name(), kLongestName);
  if (!refused.ok()) return refuse(refused);

  // A member may outlive its call for as long as it is being told of something.
  auto joined = rooms_.join(join.room(), join.name(), [weak = weak_from_this()] {
    if (const auto call = weak.lock()) call->write_next();
  });
  if (!joined) return refuse(joined.error());
  bool cancelled = false;
  {
    const std::lock_guard lock(mutex_);
    member_ = *joined;
    cancelled = cancelled_;
  }
  if (cancelled) rooms_.leave(*joined, grpc::Status::CANCELLED);
  write_next();
  StartRead(&request_);
}

// ANCHOR: write
// The other half: what the member hears. gRPC takes one write at a time, so what happens meanwhile
// waits in the member's queue, where the room counts it.
void Call::write_next() {
  const std::lock_guard lock(mutex_);
  if (writing_ != nullptr || finished_ || member_ == nullptr) return;
  Rooms::Heard heard;
  if (cancelled_) {
    heard.end = grpc::Status::CANCELLED;
  } else {
    heard = rooms_.next(member_);
  }
  if (heard.end) {
    finished_ = true;
    // It ends a read that is under way, too: a member that was put out may keep its half open.
    return Finish(*heard.end);
  }
  if (heard.event == nullptr) return;
  writing_ = std::move(heard.event);
  StartWrite(&writing_->response);
}

void Call::OnWriteDone(bool ok) {
  {
    const std::lock_guard lock(mutex_);
    writing_ = nullptr;
  }
  if (!ok) return gone();
  write_next();
}
// ANCHOR_END: write

// ANCHOR: cancel
// The caller has reset the call, or its connection is gone.
void Call::OnCancel() { gone(); }

void Call::gone() {
  MemberPtr member;
  {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    member = member_;
  }
  if (member == nullptr) return;  // the read that is under way fails, and ends the call
  rooms_.leave(member, grpc::Status::CANCELLED);
  write_next();
}

// Nothing of gRPC's uses the call after this, and all other reactions have returned.
void Call::OnDone() { self_.reset(); }
// ANCHOR_END: cancel

// Ends a call that has no membership.
void Call::refuse(const grpc::Status& status) {
  const std::lock_guard lock(mutex_);
  finished_ = true;
  Finish(status);
}

MemberPtr Call::member() {
  const std::lock_guard lock(mutex_);
  return member_;
}
