//! Looks after the certificate while the relay serves: when names change, and now and then.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_rustls::rustls::pki_types::UnixTime;

use crate::access::gate::Gate;
use crate::certificate::{Keeper, Name};

/// Renews the certificate whenever that is needed. Does not return.
pub(super) async fn renew(keeper: Keeper, mut names: watch::Receiver<Vec<Name>>, gate: Arc<Gate>) {
    let mut complaint = None;
    loop {
        let pause = sleep(keeper.patience());
        tokio::pin!(pause);
        tokio::select! {
            // Without anyone who could change them, names stay as they are.
            changed = names.changed() => if changed.is_err() { pause.await },
            () = &mut pause => {}
        }
        let wanted = names.borrow_and_update().clone();
        let work = keeper.clone();
        // Files and keys take their time. This thread drives a robot.
        let renewed = spawn_blocking(move || work.renew(&wanted, UnixTime::now())).await;
        let trouble = match renewed {
            Ok(Ok(_)) => {
                gate.vouch(Some(keeper.fingerprint()));
                None
            }
            Ok(Err(error)) => Some(error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(trouble) = trouble.as_ref().filter(|_| trouble != complaint) {
            tracing::error!("the certificate in use stays the old one: {trouble}");
        }
        complaint = trouble;
    }
}
