//! The figures beside what they should be: on the terminal, in `bench/README.md`, in `bench/results/`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::creates::{BY_AGENT, BY_CONTACT, STORE_ONLY};
use crate::deletion;
use crate::machine::Machine;
use crate::measure::{Figure, round};
use crate::output;
use crate::product::Product;
use crate::sockets::{self, Cost};
use crate::statements::Statements;
use crate::targets::{
    CONTACT_FILTER, CONVERSATION_FILTER, LABEL_SUMMARY, LIST, LIVE, MESSAGES, META, OTHER_FILTER, SEARCH, SERIES,
    SUMMARY,
};
use crate::webhooks;

/// Everything that one run found.
#[derive(Debug, Serialize)]
pub struct Run {
    /// The machine.
    pub machine: Machine,
    /// Seconds that data sets took to make, where this run made them.
    pub made_in_s: Vec<(String, f64)>,
    /// Rates and times.
    pub figures: Vec<Figure>,
    /// What sockets cost.
    pub sockets: Vec<Cost>,
    /// Statements of each endpoint.
    pub statements: Vec<Statements>,
    /// Size, start, memory.
    pub product: Option<Product>,
}

/// Something promised.
struct Budget {
    what: String,
    wanted: String,
    found: String,
    holds: bool,
}

impl Run {
    /// Prints the budgets, keeps the samples, rewrites the section `name` of the README.
    pub fn publish(&self, name: &str) -> Result<()> {
        let budgets = self.budgets();
        output::line("");
        for budget in &budgets {
            let mark = if budget.holds { "holds" } else { "FAILS" };
            output::line(&format!("  {mark}  {}: {} (budget {})", budget.what, budget.found, budget.wanted));
        }
        let folder = folder();
        std::fs::create_dir_all(folder.join("results"))?;
        let mut json = serde_json::to_string(self)?.replace("{\"what\"", "\n{\"what\"");
        json.push('\n');
        std::fs::write(folder.join("results").join(format!("{name}.json")), json)?;
        let path = folder.join("README.md");
        let text = std::fs::read_to_string(&path).context("reading bench/README.md")?;
        std::fs::write(path, replace_section(&text, name, &self.section(&budgets))?)?;
        Ok(())
    }

    fn find(&self, what: &str, data: &str, callers: usize) -> Option<&Figure> {
        self.figures.iter().find(|figure| {
            figure.what == what && figure.data == data && figure.callers == callers && figure.engine == "sqlite"
        })
    }

    fn budgets(&self) -> Vec<Budget> {
        let mut budgets = Vec::new();
        for what in [BY_AGENT, BY_CONTACT] {
            if let Some(figure) = self.find(what, "S", 64) {
                budgets.push(Budget::at_least(&format!("{what}, c=64"), figure.rate, 2_000.0, "/s"));
                if let Some(alone) = self.find(&format!("{what}{STORE_ONLY}"), "S", 64) {
                    let part = figure.rate / alone.rate.max(1.0) * 100.0;
                    budgets.push(Budget::at_least(&format!("{what}, c=64, of the store alone"), part, 50.0, " %"));
                }
            }
        }
        for (data, most) in [("M", 1.5), ("L", 2.0)] {
            for figure in self.figures.iter().filter(|figure| figure.data == data) {
                let Some(small) = self.find(&figure.what, "S", figure.callers) else { continue };
                let p99 = slowest(&figure.what);
                if p99 <= 50.0 || figure.what.starts_with("meta") {
                    let ratio = figure.cpu_us / small.cpu_us.max(0.1);
                    budgets.push(Budget::at_most(&format!("{}, cost on {data} / S", figure.what), ratio, most, "×"));
                }
                budgets.push(Budget::at_most(&format!("{}, p99 on {data}", figure.what), figure.p99_ms, p99, " ms"));
            }
        }
        budgets.extend(self.deletion_budgets());
        budgets.extend(self.socket_budgets());
        budgets.extend(self.webhook_budgets());
        for statements in self.statements.iter().filter(|statements| statements.only_pages) {
            let fixed = statements.counts.windows(2).all(|pair| pair[0] == pair[1]);
            budgets.push(Budget {
                what: format!("statements of {}", statements.what),
                wanted: "one number".into(),
                found: format!("{:?}", statements.counts),
                holds: fixed,
            });
        }
        if let Some(product) = &self.product {
            budgets.extend(product_budgets(product));
        }
        budgets
    }

    /// A deletion holds up nobody else: the slowest writes beside it, against those without it, in the same run.
    fn deletion_budgets(&self) -> Vec<Budget> {
        let beside = self.figures.iter().filter(|figure| figure.what == deletion::BESIDE);
        let budgets = beside.filter_map(|beside| {
            let alone = |figure: &&Figure| figure.what == deletion::ALONE && figure.engine == beside.engine;
            let alone = self.figures.iter().find(alone)?;
            let ratio = beside.p99_ms / alone.p99_ms.max(0.01);
            let what = format!("{}, {}, p99", beside.what, beside.engine);
            Some([
                Budget::at_most(&what, beside.p99_ms, 50.0, " ms"),
                Budget::at_most(&format!("{what} / alone"), ratio, 4.0, "×"),
            ])
        });
        budgets.flatten().collect()
    }

    /// Many sockets hear soon, cost little, and one that never reads holds up no other: the slowest deliveries beside it,
    /// against those without it, in the same run.
    fn socket_budgets(&self) -> Vec<Budget> {
        let mut budgets = Vec::new();
        let many =
            |what: &str| self.figures.iter().find(|figure| figure.what == what && figure.data == sockets::MANY.name);
        if let Some(heard) = many(sockets::HEARD) {
            let what = format!("{}, c={}, p99", heard.what, heard.callers);
            budgets.push(Budget::at_most(&what, heard.p99_ms, 50.0, " ms"));
            if let Some(beside) = many(sockets::BESIDE) {
                let ratio = beside.p99_ms / heard.p99_ms.max(0.01);
                budgets.push(Budget::at_most(&format!("{}, p99 / without", beside.what), ratio, 2.0, "×"));
            }
        }
        if let Some(cost) = self.sockets.iter().find(|cost| cost.data == sockets::MANY.name) {
            budgets.push(Budget::at_most(
                &format!("memory of each of {} sockets", cost.sockets),
                cost.kib_each,
                10.0,
                " KiB",
            ));
        }
        budgets
    }

    /// A message is told soon, and one webhook that hangs delays no other: those beside it, against those without it, in
    /// the same run.
    fn webhook_budgets(&self) -> Vec<Budget> {
        let find = |what: &str, webhooks: usize| {
            self.figures.iter().find(|figure| figure.what == what && figure.callers == webhooks)
        };
        let mut budgets = Vec::new();
        if let Some(told) = find(webhooks::TOLD, 1) {
            budgets.push(Budget::at_most(&format!("{}, p50", told.what), told.p50_ms, 50.0, " ms"));
        }
        if let (Some(told), Some(beside)) =
            (find(webhooks::TOLD, webhooks::MANY), find(webhooks::BESIDE, webhooks::MANY))
        {
            for (part, beside, told) in [("p50", beside.p50_ms, told.p50_ms), ("p99", beside.p99_ms, told.p99_ms)] {
                let what = format!("{}, c={}, {part} / without", webhooks::BESIDE, webhooks::MANY);
                budgets.push(Budget::at_most(&what, beside / told.max(0.01), 1.5, "×"));
            }
        }
        budgets
    }

    fn section(&self, budgets: &[Budget]) -> String {
        let mut text = String::new();
        let machine = &self.machine;
        writeln!(
            text,
            "{}, commit {}: {} cores of {}, {} MiB, Linux {}; load {} when it began.\n",
            machine.at,
            machine.commit,
            machine.cores,
            machine.processor,
            machine.memory_mib,
            machine.kernel,
            machine.load_before
        )
        .ok();
        for (name, seconds) in &self.made_in_s {
            writeln!(text, "Making {name} took {seconds} s.\n").ok();
        }
        self.push_comparison(&mut text);
        text.push_str("| budget | wanted | found | |\n|---|---|---|---|\n");
        for budget in budgets {
            let mark = if budget.holds { "holds" } else { "**fails**" };
            writeln!(text, "| {} | {} | {} | {mark} |", budget.what, budget.wanted, budget.found).ok();
        }
        if !self.statements.is_empty() {
            text.push_str("\n| statements of a request | |\n|---|---|\n");
        }
        for statements in &self.statements {
            writeln!(text, "| {} | {:?} |", statements.what, statements.counts).ok();
        }
        self.push_sockets(&mut text);
        text.push_str("\n| what | data | engine | c | rate | p50 | p99 | CPU of the server | bytes |\n");
        text.push_str("|---|---|---|---|---|---|---|---|---|\n");
        for figure in &self.figures {
            writeln!(
                text,
                "| {} | {} | {} | {} | {:.0}/s | {:.2} ms | {:.2} ms | {:.0} µs | {} |",
                figure.what,
                figure.data,
                figure.engine,
                figure.callers,
                figure.rate,
                figure.p50_ms,
                figure.p99_ms,
                figure.cpu_us,
                figure.bytes
            )
            .ok();
        }
        text
    }

    /// The table "What to beat" with our figures.
    fn push_comparison(&self, text: &mut String) {
        let rate = |what: &str, callers: usize| self.find(what, "S", callers).map(|figure| figure.rate);
        let mut rows: Vec<(&str, String, &str, f64, Option<f64>)> = vec![
            ("conversation list (25 rows)", "7.9/s".into(), "≥ 800/s", 800.0, rate(LIST, 8)),
            ("messages page (20 rows)", "134/s".into(), "≥ 6,700/s", 6_700.0, rate(MESSAGES, 8)),
            ("message by an agent, c=8", "63/s".into(), "≥ 3,100/s", 3_100.0, rate(BY_AGENT, 8)),
            ("message by an agent, c=64", "63/s".into(), "≥ 3,100/s", 3_100.0, rate(BY_AGENT, 64)),
            ("message by a contact, c=8", "48/s".into(), "≥ 2,400/s", 2_400.0, rate(BY_CONTACT, 8)),
            ("message by a contact, c=64", "48/s".into(), "≥ 2,400/s", 2_400.0, rate(BY_CONTACT, 64)),
            ("contact search", "48/s".into(), "≥ 2,400/s", 2_400.0, rate(SEARCH, 8)),
            ("contact filter", "57/s".into(), "≥ 2,800/s", 2_800.0, rate(CONTACT_FILTER, 8)),
            ("report summary", "30/s".into(), "≥ 3,000/s", 3_000.0, rate(SUMMARY, 8)),
            ("meta", "268/s".into(), "≥ 13,000/s", 13_000.0, rate(META, 8)),
        ];
        rows.retain(|(.., found)| found.is_some());
        let sockets = self.socket_comparison();
        if rows.is_empty() && sockets.is_empty() {
            return;
        }
        let data = if rows.is_empty() { "" } else { "data set S " };
        writeln!(text, "| {data}| reference | aim | ours | |\n|---|---|---|---|---|").ok();
        for (what, reference, aim, least, found) in rows {
            let found = found.unwrap_or_default();
            let mark = if found >= least { "reached" } else { "**missed**" };
            writeln!(text, "| {what} | {reference} | {aim} | {found:.0}/s | {mark} |").ok();
        }
        text.push_str(&sockets);
        if let Some(product) = &self.product {
            let idle = mib(product.idle_s.all_kib);
            let mark = if idle <= 25.0 { "reached" } else { "**missed**" };
            writeln!(text, "| idle memory | 515 MiB | ≤ 25 MiB | {idle} MiB | {mark} |").ok();
            let start = median(&product.start_s_ms);
            let mark = if start <= 100.0 { "reached" } else { "**missed**" };
            writeln!(text, "| start to first answer | 2,400 ms | ≤ 100 ms | {start} ms | {mark} |").ok();
        }
        text.push('\n');
    }

    /// The rows of the table "What to beat" that are about sockets.
    fn socket_comparison(&self) -> String {
        let mut text = String::new();
        let mut push = |what: &str, reference: &str, aim: &str, found: String, reached: bool| {
            let mark = if reached { "reached" } else { "**missed**" };
            writeln!(text, "| {what} | {reference} | {aim} | {found} | {mark} |").ok();
        };
        let one = |figure: &&Figure| figure.what == sockets::HEARD && figure.data == sockets::ONE.name;
        if let Some(Figure { p50_ms, p99_ms, .. }) = self.figures.iter().find(one) {
            let found = format!("{p50_ms:.2} / {p99_ms:.2} ms");
            let reached = *p50_ms <= 5.0 && *p99_ms <= 20.0;
            push("500 sockets, 50 messages: p50 / p99", "62 / 99 ms", "≤ 5 / 20 ms", found, reached);
        }
        if let Some(cost) = self.sockets.iter().find(|cost| cost.data == sockets::ONE.name) {
            push(
                "500 sockets: memory of each",
                "18 KB",
                "≤ 8 KB",
                format!("{} KiB", cost.kib_each),
                cost.kib_each <= 8.0,
            );
        }
        text
    }

    fn push_sockets(&self, text: &mut String) {
        if self.sockets.is_empty() {
            return;
        }
        text.push_str(
            "\n| sockets | in | all subscribed after | memory of each | CPU while idle | frames of a message |",
        );
        text.push_str(" CPU of a frame | one that never reads |\n|---|---|---|---|---|---|---|---|\n");
        for cost in &self.sockets {
            let unread = cost.unread.map_or_else(String::new, |unread| {
                let end = if unread.is_closed { "closed by the server" } else { "open to the end" };
                format!("{end}, {} frames on their way", unread.frames)
            });
            writeln!(
                text,
                "| {} | {} | {:.0} ms | {} KiB | {} % of a core | {} | {} µs | {unread} |",
                cost.sockets,
                cost.data,
                cost.opened_ms,
                cost.kib_each,
                cost.idle_percent,
                cost.frames_each,
                cost.frame_us
            )
            .ok();
        }
    }
}

/// The p99 that a load may have, in milliseconds. Only what may take 50 must cost the same whatever the size.
fn slowest(what: &str) -> f64 {
    match what {
        CONTACT_FILTER | CONVERSATION_FILTER | LIVE => 100.0,
        OTHER_FILTER | LABEL_SUMMARY => 2_000.0,
        SUMMARY | SERIES => 200.0,
        _ if what.starts_with("meta") => 100.0,
        _ => 50.0,
    }
}

fn product_budgets(product: &Product) -> Vec<Budget> {
    #[expect(clippy::cast_precision_loss, reason = "sizes fit 53 bits")]
    let size = product.binary_bytes as f64 / 1e6;
    vec![
        Budget::at_most("size of the binary", size, 60.0, " MB"),
        Budget::at_most("start on an empty folder, median", median(&product.start_empty_ms), 300.0, " ms"),
        Budget::at_most("start on S, median", median(&product.start_s_ms), 300.0, " ms"),
        Budget::at_most("idle memory, empty folder", mib(product.idle_empty.all_kib), 64.0, " MiB"),
        Budget::at_most("idle memory, S", mib(product.idle_s.all_kib), 64.0, " MiB"),
        Budget::at_most(
            "own memory after reading S (pages of mapped files left out)",
            mib(product.after_load.own_kib),
            64.0,
            " MiB",
        ),
    ]
}

#[expect(clippy::cast_precision_loss, reason = "sizes fit 53 bits")]
fn mib(kib: u64) -> f64 {
    round(kib as f64 / 1_024.0)
}

fn median(sorted: &[f64]) -> f64 {
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

impl Budget {
    fn at_least(what: &str, found: f64, least: f64, unit: &str) -> Self {
        Self {
            what: what.to_owned(),
            wanted: format!("≥ {least}{unit}"),
            found: shown(found, unit),
            holds: found >= least,
        }
    }

    fn at_most(what: &str, found: f64, most: f64, unit: &str) -> Self {
        Self {
            what: what.to_owned(),
            wanted: format!("≤ {most}{unit}"),
            found: shown(found, unit),
            holds: found <= most,
        }
    }
}

fn shown(number: f64, unit: &str) -> String {
    if number.is_nan() {
        return "no answer in time".into();
    }
    if number >= 100.0 { format!("{number:.0}{unit}") } else { format!("{number:.2}{unit}") }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench")
}

/// `text` with another content between the markers of `name`.
fn replace_section(text: &str, name: &str, content: &str) -> Result<String> {
    let (begin, end) = (format!("<!-- begin {name} -->\n"), format!("<!-- end {name} -->"));
    let from = text.find(&begin).with_context(|| format!("bench/README.md has no {begin}"))? + begin.len();
    let to = text[from..].find(&end).with_context(|| format!("bench/README.md has no {end}"))? + from;
    Ok(format!("{}{content}{}", &text[..from], &text[to..]))
}

#[cfg(test)]
mod tests {
    use super::replace_section;

    #[test]
    fn only_the_section_changes() {
        let text = "a\n<!-- begin run -->\nold\n<!-- end run -->\nb\n";
        let changed = replace_section(text, "run", "new\n").unwrap();
        assert_eq!(changed, "a\n<!-- begin run -->\nnew\n<!-- end run -->\nb\n");
        assert!(replace_section(text, "big", "new").is_err());
    }
}
