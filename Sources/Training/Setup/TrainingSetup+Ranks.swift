import Drawing
import Files
import Options
public import Ranks
import Torch

extension TrainingSetup {
  /// This setup for training with other ranks, which all call it. Throws `ConfigError` if there are fewer samples in a
  /// batch than ranks, `RankError.differs` if a rank has other settings, data or programs than rank 0, and
  /// `LaunchError.noNCCL`.
  public func joining(_ ranks: RankGroup) throws -> TrainingSetup {
    guard config.batchSize >= ranks.size else {
      throw ConfigError.invalidValue(
        key: TrainingConfig.schema.key(of: \.$batchSize), origin: .builtIn,
        found: "\(config.batchSize)",
        allowed:
          "at least \(ranks.size), since each of the \(ranks.size) ranks takes a part of each batch"
      )
    }
    let facts = try ranks.fromLeader {
      RankFacts(
        version: Version.current, libtorch: Backend.version, config: config, identity: identity)
    }
    let differences = try ranks.gather(differences(from: facts))
    if let rank = differences.firstIndex(where: { !$0.isEmpty }) {
      throw RankError.differs(ranks.names[rank], differences: differences[rank])
    }
    try ranks.connect(device)
    var setup = self
    setup.ranks = ranks
    return setup
  }

  /// What differs from rank 0, such as `rank: 8 instead of 16`.
  private func differences(from facts: RankFacts) -> [String] {
    var differences: [String] = []
    func compare(_ name: String, _ own: String, _ other: String) {
      if own != other { differences.append("\(name): \(own) instead of \(other)") }
    }
    compare("version", Version.current, facts.version)
    compare("libtorch", Backend.version, facts.libtorch)
    let others = facts.config.yamlValues
    for (key, value) in config.yamlValues.sorted(by: { $0.key < $1.key })
    where !machineKeys.contains(key) {
      compare(key, value, others[key, default: ""])
    }
    return differences
      + (identity.differences(from: facts.identity)
      + identity.validationDifferences(from: facts.identity)).map(\.description)
  }

  /// The options that may differ between machines.
  private var machineKeys: Set<String> {
    let schema = TrainingConfig.schema
    return Set(
      [
        schema.key(of: \.$device), schema.key(of: \.$threads), schema.key(of: \.$memory),
        schema.key(of: \.$tensorboard),
      ] + (setsRung ? [] : MemoryRung.keys))
  }
}

/// What all ranks must have in common.
private struct RankFacts: Codable {
  let version: String
  let libtorch: String
  let config: TrainingConfig
  let identity: RunIdentity
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
