//! A calculator that answers each method wrongly in its own way, below anything that tonic would
//! let a handler do. It is started as a lab's program is.

mod scripted;

use std::convert::Infallible;
use std::io::{BufRead as _, Write as _};
use std::task::{Context, Poll};

use http_body_util::{BodyExt as _, Full};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::transport::server::TcpIncoming;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    match std::env::args().nth(1).as_deref() {
        Some("serve") if std::env::args().any(|it| it == "--scripted") => scripted::serve().await,
        Some("serve") => {}
        Some("exit") => std::process::exit(3),
        Some("print") => {
            println!("one line");
            eprintln!("and another");
            return Ok(());
        }
        Some("repeat") => {
            for line in std::io::stdin().lock().lines() {
                println!("you said: {}", line?);
            }
            println!("goodbye");
            return Ok(());
        }
        Some("fail") => {
            println!("one\ntwo");
            eprintln!("the server is gone");
            std::process::exit(78);
        }
        Some("hold") => {
            let memory = std::hint::black_box(vec![1u8; 64 << 20]);
            println!("holding");
            std::io::stdin().lock().read_line(&mut String::new())?;
            drop(memory);
            println!("let go");
            return std::future::pending().await;
        }
        Some("count") => {
            for number in 1u64.. {
                if writeln!(std::io::stdout(), "{number}").is_err() {
                    break;
                }
            }
            return Ok(());
        }
        // Whatever else it is asked for takes for ever.
        _ => return std::future::pending().await,
    }
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse()?)?;
    println!("listening on {}", incoming.local_addr()?);
    tonic::transport::Server::builder()
        .serve_with_incoming(WrongServer, incoming)
        .await?;
    Ok(())
}

#[derive(Clone)]
struct WrongServer;

impl Service<http::Request<Body>> for WrongServer {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let method = request.uri().path().rsplit('/').next().map(str::to_owned);
        Box::pin(async move {
            Ok(match method.as_deref() {
                // The sum in field 7, which the contract does not have.
                Some("Add") => message(&[0x38, 0x05], true),
                Some("Subtract") => Status::invalid_argument("").into_http(),
                // A message, and then an end without a status.
                Some("Multiply") => message(&[0x08, 0x05], false),
                Some("Divide") => todo!("stage 2: answer a / b"),
                _ => std::future::pending().await,
            })
        })
    }
}

fn message(message: &[u8], with_trailers: bool) -> http::Response<Body> {
    let mut framed = vec![0, 0, 0, 0, message.len() as u8];
    framed.extend(message);
    let body = Full::from(framed);
    let body = if with_trailers {
        let ok = http::HeaderMap::from_iter([(
            http::HeaderName::from_static("grpc-status"),
            http::HeaderValue::from_static("0"),
        )]);
        Body::new(body.with_trailers(async { Some(Ok(ok)) }))
    } else {
        Body::new(body)
    };
    let mut response = http::Response::new(body);
    response.headers_mut().insert(
        http::header::CONTENT_TYPE,
        http::HeaderValue::from_static("application/grpc"),
    );
    response
}
