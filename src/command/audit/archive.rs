//! What is pruned, word for word, as JSON lines: for each run one line with everything but its records, then one line
//! per record. The hashes can be checked from the file alone.

use std::{
    io::{self, Write},
    path::Path,
};

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{
    domain::{RunId, plan::hex},
    store::audit::RawRun,
    system::files::AtomicFile,
};

pub struct Archive {
    file: AtomicFile,
    digest: Sha256,
}

impl Archive {
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { file: AtomicFile::create(path)?, digest: Sha256::new() })
    }

    pub fn add(&mut self, run: &RunId, raw: &RawRun) -> io::Result<()> {
        let (plan, digest) =
            raw.plan.as_ref().map(|(bytes, digest)| (String::from_utf8_lossy(bytes), digest)).unzip();
        self.line(&json!({
            "line": "run",
            "run_id": run,
            "header": raw.header,
            "survey": raw.survey,
            "plan": plan,
            "plan_digest": digest,
            "report": raw.report,
        }))?;
        for record in &raw.records {
            self.line(&json!({
                "line": "record",
                "run_id": run,
                "seq": record.seq,
                "previous": record.previous,
                "hash": record.hash,
                "body": record.body,
            }))?;
        }
        Ok(())
    }

    fn line(&mut self, line: &serde_json::Value) -> io::Result<()> {
        let text = format!("{}\n", crate::domain::text::harmless_json(&line.to_string()));
        self.digest.update(text.as_bytes());
        self.file.write_all(text.as_bytes())
    }

    /// Makes it durable. Returns its digest.
    pub fn finish(self) -> io::Result<String> {
        self.file.finish()?;
        Ok(hex(&self.digest.finalize()))
    }
}
