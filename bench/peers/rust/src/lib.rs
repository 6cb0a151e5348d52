// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

//! What bench/harness is to C++: the same questions, the same shapes, the same rows.

use std::arch::x86_64::_rdtsc;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::*};
use std::time::{Duration, Instant};

pub const NOT_MY_QUESTION: i32 = 64;

pub struct Shape {
    pub batch: i32,
    pub round: i32,
    pub rounds: i32,
    pub warm_rounds: i32,
}

type Run = Box<dyn Fn(&Shape, &(dyn Fn() + Sync)) -> Vec<f64> + Sync>;

pub struct Case {
    pub name: &'static str,
    /// Per statement; 0: nothing is recorded.
    pub events: u64,
    run: Run,
}

/// Nanoseconds of one tick.
fn ns_per_tick() -> f64 {
    static VALUE: std::sync::OnceLock<f64> = std::sync::OnceLock::new();
    *VALUE.get_or_init(|| {
        let (start, begin) = (Instant::now(), unsafe { _rdtsc() });
        while start.elapsed() < Duration::from_millis(50) {}
        start.elapsed().as_nanos() as f64 / (unsafe { _rdtsc() } - begin) as f64
    })
}

/// `per_event`: whether the row is per event, else per statement.
pub fn case(
    name: &'static str,
    events: u64,
    per_event: bool,
    statement: impl Fn(i32) + Sync + 'static,
) -> Case {
    let parts = if per_event { events.max(1) } else { 1 };
    Case {
        name,
        events,
        run: Box::new(move |shape, rest| {
            let scale = ns_per_tick() / (shape.batch as f64 * parts as f64);
            let mut out = Vec::with_capacity((shape.round * shape.rounds) as usize);
            for round in -shape.warm_rounds..shape.rounds {
                for _ in 0..shape.round {
                    let begin = unsafe { _rdtsc() };
                    for i in 0..shape.batch {
                        statement(i);
                    }
                    let end = unsafe { _rdtsc() };
                    if round >= 0 {
                        out.push((end - begin) as f64 * scale);
                    }
                }
                rest();
            }
            out
        }),
    }
}

fn clock_read() -> Case {
    case("clock_read", 0, true, |_| {
        black_box(unsafe { _rdtsc() });
    })
}

pub struct Library {
    pub name: &'static str,
    pub cases: Vec<Case>,
    pub threads_cases: Vec<&'static str>,
    pub paced_case: &'static str,
    pub begin_thread: fn(),
    pub end_thread: fn(),
    /// How many events have arrived so far; none: nobody can tell.
    pub arrived: fn() -> Option<u64>,
}

pub struct Asked {
    pub question: String,
    quick: bool,
    repetitions: usize,
}

pub fn parse() -> Asked {
    let mut asked = Asked { question: String::new(), quick: false, repetitions: 5 };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--quick" => {
                asked.quick = true;
                asked.repetitions = 1;
            }
            "--once" => asked.repetitions = 1,
            "--question" => asked.question = args.next().unwrap_or_default(),
            _ => {
                eprintln!("{arg}: not understood; --question QUESTION [--quick] [--once]");
                std::process::exit(2);
            }
        }
    }
    asked
}

fn pin_to(cpu: usize) {
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        let count = std::thread::available_parallelism().map_or(1, |n| n.get());
        libc::CPU_SET(cpu % count, &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set);
    }
}

fn percentile(values: &mut [f64], p: f64) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    values.sort_by(f64::total_cmp);
    values[(p * (values.len() - 1) as f64) as usize]
}

/// Where producers meet before each round, as in bench/harness.
struct Meeting {
    producers: usize,
    arrived: AtomicUsize,
    turn: AtomicUsize,
}

impl Meeting {
    fn new(producers: usize) -> Self {
        Meeting { producers, arrived: AtomicUsize::new(0), turn: AtomicUsize::new(0) }
    }

    fn wait(&self) {
        let turn = self.turn.load(Relaxed);
        if self.arrived.fetch_add(1, AcqRel) + 1 == self.producers {
            self.arrived.store(0, Relaxed);
            self.turn.store(turn + 1, Release);
            return;
        }
        let mut spins = 0;
        while self.turn.load(Acquire) == turn {
            spins += 1;
            if spins > 20_000 {
                std::thread::yield_now();
            }
        }
    }
}

/// 2.0 to 2.2 ms, as in bench/harness.
fn stay_busy() {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let jitter = COUNT.fetch_add(1, Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56;
    let gap = Duration::from_nanos(2_000_000 + jitter * 200_000 / 256);
    let start = Instant::now();
    while start.elapsed() < gap {}
}

/// Of batches of 20 after a gap each: the events of a batch, and its first alone.
fn after_gaps(case: &Case, batches: i32, gap: &(dyn Fn() + Sync)) -> [Vec<f64>; 2] {
    let twenty = Shape { batch: 20, round: 1, rounds: batches, warm_rounds: 20 };
    let whole = (case.run)(&twenty, gap);
    let one = Shape { batch: 1, round: 1, rounds: 1, warm_rounds: 0 };
    let others = Shape { batch: 19, round: 1, rounds: 1, warm_rounds: 0 };
    let mut first = Vec::new();
    for _ in 0..batches {
        gap();
        first.extend((case.run)(&one, &|| {}));
        (case.run)(&others, &|| {});
    }
    [whole, first]
}

impl Library {
    fn row(&self, asked: &Asked, name: &str, threads: usize, mut v: Vec<f64>, clock: f64, lost: &str) {
        let head = format!(
            "{{\"question\": \"{}\", \"case\": \"{name}\", \"library\": \"{}\", \"threads\": {threads}, \"unit\": \"ns\"",
            asked.question, self.name
        );
        if !lost.is_empty() {
            println!("{head}, \"median\": null, \"min\": null, \"max\": null, \"ratio\": null, \"not_counted\": \"{lost}\"}}");
            return;
        }
        let median = percentile(&mut v, 0.5);
        println!(
            "{head}, \"median\": {median:.4}, \"min\": {:.4}, \"max\": {:.4}, \"ratio\": {:.4}}}",
            v[0],
            v[v.len() - 1],
            median / clock
        );
    }

    /// The median of the slowest producer; what was lost.
    fn sample(&self, case: &Case, shape: &Shape, threads: usize) -> (f64, String) {
        let before = (self.arrived)();
        let meeting = Meeting::new(threads);
        let slowest = std::thread::scope(|scope| {
            let producers: Vec<_> = (0..threads)
                .map(|t| {
                    let meeting = &meeting;
                    scope.spawn(move || {
                        pin_to(if threads == 1 { 1 } else { t });
                        (self.begin_thread)();
                        meeting.wait();
                        let out = (case.run)(shape, &|| {
                            std::thread::sleep(Duration::from_micros(500));
                            meeting.wait();
                        });
                        (self.end_thread)();
                        out
                    })
                })
                .collect();
            producers.into_iter().map(|p| percentile(&mut p.join().unwrap(), 0.5)).fold(0.0, f64::max)
        });
        let statements = shape.batch * shape.round * (shape.rounds + shape.warm_rounds);
        (slowest, self.lost(before, statements as u64 * threads as u64 * case.events))
    }

    fn lost(&self, before: Option<u64>, expected: u64) -> String {
        match (before, (self.arrived)()) {
            (Some(before), Some(after)) if after - before != expected => {
                format!("recorded {expected}, arrived {}", after - before)
            }
            _ => String::new(),
        }
    }

    fn batches(&self, asked: &Asked, names: &[&str], threads: usize) {
        let shape = match asked.quick {
            true => Shape { batch: 100, round: 20, rounds: 3, warm_rounds: 1 },
            false => Shape { batch: 100, round: 20, rounds: 60, warm_rounds: 6 },
        };
        let clock_case = clock_read();
        let mut cases: Vec<_> = self.cases.iter().filter(|c| names.contains(&c.name)).collect();
        if threads > 1 {
            cases.insert(0, &clock_case);
        }
        let mut clock = Vec::new();
        let mut values = vec![Vec::new(); cases.len()];
        let mut lost = vec![String::new(); cases.len()];
        for _ in 0..asked.repetitions {
            clock.push(self.sample(&clock_case, &shape, 1).0);
            for (i, case) in cases.iter().enumerate() {
                let (median, gone) = self.sample(case, &shape, threads);
                values[i].push(median);
                if !gone.is_empty() {
                    lost[i] = gone;
                }
            }
        }
        let clock_ns = percentile(&mut clock, 0.5);
        if threads == 1 {
            self.row(asked, "clock_read", 1, clock, clock_ns, "");
        }
        for (i, case) in cases.iter().enumerate() {
            self.row(asked, case.name, threads, values[i].clone(), clock_ns, &lost[i]);
        }
    }

    fn paced(&self, asked: &Asked) {
        let Some(case) = self.cases.iter().find(|c| c.name == self.paced_case) else { return };
        let batches = if asked.quick { 20 } else { 2000 };
        let warm = Shape { batch: 100, round: 20, rounds: 60, warm_rounds: 6 };
        let mut clocks: Vec<_> =
            (0..asked.repetitions).map(|_| self.sample(&clock_read(), &warm, 1).0).collect();
        let clock = percentile(&mut clocks, 0.5);
        let gaps: [&(dyn Fn() + Sync); 2] = [&|| std::thread::sleep(Duration::from_millis(2)), &stay_busy];
        let names = ["batch_of_20", "first_of_batch", "batch_of_20_busy", "first_of_batch_busy"];
        let percentiles = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("worst", 1.0)];
        let mut values = vec![vec![Vec::new(); percentiles.len()]; names.len()];
        let mut lost = String::new();
        for _ in 0..asked.repetitions {
            let before = (self.arrived)();
            let mut samples = std::thread::scope(|scope| {
                scope
                    .spawn(|| {
                        pin_to(1);
                        (self.begin_thread)();
                        // Until the queues go round.
                        let before = Shape { batch: 20, round: 1, rounds: batches / 4, warm_rounds: 0 };
                        (case.run)(&before, gaps[0]);
                        let samples: Vec<_> =
                            gaps.iter().flat_map(|gap| after_gaps(case, batches, gap)).collect();
                        (self.end_thread)();
                        samples
                    })
                    .join()
                    .unwrap()
            });
            let statements = 20 * ((2 * batches + 20) * gaps.len() as i32 + batches / 4);
            let gone = self.lost(before, statements as u64 * case.events);
            if !gone.is_empty() {
                lost = gone;
            }
            for (what, samples) in samples.iter_mut().enumerate() {
                for (p, (_, part)) in percentiles.iter().enumerate() {
                    values[what][p].push(percentile(samples, *part));
                }
            }
        }
        for (what, name) in names.iter().enumerate() {
            for (p, (part, _)) in percentiles.iter().enumerate() {
                let row = format!("{name}_{part}");
                self.row(asked, &row, 1, values[what][p].clone(), clock, &lost);
            }
        }
    }

    /// Ends the program.
    pub fn answer(&self, asked: &Asked) -> ! {
        match asked.question.as_str() {
            "warm" => {
                let names: Vec<_> = self.cases.iter().map(|c| c.name).collect();
                self.batches(asked, &names, 1);
            }
            "threads" => {
                for threads in if asked.quick { vec![1, 2] } else { vec![1, 2, 4, 16] } {
                    self.batches(asked, &self.threads_cases, threads);
                }
            }
            "paced" => self.paced(asked),
            _ => std::process::exit(NOT_MY_QUESTION),
        }
        std::process::exit(0)
    }
}
