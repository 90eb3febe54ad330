//! What the server answers: the book's files, a stream of events, and three things to do with a
//! lab. A name that is not one of the course's labs is not found, whatever it looks like.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{Method, StatusCode, Uri, header};
use axum::middleware;
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use tokio::sync::broadcast::error::RecvError;
use tokio_stream::wrappers::ReceiverStream;

use super::guard::guard;
use super::labs::{self, Desk};
use super::{Event, Server};

pub fn router(server: Arc<Server>) -> Router {
    Router::new()
        .route("/api/events", get(events))
        .route("/api/labs/{name}", get(state))
        .route("/api/labs/{name}/run", post(run))
        .route("/api/labs/{name}/hint", post(hint))
        .route("/api/labs/{name}/on-save", post(on_save))
        .fallback(file)
        .layer(middleware::from_fn_with_state(Arc::clone(&server), guard))
        .with_state(server)
}

async fn file(State(server): State<Arc<Server>>, method: Method, uri: Uri) -> Response {
    if uri.path().starts_with("/api/") {
        return not_found(uri.path());
    }
    if method != Method::GET && method != Method::HEAD {
        return (StatusCode::METHOD_NOT_ALLOWED, "the book is only read\n").into_response();
    }
    let (site, build) = {
        let now = server.now();
        (Arc::clone(&now.site), server.build_id(now.builds))
    };
    let (status, file) = match site.get(uri.path()) {
        Some(file) => (StatusCode::OK, file),
        None => match site.get("/404.html") {
            Some(page) => (StatusCode::NOT_FOUND, page),
            None => return not_found(uri.path()),
        },
    };
    let content = match file.is_page() {
        true => file.marked(&build),
        false => file.content.clone(),
    };
    (status, [(header::CONTENT_TYPE, file.media_type)], content).into_response()
}

fn not_found(what: &str) -> Response {
    Refusal(StatusCode::NOT_FOUND, format!("there is nothing at {what}")).into_response()
}

/// A status and a sentence.
struct Refusal(StatusCode, String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, format!("{}\n", self.1)).into_response()
    }
}

impl From<lab::error::Error> for Refusal {
    fn from(error: lab::error::Error) -> Refusal {
        Refusal(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}

type Answer = Result<Json<labs::State>, Refusal>;

fn desk<'a>(server: &'a Server, name: &str) -> Result<&'a Desk, Refusal> {
    let unknown = || Refusal(StatusCode::NOT_FOUND, format!("no lab named {name:?}"));
    server.desks.get(name).ok_or_else(unknown)
}

async fn state(State(server): State<Arc<Server>>, Path(name): Path<String>) -> Answer {
    let desk = desk(&server, &name)?;
    Ok(Json(desk.state(&server.course)?))
}

async fn run(State(server): State<Arc<Server>>, Path(name): Path<String>) -> Answer {
    let desk = desk(&server, &name)?;
    labs::run(&server, &name);
    Ok(Json(desk.state(&server.course)?))
}

async fn hint(State(server): State<Arc<Server>>, Path(name): Path<String>) -> Answer {
    let desk = desk(&server, &name)?;
    desk.hint(&server.course)?;
    labs::tell(&server, &name);
    Ok(Json(desk.state(&server.course)?))
}

#[derive(Deserialize)]
struct OnSave {
    on: bool,
}

async fn on_save(
    State(server): State<Arc<Server>>,
    Path(name): Path<String>,
    Json(wanted): Json<OnSave>,
) -> Answer {
    let desk = desk(&server, &name)?;
    desk.set_on_save(wanted.on);
    labs::tell(&server, &name);
    Ok(Json(desk.state(&server.course)?))
}

#[derive(Deserialize)]
struct Listen {
    /// The lab whose card the page shows, if it shows one.
    lab: Option<String>,
}

async fn events(
    State(server): State<Arc<Server>>,
    Query(listen): Query<Listen>,
) -> Result<impl IntoResponse, Refusal> {
    let present = match &listen.lab {
        Some(name) => Some(desk(&server, name)?.present()),
        None => None,
    };
    let (send, receive) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        let _present = present; // until the page goes
        let mut events = server.events.subscribe();
        let mut everything = true;
        loop {
            let batch = match everything {
                true => snapshot(&server, listen.lab.as_deref()),
                false => tokio::select! {
                    event = events.recv() => match event {
                        Ok(event) => vec![event],
                        Err(RecvError::Lagged(_)) => {
                            everything = true;
                            continue;
                        }
                        Err(RecvError::Closed) => return,
                    },
                    () = send.closed() => return,
                },
            };
            everything = false;
            for event in batch {
                let Ok(event) = sse::Event::default().json_data(&event) else {
                    continue; // our own types always serialise
                };
                if send.send(Ok::<_, Infallible>(event)).await.is_err() {
                    return;
                }
            }
        }
    });
    Ok(Sse::new(ReceiverStream::new(receive)).keep_alive(KeepAlive::default()))
}

/// All that a page has to know when it begins to listen.
fn snapshot(server: &Server, lab: Option<&str>) -> Vec<Event> {
    let mut events = Vec::new();
    {
        let now = server.now();
        events.push(Event::Book {
            build: server.build_id(now.builds),
        });
        events.push(Event::Findings {
            findings: now.findings.clone(),
        });
    }
    let state = lab
        .and_then(|name| server.desks.get(name))
        .map(|desk| desk.state(&server.course));
    if let Some(Ok(state)) = state {
        events.push(Event::Lab {
            lab: Box::new(state),
        });
    }
    events
}
