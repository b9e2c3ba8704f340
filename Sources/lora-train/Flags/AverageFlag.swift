import ArgumentParser
import Training
import Workspace

/// `--ema`, for commands that use the adapter of a checkpoint.
struct AverageFlag: ParsableArguments {
  @Flag(help: "Use the average that a training with --ema has made in place of the last weights.")
  var ema = false

  /// A checkpoint with the adapter that the flag chooses.
  func applied(to reference: CheckpointReference) -> CheckpointReference {
    var reference = reference
    if ema { reference.weights = .ema }
    return reference
  }
}
