//! ASYNC. The way to a Node.js server of the original course system: presses and chat come in, `reply` and `notices` go out.
//!
//! Such a server tells everything that anyone says to everyone, and knows nothing of drivers, seats or ticks. So all who press
//! there are one driver here, at the speed of presses, each of which ends by itself.

use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::{End, Robot};
use crate::mailbox::{Command, Remark, Sender};
use crate::protocol::events::{self, Direction, Person, Role, name};
use crate::socketio::{Client, Incoming};

/// All who are at the server, as one.
const EVERYBODY: u64 = 1;

/// Works until the connection ends; then whoever drove has left.
pub(super) async fn serve(client: &mut Client, robot: &Robot, shutdown: &CancellationToken) -> End {
    let person = Person { id: EVERYBODY, name: "classic server".to_owned() };
    let sender = Sender { person, role: Role::Driver, device: None };
    let mut remarks = robot.end.remarks();
    notice(client, &format!("Joywire brings the robot {}", robot.card.name));
    let end = loop {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => break End::Shutdown,
            incoming = client.next() => match incoming {
                Ok(Incoming::Event { name, args, .. }) => hear(robot, &sender, &name, &args),
                Ok(Incoming::Ack { .. }) => {}
                Err(lost) => break End::Lost(lost),
            },
            remark = next(&mut remarks) => tell(client, remark),
        }
    };
    if !robot.end.send(sender, Command::Gone) {
        tracing::error!("the agent could not be told that the classic server is gone");
    }
    end
}

/// The next remark; those that were lost are lost.
async fn next(remarks: &mut Receiver<Remark>) -> Remark {
    loop {
        match remarks.recv().await {
            Ok(remark) => return remark,
            Err(RecvError::Lagged(missed)) => tracing::warn!(missed, "remarks were lost on their way to the server"),
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

fn hear(robot: &Robot, sender: &Sender, event: &str, args: &[Value]) {
    let command = match event {
        name::DIRECTION => match events::parse::<Direction>(name::DIRECTION, args) {
            Ok(direction) => Command::Direction(direction),
            Err(error) => return tracing::debug!(%error, "a press was not understood"),
        },
        name::CHAT => Command::Chat(events::argument(args).cloned().unwrap_or_default()),
        _ => return,
    };
    if !robot.end.send(sender.clone(), command) {
        tracing::warn!("too many presses wait: one was dropped");
    }
}

fn tell(client: &mut Client, remark: Remark) {
    match remark {
        Remark::Reply(data) => {
            if !client.emit(name::REPLY, &[json!({ "data": data })]) {
                tracing::warn!("the server takes no replies: one was dropped");
            }
        }
        Remark::Notice(text) => notice(client, &text),
        Remark::Refused(EVERYBODY, refused) => notice(client, &refused.why),
        // The original knows no seat.
        Remark::Refused(..) | Remark::Seat(_) => {}
    }
}

fn notice(client: &mut Client, text: &str) {
    if !client.emit(name::NOTICES, &[json!({ "data": text })]) {
        tracing::warn!("the server takes no notices: one was dropped");
    }
}
