//! A bundle of a period, read once from front to back: frames are hashed and decoded on several threads, and the books
//! are followed in order.

use std::io::Read;
use std::sync::mpsc::sync_channel;

use billing::{BillPostings, PriceBook, PriceSet};
use kernel::Month;
use ledger::PostingRules;
use proof::policy::Trusted;

use super::Auditor;
use super::books::Books;
use super::items::{Item, Trade, Worker};
use super::words::Report;
use crate::AuditError;
use crate::bundle::Head;
use crate::error::{not_proved, unreadable};
use crate::file::unpack;
use crate::frame::{Kind, Reader};

/// Frames and bytes given to a thread at once.
const BATCH_FRAMES: usize = 1_024;
const BATCH_BYTES: usize = 4 << 20;

type Frames = Vec<(u64, Kind, Vec<u8>)>;

/// Verifies a bundle.
pub(crate) fn verify(auditor: &Auditor<'_>, input: impl Read + Send) -> Result<Report, AuditError> {
    let mut reader = Reader::new(input)?;
    let head: Head = serde_json::from_slice(&expected(&mut reader, Kind::Head)?)
        .map_err(|error| unreadable("frame 1", error))?;
    let period = Month::from_number(head.period).map_err(|error| unreadable("frame 1", error))?;
    let trusted = auditor.policy.open(&expected(&mut reader, Kind::Checkpoint)?)?;
    let prices = unpack(&expected(&mut reader, Kind::Prices)?)?;
    let trade = trade(&prices)?;
    let mut report = Report::default();
    report.checkpoint(&trusted, trusted.checkpoint.body());
    let mut books = Books::new(head.org_id, period);
    let mut continued = Continued::new(auditor, &trusted)?;
    follow(auditor.threads, &trade, reader, &mut books, &mut continued)?;
    let checkpoint = &trusted.checkpoint;
    if books.acts != checkpoint.size() || books.root() != *checkpoint.root() {
        return Err(not_proved(
            format!("{} acts", books.acts),
            format!("全部记录的根与签名检查点（{} 条）不符", checkpoint.size()),
            format!("the acts do not have the root of the signed checkpoint over {}", checkpoint.size()),
        ));
    }
    continued.end(&mut report)?;
    conclude(&mut books, &prices, &mut report)?;
    Ok(report)
}

fn expected(reader: &mut Reader<impl Read>, wanted: Kind) -> Result<Vec<u8>, AuditError> {
    match reader.frame()? {
        Some((kind, bytes)) if kind == wanted => Ok(bytes),
        _ => Err(unreadable("head", format!("{wanted:?} was expected"))),
    }
}

fn trade(set: &PriceSet) -> Result<Trade, AuditError> {
    let prices = PriceBook::of(set)?;
    let postings = BillPostings::new(prices.plans(), &PostingRules::standard()?)?;
    Ok(Trade { prices, postings })
}

/// The checkpoint kept last time, compared when so many acts were read.
struct Continued {
    previous: Option<(u64, proof::Hash)>,
    met: bool,
}

impl Continued {
    fn new(auditor: &Auditor<'_>, trusted: &Trusted) -> Result<Continued, AuditError> {
        let Some(previous) = auditor.previous else { return Ok(Continued { previous: None, met: false }) };
        let now = &trusted.checkpoint;
        if previous.origin() != now.origin() || previous.size() > now.size() {
            return Err(not_proved(
                "previous checkpoint",
                format!("上次的检查点（{}，{} 条）不在此日志之内", previous.origin(), previous.size()),
                format!(
                    "the checkpoint kept last time ({}, {} acts) is not of this log",
                    previous.origin(),
                    previous.size()
                ),
            ));
        }
        Ok(Continued { previous: Some((previous.size(), *previous.root())), met: false })
    }
    /// Called before the first act and after each.
    fn at(&mut self, books: &Books) -> Result<(), AuditError> {
        let Some((size, root)) = self.previous else { return Ok(()) };
        if self.met || books.acts != size {
            return Ok(());
        }
        self.met = true;
        if books.root() == root {
            return Ok(());
        }
        Err(not_proved(
            format!("act {size}"),
            "日志在上次检查点之前的内容被改动过：历史已被重写",
            "the log was altered before the checkpoint kept last time: history was rewritten",
        ))
    }
    fn end(&self, report: &mut Report) -> Result<(), AuditError> {
        match self.previous {
            Some((size, _)) if self.met => report.proves(
                format!("日志是上次检查点（{size} 条）的延续：其中一字未改"),
                format!("the log continues the checkpoint kept last time: nothing in its {size} acts was changed"),
            ),
            Some(_) => return Err(unreadable("previous checkpoint", "its place was not met")),
            None => report.leaves_open(
                "与以前检查点的连续性：请保存本次检查点，下次用 --previous 给出",
                "that this log continues an earlier one: keep this checkpoint and give it as --previous next time",
            ),
        }
        Ok(())
    }
}

/// Reads frames on one thread, works on them on others, and follows the books here, in order.
fn follow(
    threads: usize,
    trade: &Trade,
    mut reader: Reader<impl Read + Send>,
    books: &mut Books,
    continued: &mut Continued,
) -> Result<(), AuditError> {
    continued.at(books)?;
    let threads = threads.clamp(1, 64);
    std::thread::scope(|scope| {
        let (mut to_workers, mut from_workers) = (Vec::new(), Vec::new());
        for _ in 0..threads {
            let (give, work) = sync_channel::<Frames>(2);
            let (done, take) = sync_channel::<Result<Vec<Item>, AuditError>>(2);
            to_workers.push(give);
            from_workers.push(take);
            scope.spawn(move || {
                let mut worker = Worker::new(trade);
                while let Ok(frames) = work.recv() {
                    let items = frames.iter().map(|(place, kind, bytes)| worker.item(*place, *kind, bytes));
                    let items = items.collect::<Result<Vec<_>, _>>();
                    if done.send(items).is_err() {
                        return;
                    }
                }
            });
        }
        let reading = scope.spawn(move || -> Result<(), AuditError> {
            let mut place = 3;
            for turn in (0..to_workers.len()).cycle() {
                let (frames, last) = batch(&mut reader, &mut place)?;
                // Whoever stopped listening has found something that does not hold.
                if to_workers[turn].send(frames).is_err() || last {
                    return Ok(());
                }
            }
            Ok(())
        });
        // Batches come back in the order in which they were given; the first thread without one has seen the end.
        for take in from_workers.iter().cycle() {
            let Ok(items) = take.recv() else { break };
            for item in items? {
                let is_act = matches!(item, Item::Act(..));
                books.take(item)?;
                if is_act {
                    continued.at(books)?;
                }
            }
        }
        drop(from_workers);
        reading.join().map_err(|_| unreadable("reading", "a thread failed"))?
    })
}

fn batch(reader: &mut Reader<impl Read>, place: &mut u64) -> Result<(Frames, bool), AuditError> {
    let (mut frames, mut bytes) = (Vec::with_capacity(BATCH_FRAMES), 0);
    while frames.len() < BATCH_FRAMES && bytes < BATCH_BYTES {
        let Some((kind, frame)) = reader.frame()? else { return Ok((frames, true)) };
        *place += 1;
        bytes += frame.len();
        frames.push((*place, kind, frame));
    }
    Ok((frames, false))
}

fn conclude(books: &mut Books, prices: &PriceSet, report: &mut Report) -> Result<(), AuditError> {
    (report.acts, report.vouchers, report.bills) = (books.acts, books.vouchers, books.bills);
    let (acts, vouchers, bills) = (books.acts, books.vouchers, books.bills);
    report.proves(
        format!("全部 {acts} 条记录逐字节重算，根与签名检查点相同"),
        format!("all {acts} acts, hashed again byte for byte, have the root of the signed checkpoint"),
    );
    report.proves(
        format!("{vouchers} 张凭证的摘要都在日志中，张张平衡，年内编号无缺口"),
        format!("the log has the digest of each of {vouchers} vouchers; each is in balance; numbers have no gap within a year"),
    );
    if bills > 0 {
        report.proves(
            format!("本期发行的 {bills} 张账单都在发行记录之内，按其输入重新计算逐字节相同，由其生成的分录与发行凭证一致"),
            format!(
                "the {bills} bills issued in the period are those of their issues, are the same when calculated again \
                 from their inputs, and give the postings of their vouchers"
            ),
        );
    }
    if books.bills_without_owner > 0 {
        let count = books.bills_without_owner;
        report.leaves_open(
            format!("{count} 张由 0.1.0 版发行的账单属于哪个客户（只按费用项合计核对）"),
            format!("whose {count} bills issued by version 0.1.0 are: they were compared by component only"),
        );
    }
    for table in &prices.tables {
        if !books.price_roots.contains(&proof::leaf_hash(table.content.as_bytes())) {
            let name = format!("{} {}", table.code, table.version);
            if bills > 0 {
                return Err(not_proved(
                    format!("price table {name}"),
                    "价表不在日志中",
                    "the log never loaded this price table",
                ));
            }
        }
    }
    books.finish(report)?;
    report.leaves_open(
        format!("{} 之后发行或记账的内容不在本期之内", books.last_day()),
        format!("what was issued or posted after {} is not of this period", books.last_day()),
    );
    Ok(())
}
