//! The second look that falls due between two starts of the program: each start takes it first.

use std::time::Duration;

use super::context::Context;

/// How long a start may be held up by it. What is not done by then stays due for the next one.
const PATIENCE: Duration = Duration::from_secs(30);

/// Looks again at what earlier runs changed, where that is due; tells what did not stay so. A PSA that cannot be
/// reached is told by what the program was started for, not here.
pub async fn where_due(context: &Context) -> Vec<String> {
    let engine = &context.engine;
    let looked = tokio::select! {
        looked = engine.look_again_where_due() => looked,
        () = engine.clock.sleep(PATIENCE) => {
            tracing::warn!("the second look took too long; the next start takes it");
            return Vec::new();
        }
    };
    match looked {
        Ok(looked) => looked.into_iter().flat_map(|one| one.found).map(|found| found.text).collect(),
        Err(error) => {
            tracing::warn!(%error, "the second look is taken at the next start");
            Vec::new()
        }
    }
}
