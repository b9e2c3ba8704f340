import Datasets
import Options

extension TrainingConfig {
  /// Sets the number of steps if the length is given in epochs. Returns a note on it. Throws
  /// `ConfigError` if there are too many steps, or fewer than those of the warm-up.
  mutating func resolveLength(_ stepsPerEpoch: Int) throws(ConfigError) -> [DatasetProblem] {
    guard let epochs else { return [] }
    steps = epochs * stepsPerEpoch
    func check(_ isAllowed: Bool, _ key: String, _ found: Int, _ allowed: String)
      throws(ConfigError)
    {
      guard !isAllowed else { return }
      throw .invalidValue(key: key, origin: .builtIn, found: "\(found)", allowed: allowed)
    }
    let most = 10_000_000
    try check(
      steps <= most, Self.schema.key(of: \.$epochs), epochs,
      "at most \(most / stepsPerEpoch), for \(most) steps")
    try check(
      optimization.learningRateWarmupSteps <= steps,
      Self.schema.key(of: \.optimization.$learningRateWarmupSteps),
      optimization.learningRateWarmupSteps,
      wholeNumber(in: 0...steps) + ", the steps of \(epochs) epochs")
    return [
      DatasetProblem(
        [],
        "\(epochs) \(epochs == 1 ? "epoch is" : "epochs are") \(steps) "
          + "\(steps == 1 ? "step" : "steps"), \(stepsPerEpoch) for each epoch")
    ]
  }
}
