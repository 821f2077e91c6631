//! What stands below the options in a help text: how the command is used, and with what it ends.

/// The program's own page also tells all exit codes.
pub const PROGRAM: &str = "\
Examples:
  mothball demo                        try it on a simulated PSA; needs nothing
  mothball setup                       name your PSA; writes the settings file
  mothball doctor                      check the settings, the sign-in and the rights
  mothball                             review on the screen
  mothball --plain                     review in plain lines, for screen readers
  mothball run --client-id 4711 --dry-run --output report.json

Exit codes:
  0  success
  1  finished, but some items failed, changed since review or are unknown
  2  usage or settings
  3  waits for approval
  4  PSA not reachable, sign-in or permission refused
  5  client not found, ambiguous, not offboarded, or without configurations
  6  refused by a safeguard
  7  another run holds the lock
  129, 130, 143  interrupted by hangup, interrupt, termination";

pub const REVIEW: &str = "\
Examples:
  mothball review                      the default profile
  mothball review --profile branch --theme light
  mothball review --plain              in plain lines: type help there

Nothing is written before you have seen the plan and typed what it asks for.

Exit codes: 0, or 1 if the last run did not go well; all of them: mothball --help";

pub const DEMO: &str = "\
Examples:
  mothball demo
  mothball demo --psa halopsa --seed 7
  mothball demo --plain
  mothball demo --faults 429=0.1       with a PSA that is busy

What it keeps lies in the folder `demo` of the data directory, apart from real runs.";

pub const SETUP: &str = "\
Examples:
  mothball setup
  mothball setup --plain                line by line, for screen readers

Nothing is changed in the PSA, and nothing is saved before the last step. Secrets are not shown
while they are typed; they are kept in a file of mode 0600, in the desktop's keyring, or where a
command or a variable of yours has them. A settings file that is there already gets one more profile
and stays as it is otherwise.";

pub const RUN: &str = "\
Examples:
  mothball run --client-id 4711 --dry-run
  mothball run --client-name \"Acme Ltd\" --ticket 815 --output report.json
  mothball run --all --limit-clients 3 --require-approval

The report goes to standard output or to --output, everything else to standard error. The safeguards
of the settings hold; `mothball runs list` tells what became of it.

Exit codes: 0 success, 1 not everything went well, 3 waits for approval, 5 no such client, 6 refused by
a safeguard; all of them: mothball --help";

pub const HOLD: &str = "\
Examples:
  mothball hold 1785 --reason \"Sold to Birch\" --until 2027-01-31
  mothball hold 1785,1786 --reason \"Evidence, ask legal\"";

pub const UNHOLD: &str = "\
Examples:
  mothball unhold 1785
  mothball unhold 1785,1786

Exit codes: 0 all were taken away, 2 there was no hold on some";

pub const HOLDS: &str = "\
Examples:
  mothball holds
  mothball holds --json";

pub const DOCTOR: &str = "\
Examples:
  mothball doctor
  mothball doctor --profile branch

Exit codes: 0 the main job can be done (what only serves extras warns), 2 settings, 4 not reachable,
sign-in or permission refused";

pub const COMPLETIONS: &str = "\
Examples:
  mothball completions bash > ~/.local/share/bash-completion/completions/mothball
  mothball completions zsh > ~/.zfunc/_mothball
  mothball completions fish > ~/.config/fish/completions/mothball.fish";

pub const MAN: &str = "\
Examples:
  mothball man runs undo | man -l -
  mothball man --dir ~/.local/share/man/man1";

pub const RUNS_LIST: &str = "\
Examples:
  mothball runs list
  mothball runs list --limit 5 --json";

pub const RUNS_SHOW: &str = "\
Examples:
  mothball runs show 20261126T021500-k3w8p1xz
  mothball runs show 20261126T021500-k3w8p1xz --recheck";

pub const RUNS_RESUME: &str = "\
Examples:
  mothball runs resume 20261126T021500-k3w8p1xz
  mothball runs resume --all

Report, progress and exit codes are those of `mothball run`.";

pub const RUNS_UNDO: &str = "\
Examples:
  mothball runs undo 20261126T021500-k3w8p1xz --dry-run
  mothball runs undo 20261126T021500-k3w8p1xz --only 1785,1786
  mothball runs undo --client-id 4711 --reason \"They came back\"

Each configuration gets back the active mark and the status that it had before, if it is still as the
run left it. Whether its client counts as offboarded does not matter. --dry-run shows what would be
restored. Report, progress and exit codes are those of `mothball run`.";

pub const RUNS_APPROVE: &str = "\
Examples:
  mothball runs approve 20261126T021500-k3w8p1xz
  mothball runs approve 20261126T021500-k3w8p1xz --except 1785

Report, progress and exit codes are those of `mothball run`.";

pub const RUNS_REJECT: &str = "\
Examples:
  mothball runs reject 20261126T021500-k3w8p1xz";

pub const RUNS_EXPORT: &str = "\
Examples:
  mothball runs export 20261126T021500-k3w8p1xz
  mothball runs export 20261126T021500-k3w8p1xz --output report.html
  mothball runs export 20261126T021500-k3w8p1xz --audience client --format markdown

For `client`, a document has the client's name, the names, types and sites of its configurations,
what became of each in plain words, when, and the run's id as a reference; no amounts, no other
client, no errors, no log, none of the house's words. Names stand in it as they stand in the PSA:
read it before you send it. In CSV no cell is taken for a formula. In Markdown no name makes a link,
an image or a mention. HTML is one file without scripts, made to be printed, too.";

pub const SCHEDULES_LIST: &str = "\
Examples:
  mothball schedules list
  mothball schedules list --times 10 --json

Times are those of each schedule's own time zone, the offset from UTC with them. Nothing is started here:
`mothball serve` does that, or a timer around `mothball run`.";

pub const AUDIT_VERIFY: &str = "\
Examples:
  mothball audit verify
  mothball audit verify --report ~/handed-out --json

Reports name the last record of their run, so a journal that was cut off or rewritten whole does not
fit them. The reports in the store and in the data directory are always looked at; those that left
this computer prove more. Ends with 0 if all is as it was written, with 6 if not: runs whose record
was altered are not resumed, approved or undone.";

pub const AUDIT_EXPORT: &str = "\
Examples:
  mothball audit export --since 90d --format csv --output audit.csv
  mothball audit export --client-id 4711

Undo runs, dry runs and what was skipped are among the lines. A run counts by the moment it was
started. Days are UTC. --profile, too, takes only the runs of that profile. In CSV no cell is taken
for a formula. Ends with 6 if a run's record was altered; its lines say so.";

pub const AUDIT_PRUNE: &str = "\
Examples:
  mothball audit prune                 tells what would go
  mothball audit prune --yes

A run stays, whatever its age, while it waits, can be resumed, has items of unknown outcome or a
second look to come. What is removed is written to a file first, word for word, and leaves its id,
head, counts and who removed it when in the journal's chain: `audit verify` tells a pruned run from
one that somebody took away. Nothing is ever removed by itself.";

pub const WEBHOOKS_REGISTER: &str = "\
Examples:
  mothball webhooks register --url https://hooks.msp.example
  mothball webhooks register --url https://hooks.msp.example --steps
  mothball webhooks register --url https://hooks.msp.example --dry-run

The profile needs a table [profiles.NAME.webhook] with the secret; config.example.toml shows it. What is
there already is left alone. Nothing that a webhook says is believed: it only has a client looked at
again.";

pub const WEBHOOKS_LIST: &str = "\
Examples:
  mothball webhooks list
  mothball webhooks list --json";

pub const WEBHOOKS_REMOVE: &str = "\
Examples:
  mothball webhooks remove
  mothball webhooks remove --url https://old.msp.example --dry-run

Those of other programs and of other profiles stay.";

pub const STORE_MIGRATE: &str = "\
Examples:
  mothball store migrate

A database without tables gets them by itself at the first start. Those of an earlier version are only
changed by this command, when no other mothball is at work with them.";

pub const STORE_COPY: &str = "\
Examples:
  mothball store copy                   from this computer to the team's database
  mothball store copy --from postgres://team@db.example/mothball --to /var/lib/mothball

The record is checked before and after; what is copied stays as it is. Without a password in the address
it is taken from PGPASSWORD or ~/.pgpass: others can see what stands on a command line.";

pub const SERVE: &str = "\
Examples:
  mothball serve
  mothball serve --listen 127.0.0.1:9000 --workers 2
  mothball serve --listen 0.0.0.0:8443 --host mothball.msp.example --tls-certificate cert.pem --tls-key key.pem
  mothball serve --print-openapi

It listens on this computer alone unless told otherwise; elsewhere it needs TLS (or --behind-proxy)
and a token. Runs that it starts are unattended: the limits for those hold, and what they park waits
for a person. On SIGTERM runs are interrupted in good order, and the next `mothball serve` goes on
with them; then it ends with 143 (130 after Ctrl-C), and with 0 if nothing went on.";

pub const TOKENS_MAKE: &str = "\
Examples:
  mothball tokens make monitoring --scope read --until 2027-12-31
  mothball tokens make jane --scope read,trigger,approve

The token is on standard output, everything else on standard error. Whoever has it can do what it
allows: keep it as you keep a password.";

pub const TOKENS_LIST: &str = "\
Examples:
  mothball tokens list
  mothball tokens list --json";

pub const TOKENS_REVOKE: &str = "\
Examples:
  mothball tokens revoke k3w8p1xz0a";
