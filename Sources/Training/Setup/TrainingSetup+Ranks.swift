import Drawing
import Options
public import Ranks

extension TrainingSetup {
  /// This setup for training with other ranks. Throws `ConfigError` if there are fewer samples in a batch than
  /// ranks, `LaunchError.noNCCL`, `RankError`.
  public func joining(_ ranks: RankGroup) throws -> TrainingSetup {
    guard config.batchSize >= ranks.size else {
      throw ConfigError.invalidValue(
        key: TrainingConfig.schema.key(of: \.$batchSize), origin: .builtIn,
        found: "\(config.batchSize)",
        allowed:
          "at least \(ranks.size), since each of the \(ranks.size) ranks takes a part of each batch"
      )
    }
    try ranks.connect(device)
    var setup = self
    setup.ranks = ranks
    return setup
  }
}

extension TrainingConfig {
  /// The configuration for a rank: with the GPU of its number on its machine. Throws `LaunchError` if there is none
  /// for it.
  public func placed(on ranks: RankGroup) throws(LaunchError) -> TrainingConfig {
    var config = self
    config.device = try device.placed(on: ranks)
    return config
  }
}
