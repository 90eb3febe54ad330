//! The proxy passes bytes on, counts connections, and spoils them when asked to.

use std::time::{Duration, Instant};

use testkit::{Proxy, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A server that sends back what it is sent, behind a proxy.
async fn echo() -> Proxy {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut peer, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = peer.split();
                // A cut connection is an error here, and of no interest.
                let _ = tokio::io::copy(&mut from, &mut to).await;
                let _ = to.shutdown().await;
            });
        }
    });
    Proxy::start(address).await
}

async fn send_and_receive(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.write_all(b"hello").await?;
    let mut back = [0; 5];
    stream.read_exact(&mut back).await?;
    assert_eq!(&back, b"hello");
    Ok(())
}

#[tokio::test]
async fn bytes_pass_in_both_directions_and_connections_are_counted() {
    let proxy = echo().await;
    assert_eq!(proxy.connections(), 0);
    for connections in 1..=3 {
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        within("an echo", send_and_receive(&mut stream))
            .await
            .unwrap();
        assert_eq!(proxy.connections(), connections);
    }
}

#[tokio::test]
async fn the_end_of_one_direction_is_passed_on_and_the_other_goes_on() {
    let proxy = echo().await;
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    stream.write_all(b"last words").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut back = String::new();
    within("the echo's end", stream.read_to_string(&mut back))
        .await
        .unwrap();
    assert_eq!(back, "last words");
}

#[tokio::test]
async fn a_cut_resets_the_connections_of_now_and_no_later_ones() {
    let proxy = echo().await;
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    within("an echo", send_and_receive(&mut stream))
        .await
        .unwrap();
    proxy.cut();
    let error = within("the reset", stream.read_u8()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);

    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    within("an echo", send_and_receive(&mut stream))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_black_hole_passes_nothing_until_it_ends() {
    let proxy = echo().await;
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    within("an echo", send_and_receive(&mut stream))
        .await
        .unwrap();
    proxy.black_hole(true);
    stream.write_all(b"hello").await.unwrap();
    let mut back = [0; 5];
    // That nothing comes can only be seen by waiting; a false pass is possible, a false alarm not.
    tokio::time::timeout(Duration::from_millis(50), stream.read_exact(&mut back))
        .await
        .expect_err("nothing may pass");
    proxy.black_hole(false);
    within("the echo", stream.read_exact(&mut back))
        .await
        .unwrap();
    assert_eq!(&back, b"hello");
}

#[tokio::test]
async fn a_delay_holds_every_piece_back() {
    let proxy = echo().await;
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    proxy.delay(Duration::from_millis(30));
    let began = Instant::now();
    within("an echo", send_and_receive(&mut stream))
        .await
        .unwrap();
    // There and back.
    assert!(began.elapsed() >= Duration::from_millis(60));
}

#[tokio::test]
async fn without_a_server_the_client_is_cut_off() {
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let proxy = Proxy::start(address).await;
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    within("the reset", stream.read_u8()).await.unwrap_err();
}
