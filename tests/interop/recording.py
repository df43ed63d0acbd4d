"""Reads a recording with the official package, in each of its ways, and prints what it found as one line of JSON."""

import collections
import json
import sys

from jsonschema import Draft202012Validator
from mcap.reader import NonSeekingReader, make_reader
from mcap.records import Channel, Message, Metadata, Schema
from mcap.stream_reader import StreamReader


def stream(path):
    """Every message up to wherever the file ends, held against the schema of its channel."""
    schemas, channels, counts, found = {}, {}, collections.Counter(), {"rises": True, "bad": [], "ends": "whole"}
    newest = 0
    with open(path, "rb") as file:
        try:
            for record in StreamReader(file, validate_crcs=True).records:
                if isinstance(record, Schema):
                    document = json.loads(record.data)
                    Draft202012Validator.check_schema(document)
                    schemas[record.id] = (record, Draft202012Validator(document))
                elif isinstance(record, Channel):
                    channels[record.id] = record
                elif isinstance(record, Metadata):
                    found["metadata"] = {record.name: record.metadata}
                elif isinstance(record, Message):
                    channel = channels[record.channel_id]
                    counts[channel.topic] += 1
                    found["rises"] &= record.log_time >= newest
                    newest = record.log_time
                    _, validator = schemas[channel.schema_id]
                    for error in validator.iter_errors(json.loads(record.data)):
                        found["bad"].append(f"{channel.topic}: {error.message}")
        except Exception as error:  # whatever the package says of a file that breaks off
            found["ends"] = type(error).__name__
    found["topics"] = counts
    found["schemas"] = {c.topic: schemas[c.schema_id][0].name for c in channels.values()}
    found["encodings"] = sorted({(c.message_encoding, schemas[c.schema_id][0].encoding) for c in channels.values()})
    return found


def summary(path):
    """What the reader with an index says; none where the file breaks off."""
    with open(path, "rb") as file:
        try:
            reader = make_reader(file)
            told = reader.get_summary()
            poses = sum(1 for _ in reader.iter_messages(topics=["/pose"]))
            return {"messages": told.statistics.message_count, "poses": poses}
        except Exception as error:
            return {"error": type(error).__name__}


def in_order(path):
    """Messages that the reader without an index yields before the file ends."""
    count = 0
    with open(path, "rb") as file:
        try:
            for _ in NonSeekingReader(file).iter_messages(log_time_order=False):
                count += 1
        except Exception:
            pass
    return count


path = sys.argv[1]
print(json.dumps({"stream": stream(path), "summary": summary(path), "in_order": in_order(path)}))
