//! Lets a test see and steer the recordings and the exchange. This file is given.

use proto::ticker::v1::inspect_service_server::InspectService;
use proto::ticker::v1::{
    CountLinesRequest, CountLinesResponse, CountReadsRequest, CountReadsResponse,
    EndTradingRequest, EndTradingResponse, Ending, TradeRequest, TradeResponse,
};
use tonic::{Request, Response, Status};

use crate::exchange::Exchange;
use crate::recordings::Recordings;

#[derive(Debug)]
pub struct Inspect {
    recordings: Recordings,
    exchange: Exchange,
}

impl Inspect {
    pub fn new(recordings: Recordings, exchange: Exchange) -> Self {
        Self {
            recordings,
            exchange,
        }
    }
}

#[tonic::async_trait]
impl InspectService for Inspect {
    async fn count_reads(
        &self,
        request: Request<CountReadsRequest>,
    ) -> Result<Response<CountReadsResponse>, Status> {
        let symbol = &request.get_ref().symbol;
        let reads = self
            .recordings
            .read_so_far(symbol)
            .ok_or_else(|| no_such_symbol(symbol))?;
        Ok(Response::new(CountReadsResponse {
            ticks: reads.ticks,
            bytes: reads.bytes,
            open: reads.open,
            closed: reads.closed,
            most_within_100_ms: reads.most_within_100_ms,
        }))
    }

    async fn trade(
        &self,
        request: Request<TradeRequest>,
    ) -> Result<Response<TradeResponse>, Status> {
        let TradeRequest { symbol, ticks } = request.get_ref();
        let sequence = self
            .exchange
            .trade(symbol, *ticks)
            .ok_or_else(|| no_such_symbol(symbol))?;
        Ok(Response::new(TradeResponse { sequence }))
    }

    async fn end_trading(
        &self,
        request: Request<EndTradingRequest>,
    ) -> Result<Response<EndTradingResponse>, Status> {
        let request = request.get_ref();
        let ending = request.ending();
        if ending == Ending::Unspecified {
            return Err(Status::invalid_argument("say how trading ends"));
        }
        if !self.exchange.end_trading(&request.symbol, ending) {
            return Err(no_such_symbol(&request.symbol));
        }
        Ok(Response::new(EndTradingResponse {}))
    }

    async fn count_lines(
        &self,
        request: Request<CountLinesRequest>,
    ) -> Result<Response<CountLinesResponse>, Status> {
        let symbol = &request.get_ref().symbol;
        let lines = self
            .exchange
            .lines(symbol)
            .ok_or_else(|| no_such_symbol(symbol))?;
        Ok(Response::new(CountLinesResponse {
            open: lines.open,
            opened: lines.opened,
        }))
    }
}

fn no_such_symbol(symbol: &str) -> Status {
    Status::not_found(format!("there is no symbol {symbol:?}"))
}
