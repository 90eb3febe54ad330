//! Two ways to tell everybody something that look right, and that let one slow listener decide for
//! all.

use tokio::sync::{Mutex, mpsc};

/// Everybody who listens, each by a queue.
#[derive(Default)]
pub struct Hall {
    listeners: Mutex<Vec<mpsc::Sender<&'static str>>>,
}

impl Hall {
    pub async fn join(&self, queue: usize) -> mpsc::Receiver<&'static str> {
        let (listener, heard) = mpsc::channel(queue);
        self.listeners.lock().await.push(listener);
        heard
    }

    // ANCHOR: under_lock
    /// One speaker at a time, and so one order. One slow listener stops them all.
    pub async fn say_under_lock(&self, text: &'static str) {
        let listeners = self.listeners.lock().await;
        for listener in listeners.iter() {
            let _ = listener.send(text).await; // the lock is still held
        }
    }
    // ANCHOR_END: under_lock

    // ANCHOR: after_lock
    /// The lock is let go before anybody is waited for. Now one speaker may overtake
    /// another.
    pub async fn say_after_lock(&self, text: &'static str) {
        let listeners = self.listeners.lock().await.clone();
        for listener in listeners {
            let _ = listener.send(text).await;
        }
    }
    // ANCHOR_END: after_lock
}
