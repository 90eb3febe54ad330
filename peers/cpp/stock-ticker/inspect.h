// Lets a test see and steer the recordings and the exchange.
#pragma once

#include "exchange.h"
#include "recordings.h"
#include "ticker/v1/inspect.grpc.pb.h"

class Inspect final : public ticker::v1::InspectService::CallbackService {
 public:
  Inspect(Recordings& recordings, Exchange& exchange)
      : recordings_(recordings), exchange_(exchange) {}

  grpc::ServerUnaryReactor* CountReads(grpc::CallbackServerContext* context,
                                       const ticker::v1::CountReadsRequest* request,
                                       ticker::v1::CountReadsResponse* response) override;
  grpc::ServerUnaryReactor* Trade(grpc::CallbackServerContext* context,
                                  const ticker::v1::TradeRequest* request,
                                  ticker::v1::TradeResponse* response) override;
  grpc::ServerUnaryReactor* EndTrading(grpc::CallbackServerContext* context,
                                       const ticker::v1::EndTradingRequest* request,
                                       ticker::v1::EndTradingResponse* response) override;
  grpc::ServerUnaryReactor* CountLines(grpc::CallbackServerContext* context,
                                       const ticker::v1::CountLinesRequest* request,
                                       ticker::v1::CountLinesResponse* response) override;

 private:
  Recordings& recordings_;
  Exchange& exchange_;
};
