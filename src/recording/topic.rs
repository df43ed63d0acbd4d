//! PURE. The channels of a recording, with their JSON schemas. Those of Foxglove's own have its names and shapes.

use serde_json::{Value, json};

/// A channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// What it begins with.
    State,
    /// What was asked for.
    Command,
    /// Bytes on the line.
    Frames,
    /// The line.
    Cable,
    /// What the motors need.
    Motors,
    /// Who came and went.
    People,
    /// The motion that was told, as shares of full speed.
    Twist,
    /// What wheels and motors were told, and what the robot reports.
    Wheels,
    /// The snapshot that people get.
    Telemetry,
    /// Who drives.
    Seat,
    /// Stops, from their beginning to their end.
    Faults,
    /// Where the robot is by odometry.
    Pose,
    /// The same as a transform, for the view in 3D.
    Transform,
    /// What happened, as sentences.
    Log,
    /// The end.
    End,
}

impl Topic {
    /// Every channel, in the order of their numbers in a file.
    pub const ALL: [Self; 15] = [
        Self::State,
        Self::Command,
        Self::Frames,
        Self::Cable,
        Self::Motors,
        Self::People,
        Self::Twist,
        Self::Wheels,
        Self::Telemetry,
        Self::Seat,
        Self::Faults,
        Self::Pose,
        Self::Transform,
        Self::Log,
        Self::End,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::State => "/joywire/state",
            Self::Command => "/joywire/command",
            Self::Frames => "/joywire/frames",
            Self::Cable => "/joywire/cable",
            Self::Motors => "/joywire/motors",
            Self::People => "/joywire/people",
            Self::Twist => "/joywire/twist",
            Self::Wheels => "/joywire/wheels",
            Self::Telemetry => "/joywire/telemetry",
            Self::Seat => "/joywire/seat",
            Self::Faults => "/joywire/faults",
            Self::Pose => "/pose",
            Self::Transform => "/tf",
            Self::Log => "/log",
            Self::End => "/joywire/end",
        }
    }

    /// The name of its schema.
    #[must_use]
    pub fn schema_name(self) -> String {
        match self {
            Self::Pose => "foxglove.PoseInFrame".to_owned(),
            Self::Transform => "foxglove.FrameTransform".to_owned(),
            Self::Log => "foxglove.Log".to_owned(),
            Self::State
            | Self::Command
            | Self::Frames
            | Self::Cable
            | Self::Motors
            | Self::People
            | Self::Twist
            | Self::Wheels
            | Self::Telemetry
            | Self::Seat
            | Self::Faults
            | Self::End => self.name().trim_start_matches('/').replace('/', "."),
        }
    }

    /// Its JSON schema.
    #[must_use]
    pub fn schema(self) -> Value {
        let (properties, optional): (Value, &[&str]) = match self {
            Self::State => (state(), &[]),
            Self::Command => (command(), &["reason"]),
            Self::Frames => (
                json!({ "at_ns": moment(), "direction": words(&["from_robot", "to_robot", "farewell"]), "hex": { "type": "string", "pattern": "^([0-9a-f]{2})*$" } }),
                &[],
            ),
            Self::Cable => (json!({ "at_ns": moment(), "line": words(&["up", "down", "says"]), "text": text() }), &[]),
            Self::Motors => (json!({ "at_ns": moment(), "motors": { "type": "array" } }), &[]),
            Self::People => (json!({ "at_ns": moment(), "driver": whole(), "name": maybe("string") }), &[]),
            Self::Twist => (json!({ "linear": number(), "lateral": number(), "angular": number() }), &[]),
            Self::Wheels => (json!({ "wheels": wholes(), "outputs": wholes(), "reported": wholes() }), &[]),
            Self::Telemetry => (telemetry(), &[]),
            Self::Seat => (
                json!({ "holder": maybe("object"), "epoch": whole(), "queue": { "type": "array", "items": { "type": "object" } } }),
                &[],
            ),
            Self::Faults => (faults(), &[]),
            Self::Pose => (
                json!({ "timestamp": time(), "frame_id": text(), "pose": object(&json!({ "position": vector(), "orientation": quaternion() }), &[]) }),
                &[],
            ),
            Self::Transform => (
                json!({ "timestamp": time(), "parent_frame_id": text(), "child_frame_id": text(), "translation": vector(), "rotation": quaternion() }),
                &[],
            ),
            Self::Log => (
                json!({ "timestamp": time(), "level": { "type": "integer", "minimum": 0, "maximum": 5 }, "message": text(), "name": text(), "file": text(), "line": whole() }),
                &[],
            ),
            Self::End => (json!({ "at_ns": moment(), "why": whys(), "lost": whole() }), &[]),
        };
        let mut schema = object(&properties, optional);
        schema["title"] = json!(self.schema_name());
        schema
    }
}

/// An object all of whose properties must be there, but the optional ones.
fn object(properties: &Value, optional: &[&str]) -> Value {
    let required: Vec<String> = properties
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, _)| key.clone())
        .filter(|key| !optional.contains(&&**key))
        .collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

fn moment() -> Value {
    json!({ "type": "integer", "minimum": 0, "description": "ns since the program started" })
}

fn whole() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn wholes() -> Value {
    json!({ "type": "array", "items": { "type": "integer" }, "description": "permille of full, one a motor" })
}

fn number() -> Value {
    json!({ "type": "number" })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn maybe(kind: &str) -> Value {
    json!({ "type": [kind, "null"] })
}

fn words(words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words })
}

fn whys() -> Value {
    words(&["wanted", "full", "gap", "program_ended"])
}

fn time() -> Value {
    json!({ "type": "object", "title": "time", "properties": { "sec": { "type": "integer", "minimum": 0 }, "nsec": { "type": "integer", "minimum": 0, "maximum": 999_999_999 } }, "required": ["sec", "nsec"] })
}

fn vector() -> Value {
    object(&json!({ "x": number(), "y": number(), "z": number() }), &[])
}

fn quaternion() -> Value {
    object(&json!({ "x": number(), "y": number(), "z": number(), "w": number() }), &[])
}

fn state() -> Value {
    json!({
        "at_ns": moment(),
        "wall_ns": { "type": "integer", "minimum": 0, "description": "the same, ns since 1970" },
        "version": text(),
        "robot": text(),
        "why": whys(),
        "lost": whole(),
        "step_ms": whole(),
        "names": { "type": "object", "additionalProperties": { "type": "string" } },
        "controller": { "type": "object", "description": "the whole state, for joywire replay" },
    })
}

fn command() -> Value {
    json!({
        "at_ns": moment(),
        "driver": whole(),
        "name": text(),
        "source": words(&["network", "gamepad"]),
        "command": { "type": ["object", "string"] },
        "reason": text(),
        "answer": text(),
    })
}

fn telemetry() -> Value {
    json!({
        "tick": maybe("integer"),
        "session": maybe("integer"),
        "age_ms": maybe("integer"),
        "wheels": wholes(),
        "speed": maybe("object"),
        "state": words(&["no_robot", "starting", "ready", "driving", "stopped", "latched"]),
        "reason": maybe("object"),
        "last_stop": maybe("object"),
        "battery_mv": maybe("integer"),
        "pose": maybe("object"),
        "epoch": whole(),
        "recording": { "type": "boolean" },
        "link": { "type": "object" },
    })
}

fn faults() -> Value {
    json!({
        "number": { "type": "integer", "minimum": 1, "maximum": 8 },
        "code": text(),
        "hop": words(&["person", "network", "agent", "cable", "robot"]),
        "text": text(),
        "numbers": { "type": "object" },
        "driver": maybe("string"),
        "began_ns": moment(),
        "ended_ns": { "type": ["integer", "null"], "description": "null while it lasts" },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: no two channels are taken for each other, and Foxglove knows its own by the names that it gives.
    #[test]
    fn channels_have_names_of_their_own() {
        let mut names: Vec<&str> = Topic::ALL.iter().map(|topic| topic.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Topic::ALL.len());
        let foxglove: Vec<String> =
            Topic::ALL.into_iter().map(Topic::schema_name).filter(|name| name.starts_with("foxglove.")).collect();
        assert_eq!(foxglove, ["foxglove.PoseInFrame", "foxglove.FrameTransform", "foxglove.Log"]);
    }
}
