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
    var layers = OptionLayers<TrainingConfig>()
    let common = folder.appendingPathComponent("default.yaml")
    if FileManager.default.fileExists(atPath: common.path) { try layers.add(fileAt: common) }
    if let file {
      try layers.add(fileAt: file)
    } else if let subject = overrides.text(of: \.$subject), SubjectName.isFolderName(subject) {
      let own = folder.appendingPathComponent("\(subject).yaml")
      if FileManager.default.fileExists(atPath: own.path) { try layers.add(fileAt: own) }
    }
    layers.add(overrides)
    return try layers.resolve(unchecked: needsSubject ? [] : [schema.key(of: \.$subject)])
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
    yaml(
      introduction: """
        Every option with its value. Configs/<subject>.yaml overrides Configs/default.yaml, and
        flags override both.
        """)
  }
}
