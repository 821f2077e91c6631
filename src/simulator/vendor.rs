//! What a simulated vendor is to everything else here: the server, the faults, the log and the control routes know
//! no more of it. A new one is a folder and a line in [`VENDORS`].

use std::{any::Any, collections::BTreeMap, time::Duration};

use jiff::Timestamp;

use super::{
    Options, Switches, Truth, Write, autotask, connectwise,
    deliver::Delivery,
    exchange::{Answer, Call, Reply, Request, Sighting},
    faults::Rule,
    halopsa,
};

/// How one is made: from the options and the address that it will be served at.
type Make = fn(&Options, &str) -> Box<dyn Vendor>;

/// Every vendor that can be simulated, by its word in the settings file.
pub(crate) const VENDORS: &[(&str, Make)] = &[
    (connectwise::PSA, |options, base| Box::new(connectwise::ConnectWise::new(options, base))),
    (autotask::PSA, |options, base| Box::new(autotask::Autotask::new(options, base))),
    (halopsa::PSA, |options, base| Box::new(halopsa::HaloPsa::new(options, base))),
];

/// One simulated tenant of one vendor.
pub(crate) trait Vendor: std::fmt::Debug + Send {
    fn psa(&self) -> &'static str;

    /// The credentials that are accepted, under the names of the settings file.
    fn credentials(&self) -> BTreeMap<String, String>;

    /// What it gave out that opens it as well: tokens.
    fn issued(&self) -> Vec<String> {
        Vec::new()
    }

    /// The tables of a settings file that fit the generated data, for a profile called `demo`.
    fn sample_criteria(&self) -> &'static str;

    /// What a request is about. Changes nothing.
    fn sight(&self, request: &Request) -> Sighting;

    /// The part of the API that a request is about, where the vendor limits the requests about each part.
    fn object(&self, _sighting: &Sighting) -> Option<&'static str> {
        None
    }

    /// A request has come in; unless it is turned away it stays until [`Vendor::leave`]. For limits on what is under way at once.
    fn arrive(&mut self, _request: &Request, _sighting: &Sighting) -> Arrival {
        Arrival::default()
    }

    /// Carries a request out.
    fn answer(&mut self, call: Call<'_>) -> Answer;

    /// It was answered, or its connection broke.
    fn leave(&mut self, _sighting: &Sighting, _now: Timestamp) {}

    /// The vendor's own words for a fault, if it has some.
    fn fault(&self, rule: &Rule, sighting: &Sighting, request: &Request) -> Option<Reply>;

    /// The changes of stored records, in order, those by others among them.
    fn writes(&self) -> &[Write];

    fn truth(&self, now: Timestamp) -> Truth;

    /// The data as at the start; the switches stay.
    fn reset(&mut self, now: Timestamp);

    /// Puts this vendor's switches into those of all.
    fn tell_switches(&self, all: &mut Switches);

    fn take_switches(&mut self, all: &Switches);

    /// Webhooks that are due.
    fn take_deliveries(&mut self) -> Vec<Delivery>;

    /// Lets somebody else change records: the log of writes marks what differs afterwards.
    fn edit(&mut self, now: Timestamp, change: &mut dyn FnMut(&mut dyn Edits));

    /// The same, with all that the vendor's own [`Any`] state can do.
    fn edit_state(&mut self, now: Timestamp, change: &mut dyn FnMut(&mut dyn Any));
}

/// What meets a request before it is looked at.
#[derive(Debug, Default)]
pub(crate) struct Arrival {
    /// It is turned away with this.
    pub refused: Option<Reply>,
    /// The vendor takes so much longer over it.
    pub delay: Duration,
}

/// What a colleague or an RMM may do to the records, whatever the vendor: inside [`super::Simulator::edit`].
/// Unknown ids change nothing.
pub trait Edits {
    fn configuration_ids(&self) -> Vec<String>;

    /// Sets or takes away the vendor's active mark; the status stays.
    fn set_active(&mut self, configuration: &str, active: bool);

    /// Sets a status by name. False where the vendor has none of that name.
    fn set_status(&mut self, configuration: &str, status: &str) -> bool;

    fn rename(&mut self, configuration: &str, name: &str);

    fn move_to(&mut self, configuration: &str, client: &str);

    fn remove(&mut self, configuration: &str);

    /// Adds an active configuration to a client, like its others.
    fn add(&mut self, client: &str) -> String;

    /// Adds an active record of the same device to the same client, as an RMM does that finds its agent again: a name
    /// and a number of its own, the serial number and the link to the RMM as they were.
    fn add_again(&mut self, configuration: &str) -> String;

    /// Adds a ticket to a client; returns its number as the API knows it.
    fn add_ticket(&mut self, client: &str, closed: bool) -> String;

    /// Makes the client a customer again: no criterion at its usual setting fits any more.
    fn bring_back(&mut self, client: &str);

    /// Gives the client the vendor's own inactive mark.
    fn offboard(&mut self, client: &str);
}
