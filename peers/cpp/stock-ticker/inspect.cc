#include "inspect.h"

#include "service.h"

namespace v1 = ticker::v1;

grpc::ServerUnaryReactor* Inspect::CountReads(grpc::CallbackServerContext* context,
                                              const v1::CountReadsRequest* request,
                                              v1::CountReadsResponse* response) {
  auto* const reactor = context->DefaultReactor();
  Tape* const tape = recordings_.find(request->symbol());
  if (tape == nullptr) {
    reactor->Finish(no_such_symbol(request->symbol()));
    return reactor;
  }
  const Reads reads = Recordings::read_so_far(*tape);
  response->set_ticks(reads.ticks);
  response->set_bytes(reads.bytes);
  response->set_open(reads.open);
  response->set_closed(reads.closed);
  response->set_most_within_100_ms(reads.most_within_100_ms);
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

grpc::ServerUnaryReactor* Inspect::Trade(grpc::CallbackServerContext* context,
                                         const v1::TradeRequest* request,
                                         v1::TradeResponse* response) {
  auto* const reactor = context->DefaultReactor();
  Floor* const floor = exchange_.find(request->symbol());
  if (floor != nullptr) response->set_sequence(floor->trade(request->ticks()));
  reactor->Finish(floor != nullptr ? grpc::Status::OK : no_such_symbol(request->symbol()));
  return reactor;
}

grpc::ServerUnaryReactor* Inspect::EndTrading(grpc::CallbackServerContext* context,
                                              const v1::EndTradingRequest* request,
                                              v1::EndTradingResponse*) {
  auto* const reactor = context->DefaultReactor();
  const v1::Ending ending = request->ending();
  if (ending != v1::ENDING_CLOSED && ending != v1::ENDING_BROKEN && ending != v1::ENDING_PANIC) {
    reactor->Finish({grpc::StatusCode::INVALID_ARGUMENT, "say how trading is to end"});
    return reactor;
  }
  Floor* const floor = exchange_.find(request->symbol());
  if (floor != nullptr) floor->end_trading(ending);
  reactor->Finish(floor != nullptr ? grpc::Status::OK : no_such_symbol(request->symbol()));
  return reactor;
}

grpc::ServerUnaryReactor* Inspect::CountLines(grpc::CallbackServerContext* context,
                                              const v1::CountLinesRequest* request,
                                              v1::CountLinesResponse* response) {
  auto* const reactor = context->DefaultReactor();
  const Floor* const floor = exchange_.find(request->symbol());
  if (floor != nullptr) {
    const Lines lines = floor->lines();
    response->set_open(lines.open);
    response->set_opened(lines.opened);
  }
  reactor->Finish(floor != nullptr ? grpc::Status::OK : no_such_symbol(request->symbol()));
  return reactor;
}
