package import Foundation
import NN
package import Options
import Yams

extension TrainingConfig {
  /// Loads the configuration of a run from four layers, each overriding the one before: the
  /// built-in defaults, `default.yaml` if it exists, `file` or else `<subject>.yaml` if that
  /// exists, and `overrides`.
  ///
  /// - Parameters:
  ///   - overrides: The options set on the command line.
  ///   - file: A configuration file to read instead of `<subject>.yaml`.
  ///   - folder: The folder with `default.yaml` and `<subject>.yaml`.
  ///   - needsSubject: Whether a configuration without a subject is an error.
  /// - Throws: `ConfigError` for a file that is missing or malformed, and for an option that is
  ///   unknown, has the wrong type or is out of range.
  package static func load(
    _ overrides: OptionOverrides<TrainingConfig>,
    file: URL? = nil,
    folder: URL = URL(fileURLWithPath: "Configs", isDirectory: true),
    needsSubject: Bool = true
  ) throws(ConfigError) -> TrainingConfig {
    try LoadedConfig(overrides, file: file, folder: folder, needsSubject: needsSubject).config
  }

  /// This configuration with some options replaced. Throws `ConfigError` for an invalid value.
  package func overridden(
    by overrides: OptionOverrides<TrainingConfig>
  ) throws(ConfigError) -> TrainingConfig {
    var layers = OptionLayers(over: self)
    layers.add(overrides)
    return try layers.resolve()
  }

  /// A configuration file of all options, each with its help text.
  package var yaml: String {
    let all = yaml(
      introduction: """
        Every option with its value. Configs/<subject>.yaml overrides Configs/default.yaml, and
        flags override both.
        """)
    // The number of steps follows from the epochs, and a file sets one of both.
    return epochs == nil ? all : all.replacing("\nsteps: ", with: "\n# steps: ", maxReplacements: 1)
  }
}

extension OptionLayers<TrainingConfig> {
  /// Makes steps and epochs replace each other, so that the layer above overrides the one below. Throws
  /// `ConfigError` for a layer that sets both.
  fileprivate mutating func settleLength() throws(ConfigError) {
    let schema = TrainingConfig.schema
    let (steps, epochs) = (schema.key(of: \.$steps), schema.key(of: \.$epochs))
    switch (sets(steps), sets(epochs)) {
    case (true, true):
      throw refusal(epochs, allowed: "left out, since `steps` is set too; choose one of both")
    case (true, false): setNull(epochs)
    default: break
    }
  }
}

/// A configuration, and where its values come from.
package struct LoadedConfig {
  package let config: TrainingConfig
  /// The keys that the command line, the subject's file or the given file sets. `default.yaml` does
  /// not count, since it may contain every option.
  package let keys: Set<String>
  /// The files that were read, and those that look like configurations and were not.
  package let files: ConfigFiles
  /// The seed that was drawn at random, because a negative one was set; nil for a given seed.
  package let drawnSeed: UInt64?

  /// Whether the user has set the length of the run, in steps or epochs.
  package var setsLength: Bool {
    let schema = TrainingConfig.schema
    return !keys.isDisjoint(with: [schema.key(of: \.$steps), schema.key(of: \.$epochs)])
  }

  /// Loads the layers of ``TrainingConfig/load(_:file:folder:needsSubject:)``. Throws `ConfigError`.
  ///
  /// - Parameter others: Folders where the user may have put files that are not read.
  package init(
    _ overrides: OptionOverrides<TrainingConfig>,
    file: URL? = nil,
    folder: URL = URL(fileURLWithPath: "Configs", isDirectory: true),
    needsSubject: Bool = true,
    not others: [URL] = []
  ) throws(ConfigError) {
    files = ConfigFiles(
      of: overrides.text(of: \.$subject), given: file, in: folder, not: others)
    var layers = OptionLayers<TrainingConfig>()
    if let common = files.common { try layers.add(fileAt: common) }
    try layers.settleLength()
    var own = OptionLayers<TrainingConfig>()
    if let file = files.own { try own.add(fileAt: file) }
    try own.settleLength()
    var flags = OptionLayers<TrainingConfig>()
    flags.add(overrides)
    try flags.settleLength()
    own.add(flags)
    layers.add(own)
    drawnSeed = layers.drawSeed(\.$seed)
    keys = own.keys
    config = try layers.resolve(
      unchecked: needsSubject ? [] : [TrainingConfig.schema.key(of: \.$subject)])
  }
}
