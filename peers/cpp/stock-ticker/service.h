// What the server answers: the methods of TickerService.
#pragma once

#include "exchange.h"
#include "recordings.h"
#include "ticker/v1/ticker.grpc.pb.h"
#include "watch.h"

// One ticker serves every call on every connection, from any thread.
class Ticker final : public ticker::v1::TickerService::CallbackService {
 public:
  Ticker(Recordings& recordings, Exchange& exchange)
      : recordings_(recordings), exchange_(exchange) {}

  grpc::ServerUnaryReactor* GetQuote(grpc::CallbackServerContext* context,
                                     const ticker::v1::GetQuoteRequest* request,
                                     ticker::v1::GetQuoteResponse* response) override;
  grpc::ServerWriteReactor<ticker::v1::ReplayResponse>* Replay(
      grpc::CallbackServerContext* context, const ticker::v1::ReplayRequest* request) override;
  grpc::ServerWriteReactor<ticker::v1::WatchResponse>* Watch(
      grpc::CallbackServerContext* context, const ticker::v1::WatchRequest* request) override;

 private:
  Recordings& recordings_;
  Exchange& exchange_;
  Feeds feeds_;
};

// NOT_FOUND.
grpc::Status no_such_symbol(const std::string& symbol);
