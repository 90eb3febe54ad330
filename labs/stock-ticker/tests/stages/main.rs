//! The stock ticker's tests, one module a stage. They start the program and speak gRPC to it, or
//! run it as the client of a scripted server; they never see its source.

mod stage_1_replay;
mod stage_2_break;
mod stage_3_leaving;
mod stage_4_pace;
mod stage_5_stalled;
mod stage_6_watch;
mod stage_7_failure;
mod stage_8_deadline;
mod stage_9_client;

use std::time::Duration;

use proto::ticker::v1::inspect_service_client::InspectServiceClient;
use proto::ticker::v1::ticker_service_client::TickerServiceClient;
use proto::ticker::v1::watch_response::Event;
use proto::ticker::v1::{
    CountLinesRequest, CountLinesResponse, CountReadsRequest, CountReadsResponse,
    EndTradingRequest, Ending, GetQuoteRequest, GetQuoteResponse, ReplayRequest, ReplayResponse,
    Tick, TradeRequest, WatchRequest, WatchResponse,
};
use testkit::{Lab, Outcome, Replies, Server, eventually, expect_eq};
use tonic::Request;
use tonic::transport::Channel;

const PROGRAM: Lab = testkit::program!();

const INSPECT: &str =
    "InspectService is given, and answers unless the server's threads are blocked.";

/// How much a stream may be sent before its caller has read any: HTTP/2's own default.
const WINDOW: u32 = 65_535;

/// For all streams together. It is large, so that no stream that is not read stands in another's
/// way: that is the client's to see to, and these tests do.
const CONNECTION_WINDOW: u32 = 8 << 20;

/// How much a server may hold of what one caller has not taken, beside the window: in its own
/// buffers, in those of its gRPC library, and in the system's.
const HELD_BY_SERVER: u64 = 512 << 10;

/// A stock ticker that is running, and one connection to it.
struct Ticker {
    server: Server,
    stub: TickerServiceClient<Channel>,
    /// On a connection of its own.
    inspect: InspectServiceClient<Channel>,
}

impl Ticker {
    /// On its exchange nothing happens but what a test makes happen.
    async fn start() -> Self {
        Self::connect(Server::start_with(PROGRAM, &["--still"]).await)
    }

    fn connect(server: Server) -> Self {
        // Small windows for the streams, and a large one for the connection.
        let channel = server
            .endpoint()
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .connect_lazy();
        Self {
            stub: TickerServiceClient::new(channel),
            inspect: InspectServiceClient::new(server.channel()),
            server,
        }
    }

    /// The same server, over new connections.
    fn reconnect(self) -> Self {
        Self::connect(self.server)
    }

    async fn quote(&self, symbol: &str) -> Outcome<GetQuoteResponse> {
        let mut stub = self.stub.clone();
        let request = GetQuoteRequest {
            symbol: symbol.to_owned(),
        };
        let call = format!("GetQuote({symbol})");
        self.server
            .call(call, request, async |it| stub.get_quote(it).await)
            .await
    }

    async fn replay(&self, symbol: &str) -> Replies<ReplayResponse> {
        self.replay_of(whole_replay(symbol)).await
    }

    async fn replay_of(&self, request: ReplayRequest) -> Replies<ReplayResponse> {
        self.replay_until(request, None).await
    }

    /// A replay whose caller says how long it waits, and leaves it to the server to keep to that.
    async fn replay_until(
        &self,
        request: ReplayRequest,
        timeout: Option<Duration>,
    ) -> Replies<ReplayResponse> {
        let call = show_replay(&request, timeout);
        self.replay_called(call, request, timeout).await
    }

    /// The same, under a name that says more than the request does.
    async fn replay_called(
        &self,
        call: String,
        request: ReplayRequest,
        timeout: Option<Duration>,
    ) -> Replies<ReplayResponse> {
        let mut stub = self.stub.clone();
        self.server
            .open(call, request, async |mut it| {
                set_timeout(&mut it, timeout);
                stub.replay(it).await
            })
            .await
    }

    async fn watch(&self, symbol: &str) -> Replies<WatchResponse> {
        self.watch_until(symbol, None).await
    }

    async fn watch_until(&self, symbol: &str, timeout: Option<Duration>) -> Replies<WatchResponse> {
        let mut stub = self.stub.clone();
        let request = WatchRequest {
            symbol: symbol.to_owned(),
        };
        let limit = timeout.map_or(String::new(), |timeout| format!(", within {timeout:?}"));
        let call = format!("Watch({symbol}{limit})");
        self.server
            .open(call, request, async |mut it| {
                set_timeout(&mut it, timeout);
                stub.watch(it).await
            })
            .await
    }

    /// Watches, and is sure of it.
    async fn watching(&self, symbol: &str) -> Replies<WatchResponse> {
        let watch = self.watch(symbol).await;
        watch.begins(
            "The response's headers tell the caller that it watches: they are sent at once, and \
             not together with the first tick.",
        );
        watch
    }

    async fn reads(&self, symbol: &str) -> CountReadsResponse {
        let mut inspect = self.inspect.clone();
        let request = CountReadsRequest {
            symbol: symbol.to_owned(),
        };
        let call = format!("CountReads({symbol})");
        let counted = self
            .server
            .call(call, request, async |it| inspect.count_reads(it).await)
            .await;
        counted.is_ok(INSPECT)
    }

    /// Waits until a symbol's recordings are all closed again, which are so many.
    async fn recordings_are_closed(&self, after: &str, symbol: &str, closed: u64, because: &str) {
        eventually(
            after,
            &format!("no recording of {symbol} that is open, and {closed} closed"),
            because,
            async || self.reads(symbol).await,
            |reads| reads.open == 0 && reads.closed == closed,
        )
        .await;
    }

    /// Makes a symbol's next ticks happen; answers the number of the last.
    async fn trade(&self, symbol: &str, ticks: u32) -> u64 {
        let mut inspect = self.inspect.clone();
        let request = TradeRequest {
            symbol: symbol.to_owned(),
            ticks,
        };
        let call = format!("Trade({symbol}, {ticks})");
        let traded = self
            .server
            .call(call, request, async |it| inspect.trade(it).await)
            .await;
        traded.is_ok(INSPECT).sequence
    }

    async fn end_trading(&self, symbol: &str, ending: Ending) {
        let mut inspect = self.inspect.clone();
        let request = EndTradingRequest {
            symbol: symbol.to_owned(),
            ending: ending.into(),
        };
        let call = format!("EndTrading({symbol}, {ending:?})");
        let ended = self
            .server
            .call(call, request, async |it| inspect.end_trading(it).await)
            .await;
        ended.is_ok(INSPECT);
    }

    async fn lines(&self, symbol: &str) -> CountLinesResponse {
        let mut inspect = self.inspect.clone();
        let request = CountLinesRequest {
            symbol: symbol.to_owned(),
        };
        let call = format!("CountLines({symbol})");
        let counted = self
            .server
            .call(call, request, async |it| inspect.count_lines(it).await)
            .await;
        counted.is_ok(INSPECT)
    }

    async fn no_line_is_open(&self, after: &str, symbol: &str) {
        eventually(
            after,
            &format!("no line to the exchange for {symbol} that is open"),
            "Nobody watches any more, and the exchange bills by the minute.",
            async || self.lines(symbol).await,
            |lines| lines.open == 0,
        )
        .await;
    }

    /// Waits until nothing more is read of a symbol while somebody else is served, twice, and
    /// gives what has been read until then.
    async fn reads_stand_still(&self, symbol: &str) -> CountReadsResponse {
        let mut still = 0;
        let mut before = self.reads(symbol).await;
        while still < 2 {
            self.somebody_else_is_served().await;
            let now = self.reads(symbol).await;
            still = match now.ticks {
                0 => 0,
                ticks if ticks == before.ticks => still + 1,
                _ => 0,
            };
            before = now;
        }
        before
    }

    /// Gives the server as much time as it takes to answer somebody else, so that whatever it
    /// still does for the calls under test shows.
    async fn somebody_else_is_served(&self) {
        let mut replay = self.replay("AAPL").await;
        sequences(&mut replay, 1..=500, "Nobody else's call may wait.").await;
    }
}

/// Sends the header `grpc-timeout`. tonic's client keeps to it until the response's headers come,
/// and no longer.
fn set_timeout<T>(request: &mut Request<T>, timeout: Option<Duration>) {
    if let Some(timeout) = timeout {
        request.set_timeout(timeout);
    }
}

fn whole_replay(symbol: &str) -> ReplayRequest {
    ReplayRequest {
        symbol: symbol.to_owned(),
        ..ReplayRequest::default()
    }
}

fn replay_limited(symbol: &str, limit: u32) -> ReplayRequest {
    ReplayRequest {
        limit,
        ..whole_replay(symbol)
    }
}

fn replay_paced(symbol: &str, limit: u32, interval: Duration) -> ReplayRequest {
    ReplayRequest {
        interval: Some(
            interval
                .try_into()
                .expect("the tests' intervals are not long"),
        ),
        ..replay_limited(symbol, limit)
    }
}

fn show_replay(request: &ReplayRequest, timeout: Option<Duration>) -> String {
    let mut shown = request.symbol.clone();
    if request.limit != 0 {
        shown += &format!(", limit {}", request.limit);
    }
    if let Some(interval) = request.interval {
        shown += &format!(", interval {interval}");
    }
    if let Some(timeout) = timeout {
        shown += &format!(", within {timeout:?}");
    }
    format!("Replay({shown})")
}

/// Expects ticks with these sequence numbers, one after another.
async fn sequences(
    replay: &mut Replies<ReplayResponse>,
    expected: impl IntoIterator<Item = u64>,
    because: &str,
) {
    for sequence in expected {
        let came = replay.next(because).await.tick.unwrap_or_default();
        expect_eq(
            "the sequence number of the next tick of a replay",
            came.sequence,
            sequence,
            because,
        );
    }
}

/// Expects ticks with these sequence numbers, one after another, and none missed.
async fn every_tick(
    watch: &mut Replies<WatchResponse>,
    expected: impl IntoIterator<Item = u64>,
    because: &str,
) {
    for sequence in expected {
        let came = summary(watch.next(because).await);
        let expected = Summary::Tick { sequence };
        expect_eq("the next event of a watch", came, expected, because);
    }
}

/// An event without its tick's book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Summary {
    Tick { sequence: u64 },
    Missed { ticks: u64 },
    NotSet,
}

fn summary(response: WatchResponse) -> Summary {
    match response.event {
        Some(Event::Tick(Tick { sequence, .. })) => Summary::Tick { sequence },
        Some(Event::Missed(ticks)) => Summary::Missed { ticks },
        None => Summary::NotSet,
    }
}
