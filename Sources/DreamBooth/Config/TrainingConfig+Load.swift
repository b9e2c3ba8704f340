public import Foundation
import Yams

extension TrainingConfig {
  /// The configuration of a run: the defaults, over them `default.yaml` when it is there, over it
  /// `file` or else `<subject>.yaml` when that is there, and the flags over all.
  ///
  /// - Parameters:
  ///   - flags: What the command line says.
  ///   - file: The file the user named, instead of the subject's own.
  ///   - folder: Where the config files are.
  /// - Throws: `ConfigError` for a file that is missing or broken, and for an option that is
  ///   unknown, of the wrong type or outside what is allowed.
  public static func load(
    flags: ConfigFlags,
    file: URL? = nil,
    folder: URL = URL(fileURLWithPath: "Configs", isDirectory: true)
  ) throws -> TrainingConfig {
    var layers = try OptionLayers(TrainingConfig())
    layers.releaseFollowers()
    let common = folder.appendingPathComponent("default.yaml")
    if FileManager.default.fileExists(atPath: common.path) { try layers.add(fileAt: common) }
    if let file {
      try layers.add(fileAt: file)
    } else if let subject = flags.subject, isFolderName(subject) {
      let own = folder.appendingPathComponent("\(subject).yaml")
      if FileManager.default.fileExists(atPath: own.path) { try layers.add(fileAt: own) }
    }
    layers.add(flags)
    return try layers.resolve()
  }

  /// This configuration with flags over it. Throws `ConfigError` for what they set wrongly.
  public func overridden(by flags: ConfigFlags) throws -> TrainingConfig {
    var layers = try OptionLayers(self)
    layers.add(flags)
    return try layers.resolve()
  }
}

/// Options from several places, the later ones over the earlier.
private struct OptionLayers {
  private var values: [String: Node]
  private var origins: [String: ConfigOrigin] = [:]

  /// Options that follow another one until somebody sets them.
  private static let followers: [(TrainingConfig.Key, leader: TrainingConfig.Key)] = [
    (.alpha, leader: .rank), (.sampleEvery, leader: .checkpointEvery),
    (.validateEvery, leader: .checkpointEvery), (.priorBatchSize, leader: .batchSize),
  ]

  init(_ config: TrainingConfig) throws { values = try config.optionNodes() }

  mutating func releaseFollowers() {
    for (follower, _) in Self.followers { values[follower.rawValue] = nil }
  }

  mutating func add(fileAt url: URL) throws(ConfigError) {
    let file = try ConfigFile(contentsOf: url, keys: TrainingConfig.Key.allCases.map(\.rawValue))
    for (key, value) in file.values {
      values[key] = value
      origins[key] = .file(file.name, line: file.lines[key])
    }
  }

  mutating func add(_ flags: ConfigFlags) {
    for (key, flag) in flags.values {
      values[key] = flag.node
      origins[key] = .commandLine
    }
  }

  func resolve() throws(ConfigError) -> TrainingConfig {
    var values = values
    for (follower, leader) in Self.followers
    where values[follower.rawValue].map({ $0.null != nil }) ?? true {
      values[follower.rawValue] = values[leader.rawValue]
    }
    let config = try decodeOptions(TrainingConfig.self, from: values) { origins[$0] ?? .builtIn }
    try config.validate { origins[$0.rawValue] ?? .builtIn }
    return config
  }
}
