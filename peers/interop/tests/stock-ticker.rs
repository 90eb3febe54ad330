//! The stock ticker, sixteen times: a replay to its limit, one that breaks off, and a watch.

mod pairs;

use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use proto::ticker::v1::inspect_service_client::InspectServiceClient;
use proto::ticker::v1::{CountLinesRequest, EndTradingRequest, Ending, TradeRequest};
use testkit::{DEADLINE, Lab, Program, Server, eventually, expect_eq};
use tonic::transport::Channel;

use pairs::{SAME, url};

/// For twenty thousand messages, in the slowest of the languages.
const LONG: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    pairs::run("stock-ticker", &["--still"], pair)
}

async fn pair(client: Lab, server: Rc<Server>) {
    let url = url(&server);
    let ask = ["replay", "AAPL", "--limit", "3", "--server", &url];
    let lines = ["1 142.86 152", "2 142.92 303", "3 142.98 454"];
    Program::run(client, &ask).await.prints_lines(&lines, SAME);

    let torn = Program::run(client, &["replay", "TORN", "--server", &url]).await;
    // UNAVAILABLE is 14.
    expect_eq("the exit code of: replay TORN", torn.code(), Some(78), SAME);
    let lines = torn.output().lines().count();
    expect_eq("the lines that replay TORN prints", lines, 40, SAME);

    // Many small messages, faster than most clients print them.
    let ask = ["replay", "FLOW", "--limit", "20000", "--server", &url];
    let flow = Program::start(client, &ask).finish(LONG).await;
    expect_eq("the exit code of: replay FLOW", flow.code(), Some(0), SAME);
    let lines = flow.output().lines().count();
    expect_eq("the lines of: replay FLOW", lines, 20_000, SAME);

    watch(client, &server, &url).await;
}

/// Two trades while the client watches, and then the exchange closes.
async fn watch(client: Lab, server: &Server, url: &str) {
    let mut inspect = InspectServiceClient::new(server.channel());
    let symbol = || "AAPL".to_owned();
    let mut watching = Program::start(client, &["watch", "AAPL", "--server", url]);
    eventually(
        "a client that watches AAPL",
        "a line to the exchange",
        SAME,
        async || open_lines(&mut inspect.clone(), symbol()).await,
        |open| *open == 1,
    )
    .await;

    let trade = TradeRequest {
        symbol: symbol(),
        ticks: 2,
    };
    let traded = server.call("Trade(AAPL, 2)", trade, async |it| inspect.trade(it).await);
    let last = traded.await.is_ok(SAME).sequence;
    for sequence in [last - 1, last] {
        let line = watching.line(&format!("{sequence} "), DEADLINE).await;
        expect_eq("words after the number", line.split(' ').count(), 2, SAME);
    }

    let end = EndTradingRequest {
        symbol: symbol(),
        ending: Ending::Closed.into(),
    };
    let ended = server.call("EndTrading(AAPL)", end, async |it| {
        inspect.end_trading(it).await
    });
    ended.await.is_ok(SAME);
    let watched = watching.finish(DEADLINE).await;
    expect_eq(
        "the exit code of: watch AAPL",
        watched.code(),
        Some(0),
        SAME,
    );
}

async fn open_lines(inspect: &mut InspectServiceClient<Channel>, symbol: String) -> u64 {
    let lines = inspect.count_lines(CountLinesRequest { symbol }).await;
    lines.map_or(0, |lines| lines.into_inner().open)
}
