//! What a build does, shown while it does it: one line that changes on a terminal, lines with a time elsewhere.

use crate::terminal::Terminal;
use anstyle::AnsiColor;
use envwright_builder::{Event, Listener, Step};
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

/// How often the changing line is drawn.
const TICK: Duration = Duration::from_millis(100);

/// Shows events.
pub(crate) struct Progress<'a> {
    terminal: &'a Terminal,
    bar: Option<Mutex<ProgressBar>>,
    packed: AtomicUsize,
    to_pack: AtomicUsize,
    /// Bytes that came until now, some of them before it is known how many there will be.
    fetched: AtomicU64,
    to_fetch: AtomicU64,
}

impl<'a> Progress<'a> {
    pub(crate) fn new(terminal: &'a Terminal) -> Self {
        let live = terminal.live && !terminal.quiet;
        Self {
            terminal,
            bar: live.then(|| Mutex::new(ProgressBar::hidden())),
            packed: AtomicUsize::new(0),
            to_pack: AtomicUsize::new(0),
            fetched: AtomicU64::new(0),
            to_fetch: AtomicU64::new(0),
        }
    }

    /// Takes the changing line away.
    pub(crate) fn end(&self) {
        self.with_bar(|bar| bar.finish_and_clear());
    }

    fn with_bar(&self, change: impl FnOnce(&mut ProgressBar)) {
        if let Some(bar) = &self.bar {
            change(&mut bar.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Replaces the changing line by one that turns until the next.
    fn spin(&self, message: String) {
        self.with_bar(|bar| {
            bar.finish_and_clear();
            *bar =
                ProgressBar::new_spinner().with_style(style("{spinner:.cyan} {msg}")).with_message(message);
            bar.enable_steady_tick(TICK);
        });
    }

    /// Replaces the changing line by one that counts what moves; how much a registry has or lacks is not known beforehand.
    fn moving(&self, verb: &str, event: &Event) {
        let message = format!("{verb} {}", event.text("image").unwrap_or_default());
        self.with_bar(|bar| {
            bar.finish_and_clear();
            let form = "{spinner:.cyan} {msg}, {bytes}";
            *bar = ProgressBar::new_spinner().with_style(style(form)).with_message(message);
            bar.enable_steady_tick(TICK);
        });
    }

    /// Replaces the changing line by one that counts bytes.
    fn count(&self) {
        let total = self.to_fetch.load(Ordering::Relaxed);
        self.with_bar(|bar| {
            bar.finish_and_clear();
            let form =
                "{spinner:.cyan} fetching {bar:24.cyan/dim} {bytes}/{total_bytes} {bytes_per_sec}  {msg}";
            *bar = ProgressBar::new(total).with_style(style(form).progress_chars("━━─"));
            bar.set_position(self.fetched.load(Ordering::Relaxed));
            bar.enable_steady_tick(TICK);
        });
    }

    /// A line that stays.
    fn line(&self, event: &Event, verb: &str, text: &str) {
        let verb = format!("{verb:>10}");
        match &self.bar {
            Some(bar) => {
                let line = format!("{} {text}", self.terminal.paint(&verb, AnsiColor::Green));
                bar.lock().unwrap_or_else(PoisonError::into_inner).suspend(|| {
                    self.terminal.say(&format!("{line}\n"));
                });
            }
            None => self.terminal.say(&format!("{} {verb} {text}\n", event.time)),
        }
    }

    fn solving(&self, event: &Event) {
        let what = match event.text("what") {
            Some("debian") => "Debian packages",
            Some("conda") => "conda packages",
            _ => "Python packages",
        };
        let platform = event.text("platform").unwrap_or_default();
        self.spin(format!("choosing {what} for {platform}"));
        if self.bar.is_none() || self.terminal.verbose {
            self.line(event, "Choosing", &format!("{what} for {platform}"));
        }
    }

    fn solved(&self, event: &Event) {
        let number = |name| event.number(name).unwrap_or_default();
        let conda = match number("conda") {
            0 => String::new(),
            count => format!(", {count} conda"),
        };
        let text = format!(
            "{} Debian{conda} and {} Python packages for {}: {} to fetch ({}), {} to pack",
            number("debian"),
            number("pypi"),
            event.text("platform").unwrap_or_default(),
            number("fetch"),
            HumanBytes(number("fetch_bytes")),
            number("pack"),
        );
        self.line(event, if event.flag("reused") { "Reused" } else { "Chose" }, &text);
        let to_pack = usize::try_from(number("pack")).unwrap_or_default();
        self.to_pack.fetch_add(to_pack, Ordering::Relaxed);
        self.to_fetch.fetch_add(number("fetch_bytes"), Ordering::Relaxed);
        if to_pack > 0 {
            self.count();
        }
    }

    fn packed(&self, event: &Event) {
        let packed = self.packed.fetch_add(1, Ordering::Relaxed) + 1;
        let to_pack = self.to_pack.load(Ordering::Relaxed);
        if to_pack >= packed {
            self.with_bar(|bar| bar.set_message(format!("{packed}/{to_pack} packed")));
        }
        if self.terminal.verbose {
            self.line(event, "Packed", &named(event));
        }
    }
}

fn style(form: &str) -> ProgressStyle {
    ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// Sample: `numpy 2.3.5 (7.34 MiB)`.
fn named(event: &Event) -> String {
    let text = |name| event.text(name).unwrap_or_default();
    format!(
        "{} {} ({})",
        text("package"),
        text("version"),
        HumanBytes(event.number("bytes").unwrap_or_default())
    )
}

impl Listener for Progress<'_> {
    fn event(&self, event: &Event) {
        match event.kind {
            "solving" => self.solving(event),
            "solved" => self.solved(event),
            "packed" => self.packed(event),
            "fetched" if self.terminal.verbose => self.line(event, "Fetched", &named(event)),
            "layering" => self.spin("writing layers".to_owned()),
            "layered" if self.terminal.verbose => {
                let digest = event.text("digest").unwrap_or_default();
                let size = HumanBytes(event.number("bytes").unwrap_or_default());
                self.line(event, "Wrote", &format!("layer {digest} ({size})"));
            }
            "placing" => self.spin("placing files".to_owned()),
            "unpacked" if self.terminal.verbose => {
                let text = |name| event.text(name).unwrap_or_default();
                self.line(event, "Unpacked", &format!("{} {}", text("package"), text("version")));
            }
            "pulling" => self.moving("pulling", event),
            "pushing" => self.moving("pushing", event),
            "pushed" if self.terminal.verbose => {
                let sent = HumanBytes(event.number("bytes").unwrap_or_default());
                self.line(
                    event,
                    "Pushed",
                    &format!("{} ({sent} sent)", event.text("image").unwrap_or_default()),
                );
            }
            "written" => self.line(event, "Wrote", event.text("place").unwrap_or_default()),
            "done" | "failed" => self.end(),
            _ => {}
        }
    }

    fn progress(&self, step: Step, bytes: u64) {
        if step == Step::Push {
            self.with_bar(|bar| bar.inc(bytes));
        }
        if step == Step::Fetch {
            self.fetched.fetch_add(bytes, Ordering::Relaxed);
            self.with_bar(|bar| bar.inc(bytes));
        }
    }
}
