//! The server, over real sockets: whom it answers, what it runs, and what it tells its pages.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::course::Course;

/// For anything that has to happen; a build of the throw-away lab is the longest.
const PATIENCE: Duration = Duration::from_secs(60);

struct Server {
    course: Course,
    child: Child,
    port: u16,
}

impl Server {
    fn start() -> Server {
        Server::of(Course::new())
    }

    fn of(course: Course) -> Server {
        let mut child = course
            .command(&["serve", "--no-open", "--port", "0"])
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut said = BufReader::new(child.stderr.take().expect("it was piped"));
        let mut line = String::new();
        let port = loop {
            line.clear();
            said.read_line(&mut line).expect("it is text");
            assert!(!line.is_empty(), "the server ended");
            if let Some((_, rest)) = line.split_once("Serving http://127.0.0.1:") {
                break rest
                    .split('/')
                    .next()
                    .and_then(|port| port.parse().ok())
                    .expect("a port");
            }
        };
        // Read to its end, so that the server never waits for us.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Server {
            course,
            child,
            port,
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
        stream
    }

    /// Sends exactly these headers; gives status and body.
    fn ask(&self, first: &str, headers: &[&str]) -> (u16, String) {
        let body = if first.ends_with("on-save") {
            "{\"on\":false}"
        } else {
            ""
        };
        let mut stream = self.connect();
        let mut request = format!("{first} HTTP/1.1\r\nConnection: close\r\n");
        for header in headers {
            request.push_str(&header.replace("PORT", &self.port.to_string()));
            request.push_str("\r\n");
        }
        if !body.is_empty() {
            request.push_str("Content-Type: application/json\r\n");
        }
        request.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("it answers");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|s| s.parse().ok())
            .expect("a status");
        (status, body.to_owned())
    }

    fn get(&self, path: &str) -> (u16, String) {
        self.ask(&format!("GET {path}"), &["Host: 127.0.0.1:PORT"])
    }

    /// As a page of the book posts.
    fn post(&self, path: &str) -> (u16, String) {
        let headers = [
            "Host: 127.0.0.1:PORT",
            "Origin: http://127.0.0.1:PORT",
            "X-Course: 1",
        ];
        self.ask(&format!("POST {path}"), &headers)
    }

    fn events(&self, query: &str) -> Events {
        let mut stream = self.connect();
        write!(
            stream,
            "GET /api/events{query} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n",
            self.port
        )
        .expect("it reads");
        Events(BufReader::new(stream))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Events(BufReader<TcpStream>);

impl Events {
    /// The next event that is as wanted.
    fn wait(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        let mut line = String::new();
        while Instant::now() < deadline {
            line.clear();
            self.0
                .read_line(&mut line)
                .unwrap_or_else(|error| panic!("no {what}: {error}"));
            let event = line
                .strip_prefix("data: ")
                .and_then(|data| serde_json::from_str(data).ok());
            if let Some(event) = event.filter(&wanted) {
                return event;
            }
        }
        panic!("no {what} in time");
    }
}

fn kind(event: &Value) -> &str {
    event["event"].as_str().unwrap_or_default()
}

/// A lab's event after a run, with the verdicts in order.
fn verdicts<'a>(wanted: &'a [&'a str]) -> impl Fn(&Value) -> bool + 'a {
    move |event| {
        let lab = &event["lab"];
        kind(event) == "lab"
            && lab["phase"].is_null()
            && lab["changed"] == false
            && lab["stages"].as_array().is_some_and(|stages| {
                stages
                    .iter()
                    .map(|stage| stage["verdict"].as_str().unwrap_or_default())
                    .eq(wanted.iter().copied())
            })
    }
}

#[test]
fn pages_carry_the_mark_of_the_server_and_nothing_else_is_found() {
    let server = Server::start();
    let (status, page) = server.get("/phase-1/01-counting/lab.html");
    assert_eq!(status, 200);
    assert!(page.contains("<meta name=\"course-server\" content=\""));
    assert_eq!(server.get("/").0, 200);
    for path in [
        "/nowhere.html",
        "/../Cargo.toml",
        "/%2e%2e/Cargo.toml",
        "/phase-1/../../book.toml",
        "/phase-1/01-counting/quiz.toml",
    ] {
        assert_eq!(server.get(path).0, 404, "{path}");
    }
    assert_eq!(server.post("/").0, 405);
}

#[test]
fn another_host_is_refused_whatever_it_resolves_to() {
    let server = Server::start();
    for host in [
        "Host: 127.0.0.1:PORT",
        "Host: localhost:PORT",
        "Host: [::1]:PORT",
        "Host: LOCALHOST:PORT",
    ] {
        assert_eq!(server.ask("GET /", &[host]).0, 200, "{host}");
    }
    for headers in [
        &["Host: evil.example:PORT"][..],
        &["Host: evil.example"],
        &["Host: 127.0.0.1"],
        &["Host: 127.0.0.1:1"],
        &["Host: 127.0.0.1.evil.example:PORT"],
        &["Host: 127.0.0.1:PORT.evil.example"],
        &["Host: 127.0.0.1:PORT", "Host: evil.example"],
    ] {
        for path in ["GET /", "GET /api/events", "GET /api/labs/counter"] {
            let status = server.ask(path, headers).0;
            assert!(matches!(status, 400 | 403), "{path} {headers:?}: {status}");
        }
    }
    assert!(matches!(server.ask("GET /", &[]).0, 400 | 403));
}

#[test]
fn another_origin_is_refused() {
    let server = Server::start();
    for origin in [
        "http://evil.example",
        "https://127.0.0.1:PORT",
        "http://127.0.0.1:1",
        "http://127.0.0.1",
        "null",
        "http://127.0.0.1:PORT.evil.example",
    ] {
        let origin = format!("Origin: {origin}");
        let headers = ["Host: 127.0.0.1:PORT", &origin, "X-Course: 1"];
        assert_eq!(
            server.ask("POST /api/labs/counter/run", &headers).0,
            403,
            "{origin}"
        );
        assert_eq!(
            server.ask("GET /api/labs/counter", &headers).0,
            403,
            "{origin}"
        );
    }
    let headers = ["Host: 127.0.0.1:PORT", "Sec-Fetch-Site: cross-site"];
    assert_eq!(server.ask("GET /api/labs/counter", &headers).0, 403);
    assert_eq!(
        server.ask("GET /introduction.html", &headers).0,
        200,
        "a link to the book is a link"
    );
}

#[test]
fn what_changes_something_comes_from_a_page_of_the_book() {
    let server = Server::start();
    for what in ["run", "hint", "on-save"] {
        let first = format!("POST /api/labs/counter/{what}");
        let host = "Host: 127.0.0.1:PORT";
        assert_eq!(
            server.ask(&first, &[host, "X-Course: 1"]).0,
            403,
            "{what} without Origin"
        );
        assert_eq!(
            server
                .ask(&first, &[host, "Origin: http://127.0.0.1:PORT"])
                .0,
            403,
            "{what} without X-Course"
        );
        assert_eq!(
            server.get(&format!("/api/labs/counter/{what}")).0,
            405,
            "{what} by GET"
        );
    }
    // CORS is never granted, so a page elsewhere cannot send X-Course at all.
    let headers = [
        "Host: 127.0.0.1:PORT",
        "Origin: http://evil.example",
        "Access-Control-Request-Headers: x-course",
    ];
    assert_eq!(server.ask("OPTIONS /api/labs/counter/run", &headers).0, 403);
    assert!(
        !server.course.path(".lab/progress.json").exists(),
        "something ran"
    );
}

#[test]
fn only_the_courses_labs_can_be_run() {
    let server = Server::start();
    for name in [
        "nowhere",
        "counter-solution",
        "..",
        "..%2f..%2fsolutions%2fcounter",
        "counter%20--all",
        "--help",
        "Counter",
        "counter%00",
    ] {
        let status = server.post(&format!("/api/labs/{name}/run")).0;
        assert!(matches!(status, 400 | 404), "{name}: {status}");
        let status = server.get(&format!("/api/events?lab={name}")).0;
        assert!(matches!(status, 400 | 404), "{name}: {status}");
    }
    for path in [
        "/api/labs/counter/build",
        "/api/run",
        "/api/labs/counter/run/counter",
    ] {
        assert_eq!(server.post(path).0, 404, "{path}");
    }
    assert!(
        !server.course.path(".lab/progress.json").exists(),
        "something ran"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn it_listens_on_loopback_only() {
    let server = Server::start();
    let listening = |table: &str| {
        let table = std::fs::read_to_string(table).unwrap_or_default();
        let port = format!(":{:04X}", server.port);
        let rows: Vec<_> = table
            .lines()
            .map(|row| row.split_whitespace().collect::<Vec<_>>())
            .collect();
        rows.iter()
            .filter(|row| row.get(3) == Some(&"0A") && row[1].ends_with(&port))
            .map(|row| row[1].to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        listening("/proc/net/tcp"),
        [format!("0100007F:{:04X}", server.port)]
    );
    assert_eq!(listening("/proc/net/tcp6"), [""; 0]);
}

#[test]
fn a_run_goes_from_red_to_green_while_the_lab_is_solved() {
    let server = Server::start();
    let mut events = server.events("?lab=counter");
    events.wait("first state", verdicts(&["not-run", "not-run"]));

    assert_eq!(server.post("/api/labs/counter/run").0, 200);
    events.wait("building", |event| event["lab"]["phase"] == "building");
    let state = events.wait("stage 1 red", verdicts(&["failed", "not-run"]));
    let red = &state["lab"]["red"];
    assert_eq!(red["number"], 1);
    assert!(
        red["said"]
            .as_str()
            .unwrap()
            .contains("not yet implemented: stage 1"),
        "{red}"
    );

    // A page shows the card, so a save is enough.
    server.course.write(
        "labs/counter/src/count.rs",
        &WRONG.replace("ANSWER", "Some(a.wrapping_add(b))"),
    );
    let state = events.wait("stage 2 red", verdicts(&["passed", "failed"]));
    assert_eq!(state["lab"]["red"]["number"], 2);

    server.course.write(
        "labs/counter/src/count.rs",
        &WRONG.replace("ANSWER", "Some(a.wrapping_add(b)"),
    );
    let state = events.wait("no build", |event| {
        event["lab"]["trouble"].is_string() && event["lab"]["phase"].is_null()
    });
    assert!(
        state["lab"]["trouble"]
            .as_str()
            .unwrap()
            .contains("error: "),
        "{state}"
    );

    server.course.write(
        "labs/counter/src/count.rs",
        &WRONG.replace("ANSWER", "a.checked_add(b)"),
    );
    let state = events.wait("all green", verdicts(&["passed", "passed"]));
    assert!(
        state["lab"]["red"].is_null() && state["lab"]["trouble"].is_null(),
        "{state}"
    );
    assert!(state["lab"]["hints"].is_null());
}

/// The throw-away lab's file.
const WRONG: &str =
    "//! What the learner writes.\n\npub fn add(a: i8, b: i8) -> Option<i8> {\n    ANSWER\n}\n";

#[test]
fn a_save_runs_nothing_when_no_page_shows_the_lab_or_the_learner_does_not_want_it() {
    let server = Server::start();
    let mut events = server.events("");
    server.course.write(
        "labs/counter/src/count.rs",
        &WRONG.replace("ANSWER", "None"),
    );
    events.wait("a state", |event| kind(event) == "lab");

    let mut shown = server.events("?lab=counter");
    shown.wait("a state", |event| kind(event) == "lab");
    assert_eq!(server.post("/api/labs/counter/on-save").0, 200);
    shown.wait("off", |event| event["lab"]["onSave"] == false);
    server.course.write(
        "labs/counter/src/count.rs",
        &WRONG.replace("ANSWER", "Some(1)"),
    );
    let state = shown.wait("a state", |event| kind(event) == "lab");
    assert!(state["lab"]["phase"].is_null());
    assert!(
        !server.course.path(".lab/progress.json").exists(),
        "something ran"
    );
}

#[test]
fn what_a_terminal_finds_is_shown_and_hints_are_counted_with_it() {
    let server = Server::start();
    let mut events = server.events("?lab=counter");
    events.wait("first state", verdicts(&["not-run", "not-run"]));
    let course = server.course.lab();
    let lab = course.lab("counter").unwrap();
    let sources = lab::files::fingerprint(&lab.sources().unwrap());
    let run = lab::runner::StageRun {
        number: 1,
        passed: true,
        tests: Vec::new(),
        trouble: None,
    };
    lab::progress::Progress::update(&course, |progress| progress.record(&lab, &[run], &sources))
        .unwrap();
    events.wait("the terminal's verdict", verdicts(&["passed", "not-run"]));

    for seen in 1..=3 {
        let (status, state) = server.post("/api/labs/counter/hint");
        let state: Value = serde_json::from_str(&state).unwrap();
        assert_eq!(
            (status, state["hints"]["seen"].as_array().unwrap().len()),
            (200, seen)
        );
    }
    let (progress, _) = lab::progress::Progress::load(&course).unwrap();
    assert_eq!(progress.hints(&lab, &lab.stages[1]), 3);
}

#[test]
fn a_lab_that_a_terminal_watches_is_left_to_it() {
    let server = Server::start();
    let mut events = server.events("?lab=counter");
    let state = events.wait("a state", |event| kind(event) == "lab");
    assert_eq!(state["lab"]["watched"], false);

    // As `lab watch` does for as long as it runs.
    let path = server.course.path(".lab/watching-counter");
    let held = std::fs::File::create(path).unwrap();
    fs4::FileExt::lock(&held).unwrap();
    events.wait("watched", |event| event["lab"]["watched"] == true);
    server.course.write(
        "labs/counter/src/count.rs",
        &WRONG.replace("ANSWER", "None"),
    );
    let state = events.wait("a state", |event| kind(event) == "lab");
    assert!(state["lab"]["phase"].is_null());

    drop(held);
    server.course.write(
        "labs/counter/src/count.rs",
        &WRONG.replace("ANSWER", "Some(0)"),
    );
    events.wait("its own run", |event| event["lab"]["phase"] == "building");
    events.wait("its verdict", verdicts(&["failed", "not-run"]));
}

#[test]
fn a_change_of_a_page_reaches_the_reader_and_a_mistake_does_not_take_the_book_away() {
    let server = Server::start();
    let mut events = server.events("");
    let first = events.wait("the book", |event| kind(event) == "book");

    server
        .course
        .change("src/introduction.md", "Begin with", "Start with");
    events.wait("another book", |event| {
        kind(event) == "book" && event["build"] != first["build"]
    });
    assert!(server.get("/introduction.html").1.contains("Start with"));

    server
        .course
        .change("src/introduction.md", "index.md", "start.md");
    let said = events.wait("findings", |event| {
        event["findings"].as_array().is_some_and(|f| !f.is_empty())
    });
    assert_eq!(said["findings"][0]["file"], "src/introduction.md");
    assert_eq!(said["findings"][0]["line"], 3);
    assert!(
        server
            .get("/introduction.html")
            .1
            .contains("01-counting/index.html")
    );

    // Files that a page includes count as well.
    server
        .course
        .change("src/introduction.md", "start.md", "index.md");
    events.wait("no findings", |event| {
        event["findings"].as_array().is_some_and(Vec::is_empty)
    });
    let mended = events.wait("a sound book", |event| kind(event) == "book");
    server.course.change(
        "listings/src/lib.rs",
        "Adds what fits",
        "Adds whatever fits",
    );
    events.wait("another book", |event| {
        kind(event) == "book" && event["build"] != mended["build"]
    });
}

#[test]
fn a_port_that_is_taken_is_said_and_without_one_another_is_found() {
    let server = Server::start();
    let output = server
        .course
        .book(&["serve", "--no-open", "--port", &server.port.to_string()]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(
        said.starts_with(&format!(
            "error: cannot listen on port {}; leave --port out",
            server.port
        )),
        "{said}"
    );
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_and_what_it_runs() {
    let mut server = Server::start();
    let mut events = server.events("?lab=counter");
    server.post("/api/labs/counter/run");
    events.wait("building", |event| event["lab"]["phase"] == "building");
    let pid = server.child.id().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-INT", &pid])
        .status()
        .unwrap();
    assert!(sent.success());
    assert_eq!(server.child.wait().unwrap().code(), Some(130));
}
