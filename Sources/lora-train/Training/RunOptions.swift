import ArgumentParser
import NN
import Options
import Torch
import Training

/// What can be said of one process of a run, and is no part of the run's configuration.
struct RunOptions: ParsableArguments {
  @Option(
    help: .value(
      "Save and stop after so many minutes, with exit code 130; the same command goes on.", "n"))
  var maxMinutes: Double?
  @Option(
    help: .value(
      "Go on although this has changed: an option's name, or "
        + TrainingDifference.contents.joined(separator: ", ")
        + "; give it again for several. The run counts as not exact from then on.", "key"))
  var allowChange: [String] = []

  /// The changes that are let pass. Throws `UsageError` for one that cannot be.
  func allowedChanges() throws -> Set<String> {
    let keys = allowChange.map { name in
      let key = name.replacing("-", with: "_")
      return TrainingConfig.schema.option(key)?.key ?? key
    }
    for key in keys where !TrainingDifference.keys.contains(key) {
      let isOption = TrainingConfig.schema.option(key) != nil
      throw UsageError(
        "--allow-change is \(key), "
          + (isOption
            ? "which can never change within a run, since the checkpoint's matrices have its shape."
            : "but must be an option of training or one of "
              + TrainingDifference.contents.joined(separator: ", ") + "."))
    }
    if let maxMinutes, !(maxMinutes > 0 && maxMinutes < 1e7) {
      throw UsageError("--max-minutes is \(maxMinutes), but must be a number above 0.")
    }
    return Set(keys)
  }
}
