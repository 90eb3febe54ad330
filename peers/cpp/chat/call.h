// One call of Chat: a membership, from join to the end of the call.
//
// Its two halves share nothing but the room. One read may be under way and one write, each has its
// reaction, and neither waits for the other. No thread waits for either.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "chat/v1/chat.pb.h"
#include "room.h"

class Call final : public grpc::ServerBidiReactor<chat::v1::ChatRequest, chat::v1::ChatResponse>,
                   public std::enable_shared_from_this<Call> {
 public:
  static Call* begin(Rooms& rooms);
  ~Call() override;

  // How many calls there are.
  static std::uint64_t count() { return alive_; }

 private:
  explicit Call(Rooms& rooms);

  void join();
  void say();
  void write_next();

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  void gone();
  void refuse(const grpc::Status& status);
  MemberPtr member();

  static std::atomic<std::uint64_t> alive_;

  Rooms& rooms_;
  // gRPC holds a plain pointer, and gives it back in OnDone.
  std::shared_ptr<Call> self_;
  chat::v1::ChatRequest request_;  // gRPC's, until OnReadDone

  std::mutex mutex_;  // guards what follows; taken before the lock of Rooms
  MemberPtr member_;  // none before join
  bool cancelled_ = false;
  bool finished_ = false;
  std::shared_ptr<const Event> writing_;  // what is under way; gRPC's until OnWriteDone
};
