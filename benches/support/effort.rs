//! What a process takes. Linux only.

/// MiB that a process holds now, and that it held at most.
pub fn memory(process: &str) -> (f64, f64) {
    (status(process, "VmRSS:") / 1024.0, status(process, "VmHWM:") / 1024.0)
}

fn status(process: &str, name: &str) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(f64::NAN)
}

/// Wake-ups of all threads of a process so far, and the processor's time that it used, in milliseconds.
pub fn effort(process: u32) -> (f64, f64) {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task"));
    let wakes = tasks
        .into_iter()
        .flatten()
        .flatten()
        .map(|task| {
            status(&format!("{process}/task/{}", task.file_name().display()), "voluntary_ctxt_switches:")
        })
        .filter(|count| !count.is_nan())
        .sum();
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // After the name in brackets: the 12th and 13th are ticks of a hundredth of a second.
    let fields: Vec<f64> = stat
        .rsplit_once(')')
        .map(|(_, rest)| rest.split_whitespace().map(|field| field.parse().unwrap_or(0.0)).collect())
        .unwrap_or_default();
    (wakes, fields.get(11).zip(fields.get(12)).map_or(f64::NAN, |(user, system)| (user + system) * 10.0))
}
