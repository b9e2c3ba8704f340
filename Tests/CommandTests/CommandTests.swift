import Testing

/// Everything that runs the program: one process at a time, since each wants a processor.
@Suite(.serialized) enum CommandTests {}
