import ArgumentParser
import NN
import Options
import Torch
import Training

/// Options of one process of a run. They are not part of the run's configuration.
struct RunOptions: ParsableArguments {
  @Option(
    help: .value(
      "Save and stop after this many minutes, with exit code 130. The same command resumes the run.",
      "n"))
  var maxMinutes: Double?
  @Option(
    help: .value(
      "Resume although this has changed: an option's name, or "
        + TrainingDifference.contents.joined(separator: ", ")
        + ". Can be repeated. The run is then no longer exact.", "key"))
  var allowChange: [String] = []

  /// The allowed changes. Throws `UsageError` for a change that cannot be allowed.
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
            ? "which cannot change within a run, since its checkpoints depend on it."
            : "but must be a training option or one of "
              + TrainingDifference.contents.joined(separator: ", ")
              + (nearestName(to: key, in: TrainingDifference.keys.sorted())
                .map { "; did you mean \($0)?" } ?? "."))
      )
    }
    if let maxMinutes, !(maxMinutes > 0 && maxMinutes < 1e7) {
      throw UsageError("--max-minutes is \(maxMinutes), but must be a number above 0.")
    }
    return Set(keys)
  }
}
